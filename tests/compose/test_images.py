"""The images hold what they need, and no more."""

import pytest

from compose.stack import Stack

pytestmark = pytest.mark.compose

JOBS_ALONE = ["duckdb", "PIL", "pyarrow", "pyspark", "watchfiles"]
NOBODYS = ["hatchling", "pip", "pytest", "setuptools"]
_FIND = """\
import importlib.util, shutil, sys
print(*[name for name in sys.argv[1:] if importlib.util.find_spec(name)], shutil.which("java"))
"""


def found(stack: Stack, image: str) -> list[str]:
    words = ["run", "--rm", "--network=none", "--entrypoint=python", image, "-c", _FIND]
    return stack.engine.docker(*words, *JOBS_ALONE, *NOBODYS).split()


def test_the_web_application_comes_without_spark_java_and_whatever_else_only_crunches(
    built: Stack,
) -> None:
    assert found(built, "banners-web") == ["None"]


def test_the_job_comes_with_spark_and_java_and_without_what_builds_and_tests(built: Stack) -> None:
    assert found(built, "banners-job") == [*JOBS_ALONE, "/usr/bin/java"]


def test_the_job_runs_on_java_17(built: Stack) -> None:
    words = ["run", "--rm", "--network=none", "--entrypoint=java", "banners-job", "--version"]
    assert built.engine.docker(*words).startswith("openjdk 17.")


@pytest.mark.parametrize(
    ("image", "most"),
    # in MB, beyond the image of Python
    [("banners-web", 120), ("banners-job", 1_300)],
)
def test_the_images_do_not_grow_unnoticed(built: Stack, image: str, most: int) -> None:
    def size(name: str) -> int:
        return int(built.engine.docker("image", "inspect", "--format", "{{.Size}}", name))

    assert size(image) - size("python:3.11-slim-bookworm") < most * 10**6
