"""Starts and ends Spark: its Java process, memory, temporary files and log output."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.crunch.engines.spark.errors import translated
from banners.crunch.scratch import scratch_folder
from banners.errors import BannersError, CrunchError, SettingsError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ON_THIS_MACHINE = "local[*]"
"""The Spark master that uses all cores of this machine."""

_BYTES = {"MB": 10**6, "GB": 10**9}
_MEBIBYTE = 1 << 20
# In mebibytes; Spark itself refuses to start with less than 450.
_LEAST_HEAP = 475
# Seconds to wait for Java to end before it is killed.
_JAVA_SECONDS = 30
_STOPPING = (signal.SIGINT, signal.SIGTERM)
# Loggers that write to the terminal themselves, whatever handlers the root logger has.
_TERMINAL_LOGGERS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")


@contextmanager
def spark_session(
    *,
    master: str,
    memory: str,
    options: Mapping[str, str] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Iterator["SparkSession"]:
    """Start Spark, and end it with the block.

    ``spark-submit`` has already started Spark, with the memory and the logs given there; then only
    the session is opened.

    Args:
        master: where to compute, such as ``local[2]`` or ``spark://host:7077``; empty for the
            master of ``spark-submit``, or else all cores of this machine.
        memory: memory limit of the driver and of each executor, such as ``2GB``.
        options: further properties of Spark; they override all others.
        environment: the environment variables.

    Raises:
        SettingsError: PySpark is missing, or the memory is too small for Spark.
        CrunchError: Java is missing, or Spark does not start.
    """
    submitted = "PYSPARK_GATEWAY_PORT" in environment
    _require_pyspark()
    if not submitted:
        _require_java(environment)
    with scratch_folder() as folder, _silence():
        properties = {"spark.app.name": "banners"}
        if submitted:
            properties |= {"spark.master": master} if master else {}
        else:
            properties |= _properties(master or ON_THIS_MACHINE, memory, str(folder))
        with _session(properties | dict(options or {}), folder / "log") as session:
            if not session.sparkContext.getConf().contains("spark.log.level"):
                session.sparkContext.setLogLevel("ERROR")
            if _is_local(str(session.sparkContext.master)) and "PYSPARK_PYTHON" not in environment:
                # The Python on the PATH need not be the one that has Banners.
                session.sparkContext.pythonExec = sys.executable
            yield session


@contextmanager
def _silence() -> Iterator[None]:
    """Keep PySpark's warnings, log records and tracebacks off the terminal.

    The caller gets an error for everything that matters.
    """
    nowhere = logging.NullHandler()
    logging.getLogger().addHandler(nowhere)
    loggers = [logging.getLogger(name) for name in _TERMINAL_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.getLogger().removeHandler(nowhere)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _properties(master: str, memory: str, folder: str) -> dict[str, str]:
    properties = {
        "spark.master": master,
        "spark.driver.memory": f"{_heap(memory)}m",
        "spark.executor.memory": f"{_heap(memory)}m",
        "spark.local.dir": folder,
        "spark.log.level": "ERROR",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if _is_local(master):
        # Other machines cannot reach it, and the name of this machine need not resolve.
        properties["spark.driver.host"] = properties["spark.driver.bindAddress"] = "127.0.0.1"
    return properties


def _is_local(master: str) -> bool:
    return master.startswith("local")


def _heap(memory: str) -> int:
    """Return the size of the Java heap in mebibytes."""
    heap = int(memory[:-2]) * _BYTES[memory[-2:]] // _MEBIBYTE
    if heap < _LEAST_HEAP:
        raise SettingsError(
            f"BANNERS_MEMORY is {memory}, but Spark needs at least 500MB. Raise it."
        )
    return heap


@contextmanager
def _session(properties: Mapping[str, str], log: Path) -> Iterator["SparkSession"]:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    conf = SparkConf().setAll(list(properties.items()))
    with ExitStack() as stack:
        out = stack.enter_context(log.open("wb"))
        with _starting(log):
            with _interrupts_held():
                # Java writes before any log level is set, so its output goes to a file.
                streams = {"stdout": out, "stderr": subprocess.STDOUT}
                gateway: Any = launch_gateway(conf, streams)  # type: ignore[no-untyped-call]
                stack.callback(_end, gateway)
            with _interrupts_kept():
                SparkContext(conf=conf, gateway=gateway)
            session = SparkSession.builder.getOrCreate()
        stack.callback(_stop, session)
        yield session


def _stop(session: "SparkSession") -> None:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    try:
        with suppress(BannersError), translated():
            session.stop()
    finally:
        # If Java has ended, PySpark would refuse to start another session.
        SparkContext._active_spark_context = None  # noqa: SLF001
        SparkSession._instantiatedSession = None  # noqa: SLF001


def _end(gateway: Any) -> None:
    from pyspark import SparkContext

    # PySpark would use this connection for the next session, which needs a new one.
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001
    if gateway.proc is None:
        # The Java process of spark-submit ends after this one, and serves further sessions.
        gateway.close()
        return
    gateway.shutdown()
    gateway.proc.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        gateway.proc.wait(_JAVA_SECONDS)
    gateway.proc.kill()
    gateway.proc.wait()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Delay a signal to stop until the Java process has started and can be ended."""
    held: list[int] = []
    with _interrupts_kept():
        for each in _stopping_here():
            signal.signal(each, lambda number, _: held.append(number))
        yield
    for number in held[:1]:
        signal.raise_signal(number)


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Restore the signal handlers: PySpark's would call Java in the middle of another call."""
    handlers = {number: signal.getsignal(number) for number in _stopping_here()}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _stopping_here() -> Sequence[signal.Signals]:
    """Return the signals to stop that this thread can handle; only the main thread can."""
    return _STOPPING if threading.current_thread() is threading.main_thread() else ()


@contextmanager
def _starting(log: Path) -> Iterator[None]:
    try:
        with translated():
            yield
    except CrunchError as error:
        # The last line of Java's output is the error, apart from its stack trace.
        lines = filter(str.strip, log.read_text("utf-8", "replace").splitlines())
        said = [line for line in lines if not line.startswith("\t") and "spark-class:" not in line]
        raise CrunchError(
            f"Spark does not start: {(said or [str(error)])[-1]} (Spark 4 needs Java 17 or later. "
            "Check that, and the setting BANNERS_SPARK_MASTER.)"
        ) from error


def _require_pyspark() -> None:
    if not find_spec("pyspark"):
        raise SettingsError(
            "The engine spark needs PySpark, which is not installed. "
            "Install it with: pip install 'pyspark>=4,<5'"
        )


def _require_java(environment: Mapping[str, str]) -> None:
    home = environment.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin") if home else environment.get("PATH"))
    if not found:
        where = f"in JAVA_HOME ({home})" if home else "on the PATH"
        raise CrunchError(
            f"The engine spark needs Java, but there is none {where}. Install a Java 17 runtime, "
            "such as Debian's openjdk-17-jre-headless."
        )
