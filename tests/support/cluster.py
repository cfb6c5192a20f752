"""Starts a Spark cluster on this machine: a master and workers, which a test may kill."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import banners.__main__
from support.engines import QUICK_START, require_spark
from support.running import Workplace
from support.servers import free_port

RETRY_WAIT = "200ms"
"""How long executors wait before they try again to get data from a lost worker: three times."""

_HERE = "127.0.0.1"


class Cluster:
    """A standalone master and its workers of one core; it is started by :func:`cluster`.

    Args:
        folder: an empty folder of its own.
        stack: ends what is started.
        workers: how many workers it has.
    """

    def __init__(self, folder: Path, stack: ExitStack, workers: int) -> None:
        import pyspark

        self._programs = Path(pyspark.__file__).parent / "bin"
        self._folder = folder
        self._stack = stack
        self.master = f"spark://{_HERE}:{free_port()}"
        port = self.master.rpartition(":")[2]
        self._start("master.Master", "--port", port, ready="New state: ALIVE")
        sizes = ("--cores", "1", "--memory", "600m")
        self.workers = [
            self._start("worker.Worker", *sizes, self.master, ready="registered with master")
            for _ in range(workers)
        ]

    def submit(self, workplace: Workplace, *words: str) -> "subprocess.Popen[str]":
        """Start the command through spark-submit; its output and its errors are read as one."""
        options = ["--master", self.master, "--driver-memory", "512m"]
        for name, text in {
            "spark.driver.host": _HERE,
            "spark.driver.bindAddress": _HERE,
            "spark.driver.extraJavaOptions": QUICK_START,
            "spark.executor.extraJavaOptions": QUICK_START,
            "spark.executor.memory": "512m",
            "spark.shuffle.io.retryWait": RETRY_WAIT,
            "spark.ui.enabled": "false",
        }.items():
            options += ["--conf", f"{name}={text}"]
        script = str(banners.__main__.__file__)
        return subprocess.Popen(
            [self._programs / "spark-submit", *options, script, *words, "--engine", "spark"],
            cwd=workplace.folder,
            env={**workplace.environment, "PYSPARK_PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @staticmethod
    def executors(worker: "subprocess.Popen[str]") -> list[str]:
        """List the processes that compute for a worker."""
        threads = Path(f"/proc/{worker.pid}/task").glob("*/children")
        return [child for thread in threads for child in thread.read_text().split()]

    @staticmethod
    def kill(worker: "subprocess.Popen[str]") -> None:
        """End a worker and what computes for it, as a power cut would."""
        os.killpg(worker.pid, signal.SIGKILL)

    def _start(self, part: str, *words: str, ready: str) -> "subprocess.Popen[str]":
        """Start a part of it, and wait until it says that it is ready."""
        environment = {
            **os.environ,
            "SPARK_LOCAL_IP": _HERE,
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": QUICK_START,
            "SPARK_LOCAL_DIRS": str(self._folder),
            "SPARK_WORKER_DIR": str(self._folder),
        }
        process = subprocess.Popen(
            [
                self._programs / "spark-class",
                f"org.apache.spark.deploy.{part}",
                *("--host", _HERE, "--webui-port", "0"),
                *words,
            ],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._stack.callback(_end, process)
        assert process.stdout is not None
        said: deque[str] = deque(maxlen=20)
        for line in process.stdout:
            said.append(line)
            if ready in line:
                rest = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
                rest.start()
                return process
        pytest.fail(f"Spark's {part} did not start: {''.join(said)}")


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


@contextmanager
def cluster(folder: Path, *, workers: int = 2) -> Iterator[Cluster]:
    """Start a cluster, and end it with the block."""
    require_spark()
    with ExitStack() as stack:
        yield Cluster(folder, stack, workers)
