"""Lets scripts of other sites read what visitors are shown, and nothing else."""

import re

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banners.core.addresses import Route
from banners.web.http.security import FOR_OTHER_SITES

# Errors of these addresses as well: a script that cannot read one only learns that it failed.
_PUBLIC = re.compile(
    rf"(?:{Route.API_BANNERS.pattern(campaign_id='.+')}|{Route.OPENAPI.pattern()})/*", re.DOTALL
)


class OtherSites:
    """Wraps an application, and lets scripts of any site read its public JSON.

    Every script may read the banners that visitors are shown and the description of the API, but
    without cookies. The addresses for operators stay closed to scripts of other sites.

    Args:
        application: the ASGI application to wrap.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        # It answers the questions that browsers ask before some requests (preflight).
        self._asked = CORSMiddleware(
            application, allow_origins=["*"], allow_methods=["GET", "HEAD"], allow_headers=["*"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""

        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(FOR_OTHER_SITES)
            await send(message)

        if scope["type"] != "http" or not _PUBLIC.fullmatch(scope["path"]):
            await self._application(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await self._asked(scope, receive, send_with_header)
        else:
            await self._application(scope, receive, send_with_header)
