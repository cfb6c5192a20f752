"""What is said where Spark cannot start, and what becomes of what it says."""

import gc
import importlib
import inspect
import sys
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest

from banners.crunch.spark_errors import translated
from banners.crunch.spark_progress import progress_told
from banners.crunch.spark_session import spark_session
from banners.errors import BannersError, CrunchError, SourceError
from engines import require_spark


def start(memory: str = "1GB", **environment: str) -> None:
    with spark_session(master="local[1]", memory=memory, environment=environment):
        pass


def test_without_pyspark_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(CrunchError, match=r"pip install 'banners\[spark\]'"):
        start()


@pytest.mark.parametrize("variable", ["PATH", "JAVA_HOME"])
def test_without_java_it_is_said_what_to_install(tmp_path: Path, variable: str) -> None:
    require_spark()
    with pytest.raises(CrunchError, match="openjdk-17-jre-headless"):
        start(**{variable: str(tmp_path)})


def test_too_little_memory_for_spark_is_refused_before_it_starts(tmp_path: Path) -> None:
    require_spark()
    java = tmp_path / "java"
    java.touch(mode=0o755)
    with pytest.raises(CrunchError, match="BANNERS_MEMORY is 450MB"):
        start("450MB", PATH=str(tmp_path))


# PySpark leaves the pipe to a Java that has ended open, for the garbage collection to find.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_java_says_at_its_end_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_spark()
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'This Java is from 1998.'\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(CrunchError, match=r"does not start: This Java is from 1998\."):
        start(JAVA_HOME=str(tmp_path))
    gc.collect()


def driver_errors() -> list[type[Exception]]:
    """List every error class of Spark's and of what it talks to Java with."""
    found: dict[str, type[Exception]] = {}
    for name in ("pyspark.errors", "pyspark.errors.exceptions.captured", "py4j.protocol"):
        for each in vars(importlib.import_module(name)).values():
            if inspect.isclass(each) and issubclass(each, Exception):
                found[f"{each.__module__}.{each.__name__}"] = each
    return list(found.values())


def test_no_error_of_spark_is_left_untranslated() -> None:
    require_spark()
    for each in driver_errors():
        # Each of them is made in a way of its own, which is not what matters here.
        made = {"__init__": lambda _: None, "__str__": lambda _: "broken"}
        error = type(each.__name__, (each,), made)()
        with pytest.raises(BannersError), translated():
            raise error


def test_a_total_that_does_not_fit_is_the_fault_of_the_source() -> None:
    require_spark()
    from pyspark.errors import ArithmeticException

    with pytest.raises(SourceError, match="add up to more than"), translated():
        raise ArithmeticException("[ARITHMETIC_OVERFLOW] long overflow")


def test_the_progress_adds_up_the_tasks_of_all_stages_under_way() -> None:
    require_spark()
    stages = {
        1: SimpleNamespace(numTasks=4, numCompletedTasks=3),
        2: SimpleNamespace(numTasks=6, numCompletedTasks=0),
        3: None,  # has just ended
    }
    tracker = SimpleNamespace(getActiveStageIds=lambda: list(stages), getStageInfo=stages.get)
    session: Any = SimpleNamespace(sparkContext=SimpleNamespace(statusTracker=lambda: tracker))
    told: Queue[tuple[int, int]] = Queue()
    with progress_told(session, lambda done, total: told.put((done, total))):
        assert told.get(timeout=60) == (3, 10)


def test_an_error_of_somebody_else_is_let_through() -> None:
    require_spark()
    with pytest.raises(ValueError, match="mine"), translated():
        raise ValueError("mine")
