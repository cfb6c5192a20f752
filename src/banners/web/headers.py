"""What every answer carries, error pages included, and HEAD for everything that takes GET."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banners.web.ranges import understood

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
SCRIPTED = {
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"].replace(
        "img-src 'self';", "img-src 'self' data:; script-src 'self'; connect-src 'self';"
    )
}
"""What the one page with a script carries instead: its script, and what that asks for, are ours."""

# What is answered depends on the quarter of the hour and on what is published: an answer that may
# be kept says so itself.
_CARRIED = {**SECURITY_HEADERS, "Cache-Control": "no-store"}

SECURITY = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
"""The same as a server takes them."""

EMBEDDABLE = [
    (name, value.replace(b"frame-ancestors 'none'", b"frame-ancestors *"))
    for name, value in SECURITY
]
"""The same for what is meant to be framed by other sites."""


class EveryAnswer:
    """Wraps an application, and adds to each of its answers what all answers carry.

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
        whole = False

        async def send_with_headers(message: Message) -> None:
            nonlocal whole
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _CARRIED.items():
                    headers.setdefault(name, value)
            elif message["type"] == "http.response.body":
                whole = not message.get("more_body", False)
                if bodiless:
                    message = {**message, "body": b""}
            await send(message)

        inner = understood({**scope, "method": "GET"} if bodiless else scope)
        try:
            await self._application(inner, receive, send_with_headers)
        except Exception:
            # The framework raises again what it has already answered with 500 and logged. Passed
            # on, it would make the server cut the connection, and with it the next request.
            if not whole:
                raise
