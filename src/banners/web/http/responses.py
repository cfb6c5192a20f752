"""Descriptions of redirects and errors, for the OpenAPI document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from typing import Any

from fastapi.exceptions import RequestValidationError

from banners.errors import (
    CampaignOff,
    InvalidCampaignId,
    InvalidGeneration,
    InvalidQuarter,
    NotAllowed,
    NotConversions,
    NothingPublished,
    NotInQuarter,
    NotKept,
    NotSignedIn,
    StoreError,
    TooManyWrongKeys,
    TooManyWrongPasswords,
    UnknownCampaign,
    UnknownGeneration,
    WrongKey,
    WrongPassword,
)
from banners.reports.json_object import JsonObject
from banners.web.http.problems import (
    PROBLEM_TYPE,
    RETRY_SECONDS,
    Problem,
    problem_document,
    problem_of,
)

Responses = dict[int | str, dict[str, Any]]
"""Descriptions of answers, by status, in the form that the framework's routes take."""

_RETRY = {
    "Retry-After": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer", "examples": [RETRY_SECONDS]},
    }
}
_EXAMPLES: Mapping[type[Exception], Problem] = {
    type(each): problem_of(each)
    for each in (
        InvalidCampaignId("1.5"),
        InvalidQuarter("5"),
        InvalidGeneration("0"),
        RequestValidationError(
            [{"loc": ("query", "page"), "msg": "String should match pattern '^[1-9][0-9]{0,8}$'"}]
        ),
        UnknownCampaign(999),
        NotInQuarter(54, 2, (1, 3)),
        CampaignOff(54, "paused", "2026-01-31 10:20:00"),
        UnknownGeneration(1, 2, (4, 3)),
        NotSignedIn(),
        WrongPassword(),
        NotAllowed(),
        TooManyWrongPasswords(7),
        WrongKey(),
        TooManyWrongKeys(7),
        NotConversions(1_000),
        NotKept(),
        NothingPublished(),
        StoreError(),
    )
}
CAMPAIGN_ERRORS = (InvalidCampaignId, InvalidQuarter, UnknownCampaign, NotInQuarter, CampaignOff)
"""The errors of a request that names a campaign and a quarter."""

GENERATION_ERRORS = (InvalidGeneration, UnknownGeneration)
"""The errors of a request that names a generation."""

READING_ERRORS = (NothingPublished, StoreError)
"""The errors of every request that reads lineups."""


@dataclass(frozen=True, slots=True)
class ProblemDocument(JsonObject):
    """An error, as RFC 9457 defines it."""

    type: str
    """Always `about:blank`: `code` is what distinguishes errors."""

    title: str
    """The meaning of the status."""

    status: int
    """The HTTP status, repeated."""

    detail: str
    """A sentence for people: what was found, what was expected, what to do next."""

    code: str
    """A word for programs that identifies the error; new ones may be added."""

    quarters: list[int] | None = None
    """With `not_in_quarter`: the quarters in which the campaign has banners."""

    state: str | None = None
    """With `campaign_off`: `paused`, `ended` or `starts` (is still to start)."""

    generations: list[int] | None = None
    """With `unknown_generation`: the generations of the quarter that are kept."""


def problem_responses(*errors: type[Exception] | Exception) -> Responses:
    """Describe errors that are answered with a problem document, each with an example."""
    problems = sorted(map(_example, errors), key=_status)
    return {
        status: _with_headers(status, _problem_documents(of_status))
        for status, of_status in groupby(problems, _status)
    }


def error_pages(*statuses: int) -> Responses:
    """Describe errors that are answered with a page."""
    page = {
        "description": "The form, with a sentence that says what is wrong",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
    return {status: _with_headers(status, page) for status in statuses}


def redirect(status: int, description: str) -> Responses:
    """Describe a redirect."""
    location = {"description": "The address to go to.", "schema": {"type": "string"}}
    return {status: {"description": description, "headers": {"Location": location}}}


TO_CANONICAL_ADDRESS = redirect(
    308, "Redirects to the canonical address: no slash at its end, no leading zeros in the id"
)
"""The redirect of addresses that have one canonical form."""

TO_ADDRESS_WITHOUT_SLASH = redirect(308, "Redirects to the same address without a slash at its end")
"""The redirect of addresses that accept ids with leading zeros."""


def _example(error: type[Exception] | Exception) -> Problem:
    return problem_of(error) if isinstance(error, Exception) else _EXAMPLES[error]


def _status(problem: Problem) -> int:
    return int(problem.status)


def _problem_documents(problems: Iterable[Problem]) -> dict[str, Any]:
    examples = {
        each.code: {"summary": each.title, "value": problem_document(each)} for each in problems
    }
    codes = ", ".join(f"`{code}`" for code in examples)
    return {
        "description": f"A problem document: {codes}",
        "content": {PROBLEM_TYPE: {"examples": examples}},
        "model": ProblemDocument,
    }


def _with_headers(status: int, response: Mapping[str, Any]) -> dict[str, Any]:
    waits = status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}
    return {**response, "headers": _RETRY} if waits else {**response}
