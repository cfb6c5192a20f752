"""The gate in front of every address: finds out who asks, and refuses what is not for them."""

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banners.core.addresses import Route, Site
from banners.errors import AccessRefused, NotSignedIn
from banners.web.http.caller import Proof, caller_of, pass_on
from banners.web.http.problems import Answer, is_for_programs
from banners.web.operators.audience import Audience, addressed, audience_of, refusal
from banners.web.operators.next_address import is_next
from banners.web.operators.sign_ins import SignIns, sent_nonce
from banners.web.operators.signing import new_nonce

_NEXT = "next"


class _Refused(NamedTuple):
    """The route of a refused request, as the framework would note it, for the metrics.

    Args:
        path_format: the path of the route.
    """

    path_format: str


class Gate:
    """Wraps an application, notes who asks, and refuses what is not for them.

    It stands where the path is decoded and without the prefix, so that it sees what the framework
    sees. What it lets through is checked again by :func:`guard`, with the route that the framework
    has chosen.

    Args:
        application: the ASGI application to wrap.
        sign_ins: finds out who asks.
        answer: answers the error of a request.
    """

    def __init__(self, application: ASGIApp, sign_ins: SignIns, answer: Answer) -> None:
        self._application = application
        self._sign_ins = sign_ins
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        route, campaign = addressed(scope["path"])
        audience = audience_of(scope["method"], route)
        nonce, is_new = self._nonce(scope, route, audience)
        try:
            caller = await self._sign_ins.caller(scope, audience, nonce)
            pass_on(scope, caller)
            refused: AccessRefused | None = refusal(audience, caller, scope["method"], campaign)
        except AccessRefused as error:
            refused = error
        if refused:
            scope["route"] = _Refused(route or "")
            await self._answer(Request(scope), refused)(scope, receive, send)
            return
        if is_new and caller.proof in {Proof.NONE, Proof.OPEN}:
            send = self._keeping(nonce, send)
        await self._application(scope, receive, send)

    def _nonce(self, scope: Scope, route: Route | None, audience: Audience) -> tuple[str, bool]:
        """Return what the forms of a page belong to, and whether the browser has yet to keep it."""
        sent = sent_nonce(scope)
        has_forms = route is Route.SIGN_IN or audience is not Audience.EVERYBODY
        if sent or not has_forms or is_for_programs(scope["path"]):
            return sent, False
        return new_nonce(), True

    def _keeping(self, nonce: str, send: Send) -> Send:
        response = Response()
        self._sign_ins.keep_nonce(response, nonce)
        cookie = response.headers["set-cookie"]

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return send_with_cookie


def guard(request: Request) -> None:
    """Refuse a request that is not for the caller, by the route that the framework has chosen.

    Raises:
        AccessRefused: it is not.
    """
    path = getattr(request.scope.get("route"), "path_format", "")
    campaign = str(request.path_params.get("campaign_id", ""))
    method = request.scope["method"]
    audience = audience_of(method, Route(path)) if path in set(Route) else Audience.OPERATORS
    if refused := refusal(audience, caller_of(request), method, campaign):
        raise refused


def _with_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _page_of_form(request: Request, site: Site) -> str:
    """Return the address of the page whose form was sent; empty if it is unknown."""
    try:
        page = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    return _with_query(page.path.removeprefix(site.prefix), page.query)


def to_sign_in(site: Site, answer: Answer) -> Callable[[Request, Exception], Response]:
    """Return what answers a request of somebody who has to sign in first.

    Pages lead to the sign-in page, and from there back to where they were asked for; programs get
    the error.

    Args:
        site: the application as others reach it.
        answer: answers all other errors.
    """

    def answered(request: Request, error: Exception) -> Response:
        path = request.scope["path"]
        if not isinstance(error, NotSignedIn) or is_for_programs(path):
            return answer(request, error)
        if request.scope["method"] == "GET":
            wanted = _with_query(path, request.scope["query_string"].decode("latin-1"))
        else:
            wanted = _page_of_form(request, site)
        question = f"?{urlencode({_NEXT: wanted})}" if is_next(wanted) else ""
        return RedirectResponse(site.at(Route.SIGN_IN) + question, HTTPStatus.SEE_OTHER)

    return answered
