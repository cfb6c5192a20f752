"""The command ``banners`` in processes that start fast.

They are forked from a server that has already imported what the commands import; otherwise they run
as from a shell.
"""

import multiprocessing
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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


def start(
    folder: Path,
    environment: Mapping[str, str],
    output: Path,
    errors: Path,
    function: Callable[..., Any],
    *given: Any,
) -> ForkServerProcess:
    """Start a function as a command is started.

    Args:
        folder: the working folder.
        environment: all variables of the environment.
        output: the file that its output is appended to.
        errors: the file that its errors are appended to, which may be the same.
        function: what it does; a function of a module.
        given: the arguments of the function.
    """
    whole = (str(folder), dict(environment), str(output), str(errors), function, given)
    process = _FORK.Process(target=_begin, args=whole)
    process.start()
    return process


def command(*words: str) -> None:
    """Do what ``banners`` does with these words."""
    from banners.cli import main

    main(list(words), prog_name="banners")


def run(
    folder: Path, environment: Mapping[str, str], words: Sequence[str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, for some seconds at the most."""
    with TemporaryDirectory() as scratch:
        output, errors = Path(scratch) / "output", Path(scratch) / "errors"
        process = start(folder, environment, output, errors, command, *words)
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(list(words), seconds)
        said = (path.read_text() for path in (output, errors))
        return subprocess.CompletedProcess(list(words), process.exitcode, *said)


def _begin(
    folder: str,
    environment: dict[str, str],
    output: str,
    errors: str,
    function: Callable[..., Any],
    given: Sequence[Any],
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for path, descriptor in ((output, 1), (errors, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)
    function(*given)
