"""Recognises what a file is by its first bytes, so that a refusal can say so."""

import re
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from banners.crunch.files.place import Place
from banners.errors import SourceError

_ENOUGH = 1 << 12
_JSON = re.compile(rb'\s*(?:\{\s*"|\[\s*[\[{])')


class Form(Enum):
    """The form of an event file."""

    CSV = auto()
    GZIP = auto()
    PARQUET = auto()


_BY_ENDING = {".csv": Form.CSV, ".gz": Form.GZIP, ".parquet": Form.PARQUET}


def form_of(path: Place) -> Form:
    """Return the form that the name of a file promises.

    A part file without a known extension has the form that its folder's name promises.
    """
    for name in (path, path.parent):
        if form := _BY_ENDING.get(name.suffix.lower()):
            return form
    return Form.CSV


class _Format(NamedTuple):
    """A format of files.

    Args:
        meaning: what such a file is, as in "it is …".
        advice: what to do with it.
        matches: whether the first bytes of a file are those of the format.
    """

    meaning: str
    advice: str
    matches: Callable[[bytes], bool]


def _begins(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _is_wide(head: bytes) -> bool:
    """Return whether every second of the first bytes is NUL, as in text of two bytes each."""
    return len(head) >= len("wide") and (not any(head[:4:2]) or not any(head[1:4:2]))


_SAVE = "Save it as CSV in UTF-8."
_UNPACK = "Unpack it, and deliver the file inside it as .csv or .csv.gz."
_REPACK = "Unpack it, or compress it with gzip to .csv.gz."
_GZIP = _Format(
    "compressed with gzip", "Give it a name that ends in .csv.gz.", _begins(b"\x1f\x8b")
)
_PARQUET = _Format(
    "a Parquet file",
    "Give it a name that ends in .parquet.",
    # What follows is no text, so that a column may be called PAR1.
    lambda head: head.startswith(b"PAR1") and head[4:5] < b" ",
)
_FORMATS = (
    _GZIP,
    _PARQUET,
    _Format(
        "an Excel workbook",
        _SAVE,
        lambda head: (
            head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
            or (head.startswith(b"PK\x03\x04") and (b"[Content_Types]" in head or b"xl/" in head))
        ),
    ),
    _Format(
        "an OpenDocument spreadsheet",
        _SAVE,
        lambda head: head.startswith(b"PK\x03\x04") and b"vnd.oasis.opendocument" in head,
    ),
    _Format("a ZIP archive", _UNPACK, _begins(b"PK\x03\x04", b"PK\x05\x06")),
    _Format("a 7-Zip archive", _UNPACK, _begins(b"7z\xbc\xaf\x27\x1c")),
    _Format("a RAR archive", _UNPACK, _begins(b"Rar!\x1a\x07")),
    _Format("a tar archive", _UNPACK, lambda head: head[257:262] == b"ustar"),
    _Format(
        "compressed with bzip2",
        _REPACK,
        lambda head: head.startswith(b"BZh") and head[4:10] == b"1AY&SY",
    ),
    _Format("compressed with xz", _REPACK, _begins(b"\xfd7zXZ\x00")),
    _Format("compressed with Zstandard", _REPACK, _begins(b"\x28\xb5\x2f\xfd")),
    _Format("compressed with LZ4", _REPACK, _begins(b"\x04\x22\x4d\x18")),
    _Format("compressed with Snappy", _REPACK, _begins(b"\xff\x06\x00\x00sNaPpY")),
    _Format("compressed with compress", _REPACK, _begins(b"\x1f\x9d")),
    _Format("an Avro file", "Export the events as CSV or Parquet.", _begins(b"Obj\x01")),
    _Format(
        "an ORC file",
        "Export the events as CSV or Parquet.",
        lambda head: head.startswith(b"ORC") and head[3:4] < b" ",
    ),
    _Format("an Arrow file", "Export the events as CSV or Parquet.", _begins(b"ARROW1\0\0")),
    _Format("an SQLite database", "Export the events as CSV.", _begins(b"SQLite format 3\x00")),
    _Format("a PDF document", "Export the events as CSV.", _begins(b"%PDF-")),
    _Format(
        "a web page or XML",
        "Export the events as CSV. Was it an error page that was downloaded?",
        lambda head: head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")),
    ),
    _Format("JSON", "Export the events as CSV.", lambda head: bool(_JSON.match(head))),
    _Format("text in UTF-32", _SAVE, _begins(b"\xff\xfe\0\0", b"\0\0\xfe\xff")),
    _Format(
        "text in UTF-16",
        _SAVE,
        lambda head: head.startswith((b"\xff\xfe", b"\xfe\xff")) or _is_wide(head),
    ),
)


def meaning_of(path: Place) -> str | None:
    """Return what a file is by its content, such as "a ZIP archive"; None if it is not known."""
    try:
        if not isinstance(path, Path) or not path.is_file():
            return "a folder" if path.is_dir() else None
        head = _head_of(path)
    except OSError:
        return None
    found = _format_of(head)
    return found.meaning if found else None


def check_text(path: Place, head: bytes) -> None:
    """Check that a file, once decompressed, begins like text in UTF-8.

    Args:
        path: the file.
        head: the first bytes of its text.

    Raises:
        SourceError: it is something else.
    """
    found = _format_of(head)
    if found is None:
        return
    if form_of(path) is Form.GZIP:
        raise SourceError(
            f"{path} is compressed with gzip, and what it holds is {found.meaning}; expected CSV "
            "in UTF-8. Deliver the events as CSV."
        )
    raise SourceError(f"{path} is {found.meaning}; expected CSV in UTF-8. {found.advice}")


def check_form(path: Path) -> None:
    """Check that a file with the name of a gzip or Parquet file is one. An empty file passes.

    Raises:
        SourceError: it is something else.
        OSError: it cannot be read.
    """
    head = _head_of(path)
    expected = _GZIP if form_of(path) is Form.GZIP else _PARQUET
    if not head or expected.matches(head):
        return
    found = _format_of(head)
    raise SourceError(
        f"{path} is {found.meaning if found else 'text, or damaged'}; by its name it should be "
        f"{expected.meaning}. "
        + (found.advice if found else "Give it a name that ends in .csv, or deliver it again.")
    )


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_ENOUGH)


def _format_of(head: bytes) -> _Format | None:
    return next((each for each in _FORMATS if each.matches(head)), None)
