"""The answer to every error: the only place that knows the status of an error.

Programs get an RFC 9457 problem document; people get the form again, with a sentence.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from banners.core.addresses import Route
from banners.errors import (
    BannersError,
    CampaignOff,
    CatalogueError,
    EditOvertaken,
    ExpiredLink,
    InvalidCampaignId,
    InvalidGeneration,
    InvalidQuarter,
    NotAllowed,
    NotConversions,
    NothingPublished,
    NothingToShow,
    NotInCatalogue,
    NotInQuarter,
    NotKept,
    NotSignedIn,
    OlderTables,
    StoreError,
    TooManyWrongKeys,
    TooManyWrongPasswords,
    UnknownCampaign,
    UnknownForm,
    UnknownGeneration,
    UnknownVersion,
    WrongKey,
    WrongPassword,
    shorten,
)
from banners.web.http.form import Form

_LOG = logging.getLogger(__name__)

Answer = Callable[[Request, Exception], Response]
"""Answers an error of a request."""

PROBLEM_TYPE = "application/problem+json"
"""The media type of a problem document."""

RETRY_SECONDS = 10
"""Seconds that a client is asked to wait while the service is unavailable."""

CLIENT_LEFT = 499
"""The status that is counted where a client left in the middle of its request, as in nginx."""

# Maximum number of characters of a malformed id that stay in the field.
_ENTERED_CHARACTERS = 40
OLDER_TABLES = (
    "The database has the tables of an earlier release. On the host of the job, bring them up to "
    "date: banners upgrade"
)
"""What operators are told to do about such a database."""
# The first is the API in any version.
_FOR_PROGRAMS = (
    *(f"{Route.API.rpartition('/')[0]}/", Route.HEALTH, Route.READY),
    *(Route.OPENAPI, Route.METRICS),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """The error that answers a request, for programs and for people.

    Args:
        status: the HTTP status.
        code: the word that identifies the kind of error to programs.
        title: a heading for people.
        detail: a sentence: what was found, what was expected, what to do next.
        extra: further members of the problem document, by name.
        headers: further headers of the answer.
    """

    status: int
    code: str
    title: str
    detail: str
    extra: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of error, as it is answered.

    Args:
        status: the HTTP status.
        code: the word that identifies the kind of error to programs.
        title: a heading for people.
    """

    status: HTTPStatus
    code: str
    title: str


_KINDS: Mapping[type[Exception], ProblemKind] = {
    InvalidCampaignId: ProblemKind(
        HTTPStatus.BAD_REQUEST, "invalid_campaign_id", "Not a campaign id"
    ),
    InvalidQuarter: ProblemKind(
        HTTPStatus.BAD_REQUEST, "invalid_quarter", "Not a quarter of the hour"
    ),
    InvalidGeneration: ProblemKind(
        HTTPStatus.BAD_REQUEST, "invalid_generation", "Not a generation"
    ),
    RequestValidationError: ProblemKind(
        HTTPStatus.BAD_REQUEST, "invalid_request", "Invalid request"
    ),
    NotSignedIn: ProblemKind(HTTPStatus.UNAUTHORIZED, "not_signed_in", "For operators"),
    WrongPassword: ProblemKind(HTTPStatus.UNAUTHORIZED, "wrong_password", "Wrong password"),
    WrongKey: ProblemKind(HTTPStatus.UNAUTHORIZED, "wrong_key", "Wrong key"),
    TooManyWrongKeys: ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS, "too_many_wrong_keys", "Too many wrong keys"
    ),
    NotConversions: ProblemKind(HTTPStatus.BAD_REQUEST, "not_conversions", "Not conversions"),
    NotKept: ProblemKind(HTTPStatus.SERVICE_UNAVAILABLE, "not_kept", "Not kept"),
    NotAllowed: ProblemKind(HTTPStatus.FORBIDDEN, "not_allowed", "Not allowed"),
    ExpiredLink: ProblemKind(HTTPStatus.FORBIDDEN, "expired_link", "The link has expired"),
    UnknownForm: ProblemKind(HTTPStatus.FORBIDDEN, "unknown_form", "The form has expired"),
    TooManyWrongPasswords: ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS, "too_many_wrong_passwords", "Too many wrong passwords"
    ),
    UnknownGeneration: ProblemKind(HTTPStatus.NOT_FOUND, "unknown_generation", "Not kept"),
    UnknownCampaign: ProblemKind(HTTPStatus.NOT_FOUND, "unknown_campaign", "Unknown campaign"),
    CampaignOff: ProblemKind(HTTPStatus.NOT_FOUND, "campaign_off", "Not shown now"),
    NotInQuarter: ProblemKind(HTTPStatus.NOT_FOUND, "not_in_quarter", "No banners in this quarter"),
    NothingToShow: ProblemKind(HTTPStatus.NOT_FOUND, "nothing_to_show", "No banner to show"),
    NothingPublished: ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "nothing_published", "Nothing to show yet"
    ),
    NotInCatalogue: ProblemKind(HTTPStatus.NOT_FOUND, "not_in_catalogue", "Not in the catalogue"),
    UnknownVersion: ProblemKind(HTTPStatus.NOT_FOUND, "unknown_version", "Unknown version"),
    EditOvertaken: ProblemKind(HTTPStatus.CONFLICT, "overtaken", "Changed in the meantime"),
    CatalogueError: ProblemKind(HTTPStatus.BAD_REQUEST, "invalid_change", "Nothing was changed"),
    StoreError: ProblemKind(HTTPStatus.SERVICE_UNAVAILABLE, "store_unavailable", "Out of reach"),
    Exception: ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "Something went wrong"),
}
# The errors that the framework raises for addresses of programs, with nothing but a status.
_STATUSES_OF_FRAMEWORK = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
)


