"""Commands with a clock that is set, or with a disk that fails, as a test says by a file."""

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
