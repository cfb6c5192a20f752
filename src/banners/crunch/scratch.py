"""Folders for temporary files, and the error if they cannot be written.

A process holds a lock on each of its folders. The system releases it when the process ends, however
it ends, so that the next run can remove what a killed one left and nothing that is in use.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from banners.errors import CrunchError, readable

PREFIX = "banners-scratch-"
"""The beginning of the name of every temporary folder."""


@contextmanager
def scratch_folder(*, inside: Path | None = None) -> Iterator[Path]:
    """Make a folder for temporary files, and remove it with its content when the block ends.

    Args:
        inside: the folder to make it in; the system's for temporary files (TMPDIR) if not given.
            What killed runs left there is removed.

    Raises:
        CrunchError: the folder cannot be made.
    """
    with ExitStack() as stack:
        with writing_to_scratch():
            folder = stack.enter_context(locked_folder(inside or Path(gettempdir())))
        yield folder


@contextmanager
def locked_folder(parent: Path) -> Iterator[Path]:
    """Make a folder, lock it, and remove it with its content when the block ends.

    Args:
        parent: the folder to make it in. What killed runs left there is removed.

    Raises:
        OSError: the folder cannot be made.
    """
    sweep(parent)
    folder, lock = _make(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(parent: Path) -> None:
    """Remove the temporary folders that killed processes left in a folder.

    Args:
        parent: the folder; nothing happens if it does not exist.
    """
    with suppress(OSError):
        for left in parent.glob(f"{PREFIX}*"):
            with suppress(OSError):
                lock = _open(left)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(left, ignore_errors=True)
                finally:
                    os.close(lock)


def _make(parent: Path) -> tuple[Path, int]:
    """Make a folder and lock it; return it and the descriptor that holds the lock."""
    while True:
        folder = Path(mkdtemp(prefix=PREFIX, dir=parent))
        # Before it is locked, another process may take it for one that was left, and remove it.
        with suppress(FileNotFoundError):
            lock = _open(folder)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            except OSError:
                # A file system without locks: nobody can lock it, so nobody removes it.
                return folder, lock
            if folder.exists():
                return folder, lock
            os.close(lock)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


@contextmanager
def writing_to_scratch() -> Iterator[None]:
    """Translate errors of the disk while temporary files are written.

    Raises:
        CrunchError: a temporary file cannot be written.
    """
    try:
        yield
    except OSError as error:
        # An error of a file that is open already does not name it.
        place = readable(error.filename2 or error.filename or gettempdir())
        raise CrunchError(
            f"Temporary files cannot be written to {place}: {error.strerror}. Free disk space "
            "there, or set TMPDIR to another folder."
        ) from error


def put_in_place(made: Path, path: Path) -> None:
    """Give a finished file its name when its content is on the disk.

    Args:
        made: the file, in a folder of the same file system.
        path: its place; a file that is there is replaced.

    Raises:
        OSError: the system refuses.
    """
    descriptor = os.open(made, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    made.replace(path)
