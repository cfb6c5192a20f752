"""Keeps uploaded images in a folder, each in a file named for its content."""

import os
import struct
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from banners.core.images import Size
from banners.errors import UploadsUnavailable, shorten
from banners.images.size import size_of_pixels
from banners.images.store import DIGEST, UploadedImage, digest_of

_READABLE_BY_ALL = 0o644
# Begins the name of a file that is being written; a killed process may leave one.
_UNFINISHED = ".unfinished-"
_ABANDONED_SECONDS = 3_600


class FolderImages:
    """An ImageStore in a folder, which several workers of a host may use concurrently.

    Args:
        folder: made when the first image is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, image: UploadedImage) -> None:
        """Keep an image, atomically; it is on the disk when this returns.

        Raises:
            UploadsUnavailable: the folder cannot be written, or the disk is full.
        """
        path = self._path(image.digest)
        if self.read(image.digest) is not None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _sweep(path.parent)
            _write(path, image.content)
        except OSError as error:
            raise self._unavailable("written", error) from error

    def read(self, digest: str) -> bytes | None:
        """Return the content of an image; None if it is not kept, or is damaged.

        Raises:
            UploadsUnavailable: its file cannot be read.
        """
        path = self._path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable("read", error) from error
        return content if digest_of(content) == digest else None

    def sizes(self, digests: Iterable[str]) -> Mapping[str, Size]:
        """Return the sizes of those of the images that are kept."""
        found = {}
        for digest in digests:
            with suppress(OSError, ValueError, SyntaxError, struct.error):
                found[digest] = size_of_pixels(self._path(digest))
        return found

    def close(self) -> None:
        """Do nothing: no file is held open."""

    def _path(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise ValueError(f"{shorten(digest)} is not a digest.")
        # In folders of their own, so that none becomes too long to be listed.
        return self._folder / digest[:2] / digest

    def _unavailable(self, done: str, error: OSError) -> UploadsUnavailable:
        return UploadsUnavailable(
            f"The folder of uploaded images, {self._folder}, cannot be {done}: {error.strerror}. "
            "Free space on its disk or give this user the right to write there, then try again; or "
            "name another folder in BANNERS_UPLOADS."
        )


def _sweep(folder: Path) -> None:
    """Delete what processes that were killed left unfinished."""
    for unfinished in folder.glob(f"{_UNFINISHED}*"):
        # Another process may have finished or deleted it by now.
        with suppress(FileNotFoundError):
            if time.time() - unfinished.stat().st_mtime > _ABANDONED_SECONDS:
                unfinished.unlink()


def _write(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it, not even after a power cut."""
    handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(handle, _READABLE_BY_ALL)
            os.fsync(handle)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    # The names of files are written with their folders.
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
