"""How answers other than the usual one are described."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from itertools import groupby
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from banners.errors import (
    InvalidCampaignId,
    InvalidGeneration,
    InvalidQuarter,
    NothingPublished,
    NotInQuarter,
    StoreError,
    UnknownCampaign,
    UnknownGeneration,
)
from banners.web.problems import PROBLEM, RETRY_SECONDS, Problem, problem_of, written

Responses = dict[int | str, dict[str, Any]]
"""Descriptions of answers by their status, as routes take them."""

_FORM_AGAIN = "The form again, with a sentence that says what is wrong"
_RETRY = {
    "Retry-After": {
        "description": "So many seconds are to pass before it is tried again.",
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
        UnknownGeneration(1, 2, (4, 3)),
        NothingPublished(),
        StoreError(),
    )
}
WRONG_CAMPAIGN = (InvalidCampaignId, InvalidQuarter, UnknownCampaign, NotInQuarter)
"""What may be wrong with a campaign and a quarter that are asked for."""

WRONG_GENERATION = (InvalidGeneration, UnknownGeneration)
"""What may be wrong with a generation that is asked for."""

NOTHING_TO_READ = (NothingPublished, StoreError)
"""Why nothing can be read at the moment."""


class ProblemDocument(BaseModel):
    """What went wrong, as RFC 9457 has it.

    Args:
        type: always `about:blank`, since `code` tells problems apart.
        title: what the status means.
        status: the HTTP status once more.
        detail: what was found, what was expected, and what to do next, for people.
        code: a word for programs to tell problems apart by; there may be new ones.
        quarters: with `not_in_quarter`, the quarters in which the campaign has banners.
        generations: with `unknown_generation`, those that are kept of the quarter.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    quarters: list[int] | None = None
    generations: list[int] | None = None


def problems_of(*kinds: type[Exception]) -> Responses:
    """Describe the errors that are answered with a problem document, each with an example."""
    found = sorted((_EXAMPLES[kind] for kind in kinds), key=_status)
    return {
        status: _answer(status, _codes(problems)) for status, problems in groupby(found, _status)
    }


def pages_of(*statuses: int) -> Responses:
    """Describe the errors that are answered with a page: the form again, with a sentence."""
    page = {"description": _FORM_AGAIN, "content": {"text/html": {"schema": {"type": "string"}}}}
    return {status: _answer(status, page) for status in statuses}


def leads(status: int, description: str) -> Responses:
    """Describe an answer that leads elsewhere."""
    location = {"description": "Where it leads.", "schema": {"type": "string"}}
    return {status: {"description": description, "headers": {"Location": location}}}


PROPER = leads(
    308, "Leads to the address as it is written properly: no slash at its end, no zeros in front"
)
"""Describes the answer to an id that could be written shorter, or has a slash behind it."""

NO_SLASH = leads(308, "Leads to the address without the slash at its end")
"""Describes the answer to an address with a slash behind it, where ids may be written anyhow."""


def _status(problem: Problem) -> int:
    return int(problem.status)


def _codes(problems: Iterable[Problem]) -> dict[str, Any]:
    examples = {each.code: {"summary": each.title, "value": written(each)} for each in problems}
    codes = ", ".join(f"`{code}`" for code in examples)
    return {
        "description": f"A problem document: {codes}",
        "content": {PROBLEM: {"examples": examples}},
        "model": ProblemDocument,
    }


def _answer(status: int, described: Mapping[str, Any]) -> dict[str, Any]:
    """Add the header that answers of this status have."""
    unavailable = status == HTTPStatus.SERVICE_UNAVAILABLE
    return {**described, "headers": _RETRY} if unavailable else {**described}
