"""The pages to sign in and to sign out."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from banners.core.addresses import Route, Site
from banners.errors import AccessRefused, ExpiredLink
from banners.web.http.caller import Proof, caller_of
from banners.web.http.posted_form import posted_form
from banners.web.http.problems import problem_of
from banners.web.operators.next_address import next_address
from banners.web.operators.passwords import Marked
from banners.web.operators.sign_ins import FORM_FIELD, SignIns, check_form

_MOST_CHARACTERS = 2_000

# The address of the page may hold the token of a link.
_NO_REFERRER = {"Referrer-Policy": "no-referrer"}


def routes(sign_ins: SignIns, templates: Jinja2Templates, site: Site) -> APIRouter:
    """Return the routes.

    Args:
        sign_ins: starts and ends sessions.
        templates: the pages' templates.
        site: the application as others reach it.
    """
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get(Route.SIGN_IN)
    def ask(request: Request) -> Response:
        """Show the form, or a button where a link has been followed.

        The link signs nobody in by itself, so that a preview of it does not.
        """
        wanted, token = (
            request.query_params.get(name, "")[:_MOST_CHARACTERS] for name in ("next", "token")
        )
        if sign_ins.is_open or (caller_of(request).proof is Proof.SESSION and not token):
            return _redirect(site, wanted)
        if token and not sign_ins.by_link(token):
            return _page(request, templates, wanted, error=ExpiredLink())
        return _page(request, templates, wanted, token=token)

    @router.post(Route.SIGN_IN)
    async def sign_in(request: Request) -> Response:
        """Start a session for a name and a password, or for a link."""
        fields = await posted_form(request)
        wanted = fields.get("next", "")
        response = _redirect(site, wanted)
        if not sign_ins.is_open:
            try:
                sign_ins.start(response, await _operator(request, sign_ins, fields))
            except AccessRefused as error:
                return _page(request, templates, wanted, error=error)
        return response

    @router.post(Route.SIGN_OUT)
    async def sign_out(request: Request) -> Response:
        """End the session."""
        if caller_of(request).proof is Proof.SESSION:
            check_form(request, (await posted_form(request)).get(FORM_FIELD, ""))
        response = RedirectResponse(site.at(Route.SIGN_IN), HTTPStatus.SEE_OTHER)
        sign_ins.end(response, caller_of(request))
        return response

    return router


async def _operator(request: Request, sign_ins: SignIns, fields: Mapping[str, str]) -> Marked:
    """Return who signs in with a form; a wrong password is refused after a delay."""
    check_form(request, fields.get(FORM_FIELD, ""))
    if token := fields.get("token"):
        found = sign_ins.by_link(token)
        if not found:
            raise ExpiredLink
        return found
    found = sign_ins.by_password(fields.get("name", "").strip(), fields.get("password", "").strip())
    return found or await sign_ins.refuse_password(request.scope)


def _page(
    request: Request,
    templates: Jinja2Templates,
    wanted: str,
    *,
    token: str = "",
    error: AccessRefused | None = None,
) -> Response:
    """Return the page, with an error or with the button of a link."""
    problem = problem_of(error) if error else None
    return templates.TemplateResponse(
        request,
        "sign_in.html",
        {"next": next_address(wanted), "token": token, "problem": problem},
        status_code=problem.status if problem else HTTPStatus.OK,
        headers={**_NO_REFERRER, **(problem.headers if problem else {})},
    )


def _redirect(site: Site, wanted: str) -> RedirectResponse:
    return RedirectResponse(
        site.prefix + next_address(wanted), HTTPStatus.SEE_OTHER, headers=_NO_REFERRER
    )
