"""Reads a form that was sent, within limits."""

from urllib.parse import parse_qs

from fastapi import Request
from starlette.exceptions import HTTPException

FORM_TYPE = "application/x-www-form-urlencoded"
"""The media type of a form without files."""

MOST_BYTES = 16_384
"""Maximum number of bytes of a form without files, unless its route says otherwise."""


async def posted_form(request: Request, most_bytes: int = MOST_BYTES) -> dict[str, str]:
    """Return the fields of a form that was sent; of repeated ones the first.

    Args:
        request: the request.
        most_bytes: maximum number of bytes of the form.

    Raises:
        HTTPException: the form is of another type (415), or too large (413).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM_TYPE:
        raise HTTPException(415, f"The form must be sent as {FORM_TYPE}")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise HTTPException(413, f"The form is too large; it may have {most_bytes} bytes")
    fields = parse_qs(body.decode("utf-8", "replace"))
    return {name: values[0] for name, values in fields.items()}
