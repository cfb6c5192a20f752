"""Reads a form with files, within bounds of bytes, files and time.

Everything stays in memory: a file on a disk could be left behind, or find the disk full.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

MORE_TIME = "banners.more_time"
"""The name in the state of a request of a function that gives its client more time to send it.

It takes the number of seconds from now on. So that nobody can hold a connection for longer, it is
called only for those who have signed in. Other servers than ours do not have it.
"""

SECONDS = 300
"""Seconds within which a form with files must have arrived: 24 MiB at 84 kB a second."""

MOST_BYTES = 24 * 2**20
"""Maximum number of bytes of a form with its files."""

MOST_FILES = 10
"""Maximum number of files of a form."""

_MULTIPART = "multipart/form-data"
_CHARSETS = {b"utf-8", b"utf8"}
_MOST_FIELDS = 50
_MOST_FIELD_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form.

    Args:
        name: the name that the browser gives it, without folders.
        content: its bytes.
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form with files, as it was sent.

    Args:
        fields: the text of each field; the last, if a field was sent several times.
        files: the files of all fields, without those that nobody chose.
    """

    fields: Mapping[str, str]
    files: Sequence[SentFile]


async def read_form(request: Request) -> SentForm:
    """Read a form with files from somebody who has signed in.

    Raises:
        HTTPException: it is not such a form, or larger than allowed.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != _MULTIPART.encode():
        raise HTTPException(415, f"The form must be sent as {_MULTIPART}")
    # Other codecs of Python may fail in ways of their own, or give text that cannot be sent back.
    if options.get(b"charset", b"utf-8").lower() not in _CHARSETS:
        raise HTTPException(415, "The form must be sent in UTF-8")
    if int(request.headers.get("content-length", 0)) > MOST_BYTES:
        raise _too_large()
    if give_time := request.scope.get("state", {}).get(MORE_TIME):
        give_time(SECONDS)
    parser = MultiPartParser(
        request.headers,
        _bounded(request.stream()),
        max_files=MOST_FILES,
        max_fields=_MOST_FIELDS,
        max_part_size=_MOST_FIELD_BYTES,
    )
    parser.spool_max_size = MOST_BYTES
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, f"The form cannot be read: {error.message}") from error
    try:
        items = form.multi_items()
        fields = {name: each for name, each in items if isinstance(each, str)}
        chosen = [each for _, each in items if isinstance(each, UploadFile) and each.filename]
        files = [SentFile(_without_folders(each.filename), await each.read()) for each in chosen]
    finally:
        await form.close()
    return SentForm(fields, files)


async def _bounded(stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in stream:
        taken += len(chunk)
        if taken > MOST_BYTES:
            raise _too_large()
        yield chunk


def _too_large() -> HTTPException:
    return HTTPException(
        413,
        f"The form has more than {MOST_BYTES >> 20} MiB; choose fewer or smaller files",
    )


def _without_folders(name: str | None) -> str:
    return (name or "").replace("\\", "/").rpartition("/")[2]
