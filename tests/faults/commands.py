"""Commands as processes that start fast, so that a test can start and kill many of them."""

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
from support import forked
from support.running import Workplace
from support.servers import until


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
    return start_function(workplace, forked.command, *words)


def start_function(workplace: Workplace, function: Callable[..., Any], *given: Any) -> Started:
    """Start a function of a test module as a command is started, with the workplace's settings."""
    log = workplace.folder / f"{uuid4().hex}.log"
    process = forked.start(workplace.folder, workplace.environment, log, log, function, *given)
    return Started(process, log)


@contextmanager
def serving(workplace: Workplace, *words: str) -> Iterator[Started]:
    """Run ``banners serve`` on a free port, until the block ends."""
    started = start(workplace, "serve", "--port", "0", *words)
    try:
        yield started
    finally:
        started.kill()
