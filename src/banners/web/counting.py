"""Counts and times each request, whatever becomes of it."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banners.web.metrics import Metrics

_UNKNOWN = "none"


class Counted:
    """Wraps an application, and counts its answers by route and status.

    Args:
        application: the ASGI application to wrap; it notes in the scope which route it took.
        metrics: what they are counted with.
    """

    def __init__(self, application: ASGIApp, metrics: Metrics) -> None:
        self._application = application
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        status = 500
        start = time.perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._application(scope, receive, send_and_note)
        finally:
            # The route's template, never the address itself: there are as many as there are routes.
            route = getattr(scope.get("route"), "path_format", _UNKNOWN)
            self._metrics.answered(route, status, time.perf_counter() - start)
