"""Reads the content of event files: decompressed, with LF line ends, without a byte order mark.

Two files with the same content are the same delivery, whatever their form. Of a Parquet file, the
content is the CSV file that has the same rows.

A line ends in LF, CR LF or CR CR LF. Only if the first line of a file ends in a CR that is not part
of these do all of its lines end in CR. A CR elsewhere is part of a field, so that text with a CR in
it cannot be read as several rows.
"""

import gzip
import hashlib
import re
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Event
from typing import BinaryIO, cast

from banners.crunch.files.formats import Form, check_form, check_text, form_of
from banners.crunch.files.parquet import csv_of
from banners.errors import SourceError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

DAMAGES = (EOFError, zlib.error, OSError)
"""Errors that reading a file raises if it is damaged."""

# The first read is small, because it may only be needed for the header.
_FIRST_BYTES = 1 << 16
_BYTES = 1 << 20
_MOST_FIRST_BYTES = 16 << 20

# The first line without its end. A quoted field in it may hold line breaks.
_FIRST_LINE = re.compile(rb'(?:(?:\A|,)"[^"]*+(?:""[^"]*+)*+(?:"|\Z)|[^\r\n])*+')
_LINE_END = re.compile(rb"\r\r?\n")
# An LF in a file whose lines end in CR is no line end, as a CR is none in others.
_CR_AND_LF = bytes.maketrans(b"\r\n", b"\n\r")
_CR_AS_LF = bytes.maketrans(b"\r", b"\n")


def read_content(path: Path) -> Iterator[bytes]:
    """Read the content of an event file in pieces of about a megabyte.

    Raises:
        SourceError: the file cannot be opened, or is not of the form that its name says.
        OSError: it cannot be read; it is damaged, as for the others of :data:`DAMAGES`.
    """
    return _pieces(path, _CR_AND_LF)


def _pieces(path: Path, where_lines_end_in_cr: bytes) -> Iterator[bytes]:
    if form_of(path) is Form.PARQUET:
        yield from csv_of(path)
        return
    with _opened(path) as file:
        head = file.read(max(_FIRST_BYTES, len(BYTE_ORDER_MARK)))
        check_text(path, head)
        head = head.removeprefix(BYTE_ORDER_MARK)
        # Three bytes after the first line are enough to know how lines end.
        while (end := cast("re.Match[bytes]", _FIRST_LINE.match(head)).end()) + 3 > len(head):
            more = file.read(_BYTES)
            head += more
            if not more or len(head) > _MOST_FIRST_BYTES:
                break
        pieces = chain([head], iter(partial(file.read, _BYTES), b""))
        if head[end : end + 1] == b"\r" and not _LINE_END.match(head, end):
            yield from (piece.translate(where_lines_end_in_cr) for piece in pieces)
        else:
            yield from _with_lf(pieces)


def digest_of(path: Path, is_cancelled: Callable[[], bool] = lambda: False) -> str:
    """Return the SHA-256 of the content of a file in hexadecimal.

    A line end at the end of the file makes no difference.

    Args:
        path: the file.
        is_cancelled: called before each piece; returns whether the digest is no longer needed.

    Raises:
        SourceError: the file cannot be read, or is damaged.
        CancelledError: the digest is no longer needed.
    """
    digest = hashlib.sha256()
    last = b""
    try:
        # A line break in quotes may have another form in a copy with other line ends.
        for piece in _pieces(path, _CR_AS_LF):
            if is_cancelled():
                raise CancelledError
            digest.update(piece)
            last = piece[-1:] or last
    except DAMAGES as error:
        raise damaged(path, error) from error
    if last not in b"\n":
        digest.update(b"\n")
    return digest.hexdigest()


@contextmanager
def digest_beside(path: Path) -> Iterator[Future[str]]:
    """Compute the digest of a file in another thread, beside the work of the block.

    If the block ends before the digest is complete, because of an error or a signal, the rest of
    the file is not read.

    Yields:
        the digest, as :func:`digest_of` returns it.
    """
    ended = Event()
    # Hashing and decompressing release the interpreter lock, so that they run beside the rest.
    with ThreadPoolExecutor(max_workers=1) as beside:
        try:
            yield beside.submit(digest_of, path, ended.is_set)
        finally:
            ended.set()


def stamp_of(path: Path) -> tuple[int, int]:
    """Return the size of a file in bytes, and its time of change in nanoseconds.

    Raises:
        SourceError: it cannot be read, or is not a regular file.
    """
    with reading(path):
        found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        # One that cannot be listed may have such files.
        with reading(path):
            list(path.iterdir())
        raise SourceError(
            f"{path} is a folder without part-* files, or is still being written. Put the complete "
            "files directly into it (in Spark: without partitionBy)."
        )
    if not stat.S_ISREG(found.st_mode):
        # Opening a pipe would block until another process writes to it.
        raise SourceError(f"{path} is not a regular file. Deliver it as a file.")
    return found.st_size, found.st_mtime_ns


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Translate errors of the disk while a file is opened, or read where it is.

    Raises:
        SourceError: the file cannot be read.
    """
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}. Check its permissions, or deliver it again."
        ) from error


def damaged(path: Path, error: Exception, where: str = "") -> SourceError:
    """Return the error for a damaged file.

    Args:
        path: the file.
        error: one of :data:`DAMAGES`.
        where: where the damage is, such as `` after line 7``.
    """
    return SourceError(f"{path} is damaged{where}: {error}. Deliver the file again.")


def _opened(path: Path) -> BinaryIO:
    with reading(path):
        if form_of(path) is Form.GZIP:
            check_form(path)
            return cast("BinaryIO", gzip.open(path))
        return path.open("rb")


def _with_lf(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces of a file with each line end as LF."""
    held = b""
    for piece in pieces:
        if not held and b"\r" not in piece:
            yield piece
            continue
        read = held + piece
        # The LF that makes them a line end may follow in the next piece.
        held = b"\r" * min(2, len(read) - len(read.rstrip(b"\r")))
        read = read.removesuffix(held)
        several = b"\r\r" in read
        yield _LINE_END.sub(b"\n", read) if several else read.replace(b"\r\n", b"\n")
    if held:
        yield held
