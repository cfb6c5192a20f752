"""Refuses requests without exactly one valid ``Host``."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from banners.web.http.hosts import has_valid_host
from banners.web.http.problems import PROBLEM_TYPE, problem_document, problem_of

_NO_HOST = HTTPException(
    HTTPStatus.BAD_REQUEST, "A request needs exactly one header Host, with a valid name"
)


class WithHost:
    """Wraps an application, and answers 400 where ``Host`` is missing, repeated or malformed.

    Two readers of such a request, a proxy and this server, may take it for two hosts.
    Source: RFC 9112, 3.2.

    Args:
        application: the ASGI application to wrap.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http" or has_valid_host(scope):
            await self._application(scope, receive, send)
            return
        problem = problem_of(_NO_HOST)
        answer = JSONResponse(problem_document(problem), problem.status, media_type=PROBLEM_TYPE)
        await answer(scope, receive, send)
