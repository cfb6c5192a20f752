"""Compresses what operators ask for: pages and lists of large campaigns."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from banners.web.http.caller import caller_of

_LEAST_BYTES = 4_096
_LEVEL = 5


class ForOperators:
    """Wraps an application, and compresses its answers to operators and readers.

    What visitors see is small, and is answered elsewhere. Pages of operators have secrets, the
    tokens of forms, which are written differently on each page.

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
        is_operator = scope["type"] == "http" and caller_of(HTTPConnection(scope)).role
        await (self._compressed if is_operator else self._application)(scope, receive, send)
