"""Verify the content of an answer, not only its arrival."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from typing import NamedTuple

from banners.core.addresses import IMAGE_PATTERN, Route
from banners.stress.expectations import Expectation, QuarterExpectations

_EMBEDDED = {HTTPStatus.OK, HTTPStatus.FOUND}
_NAMED = 5
"""Maximum number of banners that a failure names."""


class Address(StrEnum):
    """The address of a campaign that is requested."""

    PAGE = "page"
    JSON = "json"
    BANNER = "banner"

    @property
    def path(self) -> str:
        """The path, with ``%d`` for the campaign's id."""
        route = {
            Address.PAGE: Route.CAMPAIGN,
            Address.JSON: Route.API_BANNERS,
            Address.BANNER: Route.BANNER,
        }[self]
        return route.at(campaign_id="%d")


class Fault(StrEnum):
    """The kinds of failure."""

    NOT_CONNECTED = "not connected"
    CUT_OFF = "cut off"
    TIMED_OUT = "timed out"
    NEVER_SENT = "never sent"
    NOT_CHECKED = "not checked"
    MALFORMED = "malformed"
    WRONG_STATUS = "wrong status"
    WRONG_GENERATION = "wrong generation"
    WRONG_BANNERS = "wrong banners"


class Answer(NamedTuple):
    """A complete answer; moments are in seconds of the clock of the run.

    A tuple, since one is made for every request.
    """

    address: Address
    campaign_id: int
    status: int
    body: bytes
    location: bytes
    sent: float
    received: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request counts as failed.

    Args:
        fault: the kind of failure.
        campaign_id: the campaign that was requested; None if no request was sent.
        reason: what was expected and what was found.
    """

    fault: Fault
    campaign_id: int | None
    reason: str


def verify(
    answer: Answer,
    expected: QuarterExpectations,
    expectation: Expectation | None,
    prefix: str = "",
) -> Failure | None:
    """Return how an answer differs from what is expected; None if it does not.

    Args:
        answer: the answer.
        expected: the quarter and generation that it must be from.
        expectation: what the campaign shows in them; None if it does not exist there, and the
            answer must be a 404.
        prefix: what the addresses of images must begin with, such as ``/ads``; a server that is
            requested without one may still write addresses with it.
    """
    shows_any = expectation is not None and expectation.count > 0
    is_embed = expected.has_catalogue and answer.address is Address.BANNER
    if is_embed and not shows_any and answer.status in _EMBEDDED:
        return None  # a banner of the house campaign, or nothing to be seen
    status = _status(answer.address, expectation)
    if answer.status != status:
        reason = f"the status is {answer.status}, expected {status:d}"
        return Failure(Fault.WRONG_STATUS, answer.campaign_id, reason)
    if expectation is None or status == HTTPStatus.NOT_FOUND:
        return None
    match answer.address:
        case Address.PAGE:
            images = _image(prefix, 'src="', '"').findall(answer.body)
            wrong = _differs([*map(int, images)], expectation)
        case Address.JSON:
            return _verify_json(answer, expected, expectation)
        case Address.BANNER:
            wrong = _verify_banner(answer.location, expectation, prefix)
    return Failure(Fault.WRONG_BANNERS, answer.campaign_id, wrong) if wrong else None


def _status(address: Address, expectation: Expectation | None) -> HTTPStatus:
    if expectation is None:
        return HTTPStatus.NOT_FOUND
    if address is not Address.BANNER:
        return HTTPStatus.OK
    # A page may show no banner; the address of one banner then has nothing to lead to.
    return HTTPStatus.FOUND if expectation.count else HTTPStatus.NOT_FOUND


def _verify_json(
    answer: Answer, expected: QuarterExpectations, expectation: Expectation
) -> Failure | None:
    try:
        served = json.loads(answer.body)
        banners = served["banners"]
        ids = [int(each["banner_id"]) for each in banners]
        filled = {int(each["banner_id"]) for each in banners if each["filled"]}
        of = served["campaign_id"], served["quarter"], served["generation"]
    except (ValueError, KeyError, TypeError) as error:
        reason = f"the answer is not the JSON of a campaign's banners: {error!r}"
        return Failure(Fault.MALFORMED, answer.campaign_id, reason)
    number = expected.generation.number if expected.generation else None
    wanted = answer.campaign_id, int(expected.quarter), number
    if of != wanted:
        reason = "the answer is for campaign {}, quarter {}, generation {}".format(*of)
        reason += ", expected campaign {}, quarter {}, generation {}".format(*wanted)
        return Failure(Fault.WRONG_GENERATION, answer.campaign_id, reason)
    wrong = _differs(ids, expectation)
    if not wrong and filled != set(ids) - expectation.lineup:
        marked = filled ^ (set(ids) - expectation.lineup)
        wrong = f"{_listed(marked)} wrongly marked as filled in or not"
    return Failure(Fault.WRONG_BANNERS, answer.campaign_id, wrong) if wrong else None


def _verify_banner(location: bytes, expectation: Expectation, prefix: str) -> str | None:
    image = _image(prefix, "(?:https?://[^/]*)?").fullmatch(location)
    if image is None:
        below = f" below {prefix}" if prefix else ""
        return f"the answer leads to {location[:80]!r}, expected the image of a banner{below}"
    banner_id = int(image[1])
    if banner_id in expectation.always or banner_id in expectation.pool:
        return None
    return f"it shows {banner_id}, which is neither in the lineup nor in the fill"


@cache
def _image(prefix: str, before: str, after: str = "") -> re.Pattern[bytes]:
    """Return a pattern of the address of an image between two other expressions."""
    return re.compile(f'{before}{re.escape(prefix)}(?:/[^/"]+)*?{IMAGE_PATTERN}{after}'.encode())


def _differs(ids: list[int], expectation: Expectation) -> str | None:
    """Return how the banners of an answer differ from the expected ones; None if they do not."""
    shown = set(ids)
    if expectation.lineups:
        return _is_none_of_the_prepared(ids, expectation.lineups)
    drawn = shown - expectation.always
    if len(ids) == len(shown) == expectation.count:
        # With the number right, the check of the drawn banners covers the others too.
        if drawn <= expectation.pool and len(drawn) == expectation.count - len(expectation.always):
            return None
    elif len(ids) != len(shown):
        return f"{_listed({each for each in shown if ids.count(each) > 1})} shown more than once"
    if missing := expectation.always - shown:
        return f"{_listed(missing)} missing from it"
    if strange := drawn - expectation.pool:
        return f"{_listed(strange)} neither in the lineup nor in the fill"
    return f"it shows {len(shown)} banners, expected {expectation.count}"


def _is_none_of_the_prepared(ids: list[int], lineups: frozenset[frozenset[int]]) -> str | None:
    """Return that the banners of an answer are none of the prepared lineups; None if they are."""
    if len(ids) == len(set(ids)) and set(ids) in lineups:
        return None
    return f"{_listed(ids)} are none of the {len(lineups)} prepared lineups"


def _listed(banners: Iterable[int]) -> str:
    ids = sorted(banners)
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"banners {', '.join(map(str, ids[:_NAMED]))}{more}"
