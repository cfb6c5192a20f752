"""Adds the headers of every answer, error pages included, and answers HEAD wherever GET is."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banners.web.http.security import SECURITY_HEADERS
from banners.web.middleware.ranges import understood

# An answer depends on the quarter of the hour and on what is published. One that may be cached says
# so itself.
_DEFAULTS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}


class EveryAnswer:
    """Wraps an application, and adds the headers that all answers have.

    Args:
        application: the ASGI application to wrap.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        bodiless = scope["method"] == "HEAD"
        is_complete = False

        async def send_with_headers(message: Message) -> None:
            nonlocal is_complete
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _DEFAULTS.items():
                    headers.setdefault(name, value)
            elif message["type"] == "http.response.body":
                is_complete = not message.get("more_body", False)
                if bodiless:
                    message = {**message, "body": b""}
            await send(message)

        inner = understood({**scope, "method": "GET"} if bodiless else scope)
        try:
            await self._application(inner, receive, send_with_headers)
        except Exception:
            # The framework raises errors again after it has answered with 500 and logged them. The
            # server would then close the connection, and the next request on it would be lost.
            if not is_complete:
                raise
