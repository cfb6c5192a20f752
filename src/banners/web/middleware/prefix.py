"""Removes the prefix below which a proxy publishes the application."""

from starlette.types import ASGIApp, Receive, Scope, Send

from banners.core.addresses import Site


class WithoutPrefix:
    """Wraps an application, and removes the prefix of its site from the path of each request.

    A request without the prefix is passed on as it is, since a proxy may have removed it.

    Args:
        application: the ASGI application to wrap.
        site: the application as others reach it.
    """

    def __init__(self, application: ASGIApp, site: Site) -> None:
        self._application = application
        self._prefix = site.prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if self._prefix and scope["type"] == "http":
            path = scope["path"]
            if path == self._prefix or path.startswith(f"{self._prefix}/"):
                scope = {**scope, "path": path[len(self._prefix) :] or "/"}
        await self._application(scope, receive, send)
