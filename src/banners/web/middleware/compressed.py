"""Compresses answers to operators, such as pages and lists of large campaigns."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from banners.web.http.caller import caller_of
from banners.web.http.files import accepts_gzip

_LEAST_BYTES = 4_096
_LEVEL = 5


class ForOperators:
    """Wraps an application, and compresses its answers to operators and readers.

    Answers to visitors are small, and are made elsewhere. Pages of operators contain the tokens of
    forms; these are secret, and therefore written differently on each page.

    Args:
        application: the ASGI application to wrap.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._compressed = GZipMiddleware(
            application, _LEAST_BYTES, _LEVEL, exclude_content_types=("image/*",)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        is_packed = scope["type"] == "http" and _is_packed(HTTPConnection(scope))
        await (self._compressed if is_packed else self._application)(scope, receive, send)


def _is_packed(asked: HTTPConnection) -> bool:
    # Starlette also compresses for "gzip;q=0", which forbids it.
    accepted = asked.headers.get("accept-encoding", "")
    return caller_of(asked).role is not None and accepts_gzip(accepted)
