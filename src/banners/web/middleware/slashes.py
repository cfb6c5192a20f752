"""Redirects addresses that end in a slash to those without it."""

from urllib.parse import quote

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from banners.core.addresses import Site


class WithoutSlash:
    """Wraps an application, and redirects addresses that end in a slash to those without it.

    The framework's own redirect names the host that the client sent, and needs to know whether an
    address exists, which it cannot, since an id matches any text.

    Args:
        application: the ASGI application to wrap.
        site: the application as others reach it.
    """

    def __init__(self, application: ASGIApp, site: Site) -> None:
        self._application = application
        self._prefix = site.prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http" or scope["path"] == "/" or not scope["path"].endswith("/"):
            await self._application(scope, receive, send)
            return
        # One slash at the start and no backslash: two of them would name another host.
        location = f"{self._prefix}/{quote(scope['path'].strip('/'))}"
        query = scope["query_string"].decode("latin-1")
        answer = RedirectResponse(f"{location}?{query}" if query else location, status_code=308)
        await answer(scope, receive, send)
