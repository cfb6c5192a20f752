"""Commands with a clock that is set, a disk that fails, or without delays, as a test says."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch


def set_clock(path: Path, ahead: float) -> None:
    """Set the clock of :func:`run_with_a_clock`, which may read the file at any moment."""
    new = path.with_suffix(".new")
    new.write_text(str(ahead))
    new.replace(path)


def run_with_a_clock(ahead: str, *words: str) -> None:
    """Run a command with a clock that is ahead by the seconds in a file."""
    from banners.cli import main

    true_time: Callable[[], float] = time.time
    with patch("time.time", lambda: true_time() + float(Path(ahead).read_text())):
        main(list(words), prog_name="banners")


def run_with_a_failing_disk(failing: str, *words: str) -> None:
    """Run a command with a disk that confirms nothing while a file exists."""
    from banners.cli import main

    true_sync = os.fdatasync

    def sync(descriptor: int) -> None:
        if Path(failing).exists():
            raise OSError(errno.EIO, "Input/output error")
        true_sync(descriptor)

    with patch("os.fdatasync", sync):
        main(list(words), prog_name="banners")


def run_without_delays(*words: str) -> None:
    """Run a command that answers wrong passwords and keys immediately."""
    from banners.cli import main

    with patch("banners.web.operators.delays._FIRST_SECONDS", 0.0):
        main(list(words), prog_name="banners")
