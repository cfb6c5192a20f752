"""Errors as answers: the only place that knows which status an error has.

Programs get RFC 9457 problem documents; people get the form again, with a sentence.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from banners.errors import (
    BannersError,
    InvalidCampaignId,
    InvalidGeneration,
    InvalidQuarter,
    NothingPublished,
    NothingToShow,
    NotInQuarter,
    StoreError,
    UnknownCampaign,
    UnknownGeneration,
    shorten,
)
from banners.web.form import Form

_LOG = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
"""What a problem document is called."""

RETRY_SECONDS = 10
"""So long a client is asked to wait when nothing can be served yet."""

# So much of what somebody entered stays in the field.
_SHOWN = 40
_FOR_PROGRAMS = ("/api/", "/healthz", "/readyz", "/openapi.json")


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong with a request, for programs and for people.

    Args:
        status: the HTTP status.
        code: a word for programs to tell problems apart by.
        title: a heading for people.
        detail: what was found, what was expected, what to do next.
        extra: further members of the problem document.
        headers: further headers of the answer.
    """

    status: int
    code: str
    title: str
    detail: str
    extra: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem.

    Args:
        status: the HTTP status.
        code: a word for programs to tell problems apart by.
        title: a heading for people.
    """

    status: HTTPStatus
    code: str
    title: str


_KINDS: Mapping[type[Exception], Kind] = {
    InvalidCampaignId: Kind(HTTPStatus.BAD_REQUEST, "invalid_campaign_id", "Not a campaign id"),
    InvalidQuarter: Kind(HTTPStatus.BAD_REQUEST, "invalid_quarter", "Not a quarter of the hour"),
    InvalidGeneration: Kind(HTTPStatus.BAD_REQUEST, "invalid_generation", "Not a generation"),
    RequestValidationError: Kind(
        HTTPStatus.BAD_REQUEST, "invalid_request", "Not what this address takes"
    ),
    UnknownGeneration: Kind(HTTPStatus.NOT_FOUND, "unknown_generation", "Not kept"),
    UnknownCampaign: Kind(HTTPStatus.NOT_FOUND, "unknown_campaign", "Unknown campaign"),
    NotInQuarter: Kind(HTTPStatus.NOT_FOUND, "not_in_quarter", "No banners in this quarter"),
    NothingToShow: Kind(HTTPStatus.NOT_FOUND, "nothing_to_show", "No banner to show"),
    NothingPublished: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "nothing_published", "Nothing to show yet"
    ),
    StoreError: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "store_unavailable", "Out of reach"),
    Exception: Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "Something went wrong"),
}
# What the framework finds by itself where programs ask, which it tells by the status alone.
_FRAMEWORKS = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


def kinds() -> list[Kind]:
    """List the kinds of problem that programs can meet, by status."""
    found = [Kind(status, status.name.lower(), status.phrase) for status in _FRAMEWORKS]
    return sorted([*_KINDS.values(), *found], key=lambda kind: kind.status)


def problem_of(error: Exception) -> Problem:
    """Tell what answer an error deserves."""
    if isinstance(error, HTTPException):
        return _framework_problem(error)
    kind = next(_KINDS[each] for each in type(error).__mro__ if each in _KINDS)
    if isinstance(error, RequestValidationError):
        detail = _misfit(error)
    elif isinstance(error, StoreError) or kind.status is HTTPStatus.INTERNAL_SERVER_ERROR:
        # Their messages name hosts and files, which are none of a visitor's business.
        detail = _hidden(kind.status)
    else:
        detail = str(error)
    further, headers = _further(error), _retry(kind.status)
    return Problem(kind.status, kind.code, kind.title, detail, further, headers)


def install(app: FastAPI, form: Form) -> None:
    """Make the application answer every error: as JSON for programs, as a page for people."""

    def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            error = _with_all_methods(request, error)
        problem = problem_of(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        elif isinstance(error, StoreError):
            _LOG.error("%s %s: %s", request.method, request.url.path, error)
        if request.url.path.startswith(_FOR_PROGRAMS):
            return JSONResponse(
                written(problem), problem.status, dict(problem.headers), media_type=PROBLEM
            )
        return form.answer(
            request,
            status=problem.status,
            problem=problem,
            entered=_entered(error),
            headers=dict(problem.headers),
        )

    for kind in (BannersError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer)


def _further(error: Exception) -> dict[str, list[int]]:
    """Tell programs what would have been found."""
    match error:
        case NotInQuarter():
            return {"quarters": list(error.elsewhere)}
        case UnknownGeneration():
            return {"generations": list(error.kept)}
        case _:
            return {}


def _entered(error: Exception) -> str:
    """Tell what was asked for, so that it stays in the field to be mended."""
    if isinstance(error, InvalidCampaignId):
        return error.given[:_SHOWN]
    if isinstance(error, UnknownCampaign | NotInQuarter):
        return str(error.campaign_id)
    return ""


def written(problem: Problem) -> dict[str, Any]:
    """Write a problem as RFC 9457 has it."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        **problem.extra,
    }


def _with_all_methods(request: Request, error: HTTPException) -> HTTPException:
    """Name all methods that an address takes; the framework names those of one function alone."""
    path = getattr(request.scope.get("route"), "path_format", "")
    described = request.app.openapi()["paths"].get(path)
    if error.status_code != HTTPStatus.METHOD_NOT_ALLOWED or not described:
        return error
    return HTTPException(error.status_code, headers={"Allow": ", ".join(described).upper()})


def _framework_problem(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    headers = {name.title(): value for name, value in (error.headers or {}).items()}
    if "GET" in headers.get("Allow", ""):
        # HEAD is answered by what wraps the framework, which knows nothing of it.
        headers["Allow"] = ", ".join(sorted({*headers["Allow"].split(", "), "HEAD"}))
    detail = {
        HTTPStatus.NOT_FOUND: "There is nothing at this address. Ask for a campaign by its id.",
        HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that kind of request; "
        f"it takes {headers.get('Allow', 'GET')}.",
    }.get(status, f"{error.detail}.")
    return Problem(status, status.name.lower(), status.phrase, detail, {}, headers)


def _misfit(error: RequestValidationError) -> str:
    # Where it is, and what was expected there; what was given may be long, or a secret.
    found = "; ".join(
        f"{shorten('.'.join(map(str, each['loc'])))}: {each['msg']}" for each in error.errors()
    )
    return f"{found}. What it takes is described at /docs."


def _hidden(status: HTTPStatus) -> str:
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return "The database cannot be read at the moment. Try again in a few seconds."
    return "The request failed through a fault of ours, which has been logged. Try again."


def _retry(status: HTTPStatus) -> Mapping[str, str]:
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_SECONDS)}
    return {}
