"""Removes shared copies that no worker has used for a while.

The copies of a database are replaced with each generation; but those of a database that is no
longer served would stay for ever. Workers lock the files that they have open, so that none of these
is removed.
"""

import fcntl
import os
import re
import time
from contextlib import suppress

UNUSED_SECONDS = 7 * 24 * 3_600
"""Seconds after which a copy that no worker has opened is removed."""

_COPY = re.compile(r"[0-9a-f]{16}-[1-4]-(?:records|inventory)\.(?:[0-9]+-[0-9a-f]{16}|new)")
TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""How a copy is opened: neither a link nor a pipe in its place is followed or waited for."""


def note_use(file: int) -> bool:
    """Note that a file is used for as long as it is open; return False if it is being removed."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    with suppress(OSError):  # its disk may be read-only
        os.utime(file)
    return True


def remove_unused(folder: int) -> None:
    """Remove the copies in a folder that nobody has open, and that were last opened long ago.

    Empty lock files stay: a worker that waits for one would not notice that it has been replaced.

    Args:
        folder: the descriptor of the folder.
    """
    oldest = time.time() - UNUSED_SECONDS
    for name in filter(_COPY.fullmatch, os.listdir(folder)):
        # Another worker may be removing the same files.
        with suppress(OSError):
            if os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime < oldest:
                _remove_unless_open(folder, name)


def _remove_unless_open(folder: int, name: str) -> None:
    file = os.open(name, TO_READ, dir_fd=folder)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A worker may have put a new file in its place.
        if os.path.samestat(os.fstat(file), os.stat(name, dir_fd=folder, follow_symlinks=False)):
            os.unlink(name, dir_fd=folder)
    finally:
        os.close(file)
