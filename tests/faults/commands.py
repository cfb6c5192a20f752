"""Commands as processes that start fast, so that a test can start and kill many of them.

They are forked from a server that has already imported what the commands import; otherwise they run
as from a shell.
"""

import multiprocessing
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from uuid import uuid4

from banners.web.series import AREA_BYTES
from banners.web.shared_memory import NAME
from support.running import Workplace
from support.servers import until

_FORK = multiprocessing.get_context("forkserver")
_FORK.set_forkserver_preload(
    [
        *(
            "banners.asgi",
            "banners.cli",
            "banners.cli.outcome",
            "banners.crunch.engines.duckdb.crunch",
        ),
        *("banners.job.run", "banners.serve.follow", "banners.serve.memory", "banners.serve.redis"),
        *(
            "banners.store.write.publish",
            "banners.store.read.lineups",
            "banners.store.write.rollback",
        ),
        *("banners.web.app", "filelock", "duckdb", "pyarrow.compute", "pymysql", "redis"),
        *("uvicorn", "uvicorn.protocols.http.httptools_impl", "uvloop", __name__),
    ]
)


class Started:
    """A process that was started, and its output so far.

    Args:
        process: the process.
        log: the file that its output and error streams are written to.
    """

    def __init__(self, process: ForkServerProcess, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @property
    def address(self) -> str:
        """The address of the web application, once it is printed."""

        def tells() -> bool:
            assert self._process.is_alive() or "Banners is at" in self.said, self.said
            return "Banners is at" in self.said

        until(tells)
        found = re.search("Banners is at (.*?)/ ", self.said)
        assert found is not None
        return found[1]

    @property
    def workers(self) -> set[int]:
        """The process ids of the workers of ``banners serve``."""
        assert self._process.pid is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return set(map(int, children.read_text().split()))

    @property
    def serving(self) -> int:
        """The number of workers that have begun to serve, from the memory that they share."""
        for opened in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                if opened.readlink().name.startswith(f"memfd:{NAME} "):
                    numbers = memoryview(opened.read_bytes())
                    beats = numbers[: len(numbers) % AREA_BYTES].cast("q")
                    return sum(each > 0 for each in beats[len(beats) // 2 :])
        return 0

    def signal(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> int:
        """End it as ``kill -9`` does, if it has not ended yet, and return its status."""
        self._process.kill()
        return self.wait()

    def wait(self, seconds: float | None = 60) -> int:
        """Wait for its end, and return its exit status; negative for a signal."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"It is still running. Its output: {self.said}"
        return self._process.exitcode

    def ends_within(self, seconds: float) -> bool:
        self._process.join(seconds)
        return self._process.exitcode is not None


def start(workplace: Workplace, *words: str) -> Started:
    """Start ``banners`` with the given words."""
    return start_function(workplace, _command, words)


def start_function(workplace: Workplace, function: Callable[..., Any], *given: Any) -> Started:
    """Start a function of a test module as a command is started, with the workplace's settings."""
    log = workplace.folder / f"{uuid4().hex}.log"
    whole = (str(workplace.folder), workplace.environment, str(log), function, given)
    process = _FORK.Process(target=_run, args=whole)
    process.start()
    return Started(process, log)


@contextmanager
def serving(workplace: Workplace, *words: str) -> Iterator[Started]:
    """Run ``banners serve`` on a free port, until the block ends."""
    started = start(workplace, "serve", "--port", "0", *words)
    try:
        yield started
    finally:
        started.kill()


def _run(
    folder: str, environment: dict[str, str], log: str, function: Callable[..., Any], given: Any
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    function(*given)


def _command(words: tuple[str, ...]) -> None:
    from banners.cli import main

    main(list(words), prog_name="banners")
