"""Counts and times every request, also those that fail."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banners.web.metrics import Metrics

_UNKNOWN = "none"


class Counted:
    """Wraps an application, and counts its answers by route and status.

    The time for which it waits for the client, to send a body or to take an answer, is not counted:
    otherwise a visitor could make the figures look slow.

    Args:
        application: the ASGI application to wrap; it records its route in the scope.
        metrics: counts the answers.
    """

    def __init__(self, application: ASGIApp, metrics: Metrics) -> None:
        self._application = application
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        status = 0  # before the answer begins
        waited = 0.0
        start = time.perf_counter()

        async def receive_and_note() -> Message:
            nonlocal waited
            began = time.perf_counter()
            message = await receive()
            if not status:
                waited += time.perf_counter() - began
            return message

        async def send_and_note(message: Message) -> None:
            nonlocal status, waited
            if message["type"] == "http.response.start":
                status = message["status"]
            began = time.perf_counter()
            await send(message)
            waited += time.perf_counter() - began

        try:
            await self._application(scope, receive_and_note, send_and_note)
        finally:
            # The route's template and not the address, so that the number of labels is bounded.
            route = getattr(scope.get("route"), "path_format", _UNKNOWN)
            seconds = time.perf_counter() - start - waited
            self._metrics.answered(route, status or 500, seconds)
