"""How Spark is started and ended, and how its errors are translated."""

import gc
import importlib
import inspect
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest

from banners.crunch.engines.spark import session as spark_session_module
from banners.crunch.engines.spark.errors import explained, translated
from banners.crunch.engines.spark.hadoop import HadoopPath
from banners.crunch.engines.spark.parquet_types import check_types
from banners.crunch.engines.spark.progress import progress_reported
from banners.crunch.engines.spark.session import spark_session
from banners.errors import BannersError, CrunchError, SettingsError, SourceError
from support.engines import require_spark
from support.running import required


def start(memory: str = "1GB", master: str = "local[1]", **environment: str) -> None:
    with spark_session(master=master, memory=memory, environment=environment):
        pass


def test_without_pyspark_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(SettingsError, match=r"pip install 'pyspark>=4,<5'"):
        start()


@pytest.mark.parametrize("variable", ["PATH", "JAVA_HOME"])
def test_without_java_the_error_says_what_to_install(tmp_path: Path, variable: str) -> None:
    require_spark()
    with pytest.raises(CrunchError, match="openjdk-17-jre-headless"):
        start(**{variable: str(tmp_path)})


def test_too_little_memory_for_spark_is_refused_before_it_starts(tmp_path: Path) -> None:
    require_spark()
    java = tmp_path / "java"
    java.touch(mode=0o755)
    with pytest.raises(SettingsError, match="BANNERS_MEMORY is 450MB"):
        start("450MB", PATH=str(tmp_path))


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function that installs a shell script as Java, and returns its JAVA_HOME."""

    def install(script: str) -> str:
        program = tmp_path / "bin" / "java"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        return str(tmp_path)

    require_spark()
    return install


@pytest.fixture
def pipes_left() -> Iterator[None]:
    """Collect the pipe to a Java that has ended immediately, which PySpark leaves open."""
    yield
    gc.collect()


leaves_pipes = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@leaves_pipes
@pytest.mark.usefixtures("pipes_left")
def test_the_last_output_of_java_is_reported(java: Callable[[str], str]) -> None:
    home = java("echo 'This Java is from 1998.'; exit 1")
    with pytest.raises(CrunchError, match=r"does not start: This Java is from 1998\."):
        start(JAVA_HOME=home)


@leaves_pipes
@pytest.mark.usefixtures("pipes_left")
def test_spark_may_be_started_from_any_thread(java: Callable[[str], str]) -> None:
    home = java("echo 'This Java is from 1998.'; exit 1")
    with ThreadPoolExecutor(1) as other:
        started = other.submit(start, JAVA_HOME=home)
        assert isinstance(started.exception(), CrunchError)


@leaves_pipes
@pytest.mark.usefixtures("pipes_left")
@pytest.mark.parametrize(
    ("master", "hidden"), [("local[1]", True), ("local[*]", True), ("spark://nowhere:7077", False)]
)
def test_a_local_spark_cannot_be_reached_from_other_machines(
    java: Callable[[str], str], master: str, hidden: bool
) -> None:
    home = java('echo "$@"; exit 1')
    with pytest.raises(CrunchError, match=r"spark\.master=") as caught:
        start(master=master, JAVA_HOME=home)
    assert ("spark.driver.bindAddress=127.0.0.1" in str(caught.value)) is hidden


def test_an_interrupt_while_java_starts_is_delayed_until_java_can_be_ended(
    java: Callable[[str], str],
) -> None:
    home = java(f'kill -INT {os.getpid()}; exec "{required("java")}" "$@"')
    with pytest.raises(KeyboardInterrupt):
        start(JAVA_HOME=home)


def test_under_spark_submit_the_java_that_it_started_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    require_spark()
    from pyspark import SparkConf
    from pyspark.java_gateway import launch_gateway

    started: Any = launch_gateway(SparkConf().set("spark.app.name", "submitted"))  # type: ignore[no-untyped-call]
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", str(started.gateway_parameters.port))
    monkeypatch.setenv("PYSPARK_GATEWAY_SECRET", started.gateway_parameters.auth_token)
    # Twice, as the loop does: it closes slots, and publishes.
    for _ in range(2):
        with spark_session(master="local[1]", memory="1GB", environment=os.environ) as session:
            java = session.sparkContext._jvm  # noqa: SLF001  # the only way to identify it
            assert java is not None
            assert java.java.lang.ProcessHandle.current().pid() == started.proc.pid
            assert session.range(3).count() == 3
    started.shutdown()
    started.proc.stdin.close()
    started.proc.wait()


def test_a_java_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    require_spark()
    monkeypatch.setattr(spark_session_module, "_JAVA_SECONDS", 0)
    hanging = subprocess.Popen(["/bin/sleep", "600"], stdin=subprocess.PIPE)
    spark_session_module._end(  # noqa: SLF001  # a real Java cannot be made to hang
        SimpleNamespace(shutdown=lambda: None, proc=hanging)
    )
    assert hanging.returncode == -signal.SIGKILL


def driver_errors() -> list[type[Exception]]:
    """List every error class of Spark and of Py4J."""
    found: dict[str, type[Exception]] = {}
    for name in ("pyspark.errors", "pyspark.errors.exceptions.captured", "py4j.protocol"):
        for each in vars(importlib.import_module(name)).values():
            if inspect.isclass(each) and issubclass(each, Exception):
                found[f"{each.__module__}.{each.__name__}"] = each
    return list(found.values())


def test_no_error_of_spark_is_left_untranslated() -> None:
    require_spark()
    for each in driver_errors():
        # The constructors differ, so that each class is replaced by a subclass with its own.
        made = {"__init__": lambda _: None, "__str__": lambda _: "broken"}
        error = type(each.__name__, (each,), made)()
        with pytest.raises(BannersError), translated():
            raise error


def test_a_total_that_is_too_large_is_an_error_of_the_source() -> None:
    require_spark()
    from pyspark.errors import ArithmeticException

    with pytest.raises(SourceError, match="add up to more than"), translated():
        raise ArithmeticException("[ARITHMETIC_OVERFLOW] long overflow")


def test_lack_of_memory_is_reported_with_what_to_do() -> None:
    require_spark()
    from pyspark.errors import PySparkException

    with pytest.raises(CrunchError, match="Raise BANNERS_MEMORY"), translated():
        raise PySparkException("java.lang.OutOfMemoryError: Java heap space")


def test_an_error_whose_text_cannot_be_read_any_more_says_that_java_has_ended() -> None:
    require_spark()
    from py4j.protocol import Py4JNetworkError
    from pyspark.errors import PySparkException

    class Unreadable(PySparkException):
        """An error as Spark raises it before Java ends, which is asked for its text."""

        def __str__(self) -> str:
            raise Py4JNetworkError("Answer from Java side is empty")

    with pytest.raises(CrunchError, match="Java process has ended"), translated():
        raise Unreadable("gone")


@pytest.mark.parametrize(
    ("text", "said"), [("on worker 7: no room", "no room: tidy up"), ("other", "failed: other")]
)
def test_an_error_of_one_kind_is_replaced_by_one_that_says_more(text: str, said: str) -> None:
    require_spark()
    from pyspark.errors import PySparkException

    def explain(found: re.Match[str]) -> CrunchError:
        return CrunchError(f"{found[0]}: tidy up")

    with pytest.raises(CrunchError, match=said), explained(re.compile("no room"), explain):
        raise PySparkException(text)


@pytest.mark.parametrize(
    ("column", "expected"),
    [("click_id", "an integer"), ("fill", "an integer"), ("group", "text")],
)
def test_a_column_of_parquet_with_a_type_that_is_not_exact_is_refused_by_name(
    column: str, expected: str
) -> None:
    require_spark()
    from pyspark.sql.types import DoubleType, StructField, StructType

    nowhere: Any = None
    path = HadoopPath(nowhere, "hdfs://namenode/events/1/clicks_1.parquet")
    schema = StructType([StructField("Name", DoubleType())])
    said = rf"clicks_1\.parquet, column Name: found the type double, .* expected {expected}\."
    with pytest.raises(SourceError, match=said):
        check_types(path, (column,), schema)


def test_the_progress_adds_up_the_tasks_of_all_running_stages() -> None:
    require_spark()
    stages = {
        1: SimpleNamespace(numTasks=4, numCompletedTasks=3),
        2: SimpleNamespace(numTasks=6, numCompletedTasks=0),
        3: None,  # has just ended
    }
    # The first call finds no stages, so nothing is reported.
    looks: Iterator[list[int]] = iter([[]])
    tracker = SimpleNamespace(
        getActiveStageIds=lambda: next(looks, list(stages)), getStageInfo=stages.get
    )
    session: Any = SimpleNamespace(sparkContext=SimpleNamespace(statusTracker=lambda: tracker))
    told: Queue[tuple[int, int]] = Queue()
    with progress_reported(session, lambda done, total: told.put((done, total))):
        assert told.get(timeout=60) == (3, 10)


def test_an_error_of_the_caller_passes_unchanged() -> None:
    require_spark()
    with pytest.raises(ValueError, match="mine"), translated():
        raise ValueError("mine")
