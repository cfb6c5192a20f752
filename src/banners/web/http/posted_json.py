"""Reads a JSON document that a program sent, within limits."""

from fastapi import Request
from starlette.exceptions import HTTPException

JSON_TYPE = "application/json"
"""The media type of a JSON document."""

NOT_JSON = HTTPException(415, f"Send JSON, with the header Content-Type: {JSON_TYPE}")
"""The error of a document of another type."""


def too_large(most_bytes: int) -> HTTPException:
    """Return the error of a document of more bytes."""
    return HTTPException(413, f"The document is too large; it may have {most_bytes:,} bytes")


async def posted_json(request: Request, most_bytes: int) -> bytes:
    """Return the bytes of a JSON document; whether it is one is not checked.

    Args:
        request: the request.
        most_bytes: maximum number of bytes.

    Raises:
        HTTPException: it is of another type (415), or too large (413).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON_TYPE:
        raise NOT_JSON
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise too_large(most_bytes)
    return bytes(body)
