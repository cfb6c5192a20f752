"""Commands as processes of their own that start at once, so that many can be started and killed.

They are forked off a server that has loaded what commands load; all else is as in a shell.
"""

import multiprocessing
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from uuid import uuid4

from running import Workplace
from servers import until

_FORK = multiprocessing.get_context("forkserver")
_FORK.set_forkserver_preload(
    [
        *("banners.asgi", "banners.cli", "banners.cli.report", "banners.crunch.duckdb"),
        *("banners.job", "banners.serve.follow", "banners.serve.memory", "banners.serve.redis"),
        *("banners.store.publish", "banners.store.read", "banners.store.rollback"),
        *("banners.web.app", "filelock", "duckdb", "pyarrow.compute", "pymysql", "redis"),
        *("uvicorn", "uvicorn.protocols.http.httptools_impl", "uvloop", __name__),
    ]
)


class Started:
    """A process that was started, and what it has said so far.

    Args:
        process: the process.
        log: the file that its output and its errors go to.
    """

    def __init__(self, process: ForkServerProcess, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @property
    def address(self) -> str:
        """Where the web application is, once it says so."""

        def tells() -> bool:
            assert self._process.is_alive() or "Banners is at" in self.said, self.said
            return "Banners is at" in self.said

        until(tells)
        found = re.search("Banners is at (.*?)/ ", self.said)
        assert found is not None
        return found[1]

    def signal(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> int:
        """End it as ``kill -9`` does, if it has not ended yet, and tell its status."""
        self._process.kill()
        return self.wait()

    def wait(self, seconds: float | None = 60) -> int:
        """Wait for its end, and tell its status; negative for a signal."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"It goes on. It said: {self.said}"
        return self._process.exitcode

    def ends_within(self, seconds: float) -> bool:
        self._process.join(seconds)
        return self._process.exitcode is not None


def start(workplace: Workplace, *words: str) -> Started:
    """Start ``banners`` with such words."""
    return start_function(workplace, _command, words)


def start_function(workplace: Workplace, function: Callable[..., Any], *given: Any) -> Started:
    """Start a function of a module of the tests as a command is: there, with those settings."""
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
