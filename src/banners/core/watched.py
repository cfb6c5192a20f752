"""Whether a file has changed since it was read."""

from pathlib import Path


def state_of(path: Path) -> tuple[int, ...]:
    """Return numbers that change with the content of a file, or with who may read it.

    There are none if there is no file.
    """
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
