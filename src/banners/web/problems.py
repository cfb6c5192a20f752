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
from banners.web.openapi import PROBLEM

_LOG = logging.getLogger(__name__)

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


_KINDS: Mapping[type[BannersError], tuple[HTTPStatus, str, str]] = {
    InvalidCampaignId: (HTTPStatus.BAD_REQUEST, "invalid_campaign_id", "Not a campaign id"),
    InvalidQuarter: (HTTPStatus.BAD_REQUEST, "invalid_quarter", "Not a quarter of the hour"),
    InvalidGeneration: (HTTPStatus.BAD_REQUEST, "invalid_generation", "Not a generation"),
    UnknownGeneration: (HTTPStatus.NOT_FOUND, "unknown_generation", "Not kept"),
    UnknownCampaign: (HTTPStatus.NOT_FOUND, "unknown_campaign", "Unknown campaign"),
    NotInQuarter: (HTTPStatus.NOT_FOUND, "not_in_quarter", "No banners in this quarter"),
    NothingToShow: (HTTPStatus.NOT_FOUND, "nothing_to_show", "No banner to show"),
    NothingPublished: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "nothing_published",
        "Nothing to show yet",
    ),
    StoreError: (HTTPStatus.SERVICE_UNAVAILABLE, "store_unavailable", "Out of reach"),
    BannersError: (HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "Something went wrong"),
}


def problem_of(error: Exception) -> Problem:
    """Tell what answer an error deserves."""
    if isinstance(error, HTTPException):
        return _framework_problem(error)
    if isinstance(error, RequestValidationError):
        return _misfit(error)
    if not isinstance(error, BannersError):
        return _hidden(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "Something went wrong")
    status, code, title = next(_KINDS[kind] for kind in type(error).__mro__ if kind in _KINDS)
    if isinstance(error, StoreError) or status is HTTPStatus.INTERNAL_SERVER_ERROR:
        # Their messages name hosts and files, which are none of a visitor's business.
        return _hidden(status, code, title)
    return Problem(status, code, title, str(error), _further(error), _retry(status))


def install(app: FastAPI, form: Form) -> None:
    """Make the application answer every error: as JSON for programs, as a page for people."""

    def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        elif isinstance(error, StoreError):
            _LOG.error("%s %s: %s", request.method, request.url.path, error)
        if request.url.path.startswith(_FOR_PROGRAMS):
            return problem_document(problem)
        return form.answer(
            request,
            status=problem.status,
            problem=problem,
            entered=_entered(error),
            headers=dict(problem.headers),
        )

    for kind in (BannersError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer)


def _further(error: BannersError) -> dict[str, list[int]]:
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


def problem_document(problem: Problem) -> Response:
    """Write a problem as RFC 9457 has it."""
    return JSONResponse(
        {
            "type": "about:blank",
            "title": HTTPStatus(problem.status).phrase,
            "status": problem.status,
            "detail": problem.detail,
            "code": problem.code,
            **problem.extra,
        },
        status_code=problem.status,
        headers=dict(problem.headers),
        media_type=PROBLEM,
    )


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


def _misfit(error: RequestValidationError) -> Problem:
    # Where it is, and what was expected there; what was given may be long, or a secret.
    found = "; ".join(
        f"{shorten('.'.join(map(str, each['loc'])))}: {each['msg']}" for each in error.errors()
    )
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "invalid_request",
        "Not what this address takes",
        f"{found}. What it takes is described at /openapi.json.",
        {},
        {},
    )


def _hidden(status: HTTPStatus, code: str, title: str) -> Problem:
    detail = (
        "The database cannot be read at the moment. Try again in a few seconds."
        if status is HTTPStatus.SERVICE_UNAVAILABLE
        else "The request failed through a fault of ours, which has been logged. Try again."
    )
    return Problem(status, code, title, detail, {}, _retry(status))


def _retry(status: HTTPStatus) -> Mapping[str, str]:
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_SECONDS)}
    return {}
