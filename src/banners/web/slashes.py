"""No address ends in a slash: whoever adds one is led to the address without."""

from urllib.parse import quote

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class WithoutSlash:
    """Wraps an application, and leads from addresses that end in a slash to those without.

    The framework's own way names the host that the client gave, and asks first whether there is
    such an address, which ids that take any shape make it believe.

    Args:
        application: the ASGI application to wrap.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http" or scope["path"] == "/" or not scope["path"].endswith("/"):
            await self._application(scope, receive, send)
            return
        # Behind one slash, and with no backslash: two of these would name another host.
        place = "/" + quote(scope["path"].strip("/"))
        query = scope["query_string"].decode("latin-1")
        answer = RedirectResponse(f"{place}?{query}" if query else place, status_code=308)
        await answer(scope, receive, send)
