"""The container images hold what they need, and nothing else."""

import pytest

from compose.stack import Stack

pytestmark = pytest.mark.compose

ONLY_IN_JOB = ["duckdb", "pyarrow", "pyspark", "watchfiles"]
IN_NEITHER = ["hatchling", "pip", "pytest", "setuptools"]
_FIND = """\
import importlib.util, shutil, sys
print(*[name for name in sys.argv[1:] if importlib.util.find_spec(name)], shutil.which("java"))
"""


def found(stack: Stack, image: str) -> list[str]:
    words = ["run", "--rm", "--network=none", "--entrypoint=python", image, "-c", _FIND]
    return stack.engine.docker(*words, *ONLY_IN_JOB, *IN_NEITHER).split()


def test_the_web_image_has_neither_spark_nor_java_nor_packages_that_only_crunch(
    built: Stack,
) -> None:
    assert found(built, "banners-web") == ["None"]


def test_the_job_image_has_spark_and_java_and_no_packages_that_build_or_test(built: Stack) -> None:
    assert found(built, "banners-job") == [*ONLY_IN_JOB, "/usr/bin/java"]


def test_the_job_runs_on_java_17(built: Stack) -> None:
    words = ["run", "--rm", "--network=none", "--entrypoint=java", "banners-job", "--version"]
    assert built.engine.docker(*words).startswith("openjdk 17.")


@pytest.mark.parametrize(
    ("image", "most"),
    # in MB, besides the image of Python; numpy, which policies need, is 75 of the job's
    [("banners-web", 160), ("banners-job", 1_350)],
)
def test_the_images_do_not_grow_unnoticed(built: Stack, image: str, most: int) -> None:
    def size(name: str) -> int:
        return int(built.engine.docker("image", "inspect", "--format", "{{.Size}}", name))

    assert size(image) - size("python:3.11-slim-bookworm") < most * 10**6
