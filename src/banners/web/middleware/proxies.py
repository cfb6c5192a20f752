"""Finds the client for which a trusted proxy forwards a request."""

from starlette.types import ASGIApp, Receive, Scope, Send

from banners.core.proxies import TrustedProxies


class BehindProxies:
    """Wraps an application, and passes on the address of the client in place of the proxy's.

    Of the headers that proxies add, only ``X-Forwarded-For`` is read, and only from trusted
    proxies. The scheme, the host and the prefix of the application's addresses are a setting.

    Args:
        application: the ASGI application to wrap.
        trusted: the proxies that are believed.
    """

    def __init__(self, application: ASGIApp, trusted: TrustedProxies) -> None:
        self._application = application
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] == "http":
            peer = scope.get("client")
            values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
            forwarded = [value.decode("latin-1") for value in values]
            client = self._trusted.client(peer[0] if peer else None, forwarded)
            scope = {**scope, "client": (client, peer[1] if peer else 0)}
        await self._application(scope, receive, send)