def problem_kinds() -> list[ProblemKind]:
    """Return the kinds of error that programs can meet, sorted by status."""
    found = [
        ProblemKind(status, status.name.lower(), status.phrase) for status in _STATUSES_OF_FRAMEWORK
    ]
    return sorted([*_KINDS.values(), *found], key=lambda kind: kind.status)


def problem_of(error: Exception) -> Problem:
    """Return the problem that answers an error."""
    if isinstance(error, HTTPException):
        return _framework_problem(error)
    kind = next(_KINDS[each] for each in type(error).__mro__ if each in _KINDS)
    if isinstance(error, RequestValidationError):
        detail = _validation_detail(error)
    elif isinstance(error, OlderTables):
        detail = OLDER_TABLES
    elif isinstance(error, StoreError) or kind.status is HTTPStatus.INTERNAL_SERVER_ERROR:
        # Their messages may name hosts and files, which visitors must not see.
        detail = _public_detail(kind.status)
    else:
        detail = str(error)
    return Problem(
        *(kind.status, kind.code, kind.title, detail),
        extra=_extra_members(error),
        headers=_headers(kind.status, error),
    )


def is_for_programs(path: str) -> bool:
    """Return whether errors of an address are answered to programs, and not with a page."""
    return path.startswith(_FOR_PROGRAMS)


def install(app: FastAPI, form: Form) -> Answer:
    """Make the application answer every error: JSON to programs, a page to people.

    Returns:
        The function that answers an error of a request.
    """

    def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            error = _with_allowed_methods(request, error)
        problem = problem_of(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        elif isinstance(error, StoreError):
            _LOG.error("%s %s: %s", request.method, request.url.path, error)
        if is_for_programs(request.url.path):
            return JSONResponse(
                problem_document(problem),
                problem.status,
                dict(problem.headers),
                media_type=PROBLEM_TYPE,
            )
        return form.answer(
            request,
            status=problem.status,
            problem=problem,
            entered=_text_for_field(error),
            headers=dict(problem.headers),
        )

    for kind in (BannersError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer)
    # The answer reaches nobody; its status is what the figures count.
    app.add_exception_handler(ClientDisconnect, lambda *_: Response(status_code=CLIENT_LEFT))
    return answer


def _extra_members(error: Exception) -> dict[str, Any]:
    """Return what else programs can use: quarters or generations to ask for, or a state."""
    match error:
        case NotInQuarter():
            return {"quarters": list(error.elsewhere)}
        case UnknownGeneration():
            return {"generations": list(error.kept)}
        case CampaignOff():
            return {"state": error.state}
        case _:
            return {}


def _text_for_field(error: Exception) -> str:
    """Return what the visitor entered, so that it stays in the field to be corrected."""
    if isinstance(error, InvalidCampaignId):
        return error.given[:_ENTERED_CHARACTERS]
    if isinstance(error, UnknownCampaign | NotInQuarter | CampaignOff):
        return str(error.campaign_id)
    return ""


def problem_document(problem: Problem) -> dict[str, Any]:
    """Return the members of the problem document (RFC 9457, section 3)."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        **problem.extra,
    }


def _with_allowed_methods(request: Request, error: HTTPException) -> HTTPException:
    """Return the error with all methods of its address; the framework lists one function's."""
    if error.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
        return error
    path = getattr(request.scope.get("route"), "path_format", "")
    operations = request.app.openapi()["paths"].get(path)
    if not operations:
        return error
    return HTTPException(error.status_code, headers={"Allow": ", ".join(operations).upper()})


def _framework_problem(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    headers = {name.title(): value for name, value in (error.headers or {}).items()}
    if "GET" in headers.get("Allow", ""):
        # HEAD is answered by a middleware, which the framework does not know.
        headers["Allow"] = ", ".join(sorted({*headers["Allow"].split(", "), "HEAD"}))
    detail = {
        HTTPStatus.NOT_FOUND: "There is nothing at this address. Ask for a campaign by its id.",
        HTTPStatus.METHOD_NOT_ALLOWED: "This address does not accept that method; "
        f"it accepts {headers.get('Allow', 'GET')}.",
    }.get(status, f"{error.detail}.")
    return Problem(status, status.name.lower(), status.phrase, detail, {}, headers)


def _validation_detail(error: RequestValidationError) -> str:
    # The value itself is left out: it may be long, or a secret.
    found = "; ".join(
        f"{shorten('.'.join(map(str, each['loc'])))}: {each['msg']}" for each in error.errors()
    )
    return f"{found}. The description of the API has the parameters of every address."


def _public_detail(status: HTTPStatus) -> str:
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return "The database cannot be read at the moment. Try again in a few seconds."
    return (
        "The request failed because of an error in the service, which has been logged. Try again."
    )


def _headers(status: HTTPStatus, error: Exception) -> Mapping[str, str]:
    if isinstance(error, TooManyWrongPasswords):
        return {"Retry-After": str(error.seconds)}
    if status is HTTPStatus.UNAUTHORIZED:
        # Not Basic: browsers would ask for a name and a password in a window of their own.
        return {"WWW-Authenticate": 'Bearer realm="Banners"'}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_SECONDS)}
    return {}
