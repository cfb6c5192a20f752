"""Whether an answer is what it should be, and not only that it came."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple

from banners.stress.shows import QuarterShows, Shows

_IMAGES = re.compile(rb'src="/static/images/image_([1-9][0-9]{0,17})\.png"')
_IMAGE = re.compile(rb"/static/images/image_([1-9][0-9]{0,17})\.png$")
_NAMED = 5
"""So many banners a complaint names at most."""


class Address(StrEnum):
    """Which address of a campaign is asked for."""

    PAGE = "page"
    JSON = "json"
    BANNER = "banner"

    @property
    def path(self) -> str:
        """The path, with ``%d`` for the campaign's id."""
        return {
            Address.PAGE: "/campaigns/%d",
            Address.JSON: "/api/v1/campaigns/%d/banners",
            Address.BANNER: "/campaigns/%d/banner",
        }[self]


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
    """An answer that came whole; moments are in seconds, of the clock of the run.

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
class Complaint:
    """Why a request counts as failed.

    Args:
        fault: the kind of failure.
        campaign_id: the campaign that was asked for; None if none was.
        reason: what was expected and what was found.
    """

    fault: Fault
    campaign_id: int | None
    reason: str


def check(answer: Answer, expected: QuarterShows, shows: Shows | None) -> Complaint | None:
    """Check an answer; None if it is what it should be.

    Args:
        answer: the answer.
        expected: the quarter and generation that it is to be of.
        shows: what the campaign shows in that; None if it has nothing there, and the answer is
            to be a 404.
    """
    status = _status(answer.address, shows)
    if answer.status != status:
        reason = f"the status is {answer.status}, expected {status:d}"
        return Complaint(Fault.WRONG_STATUS, answer.campaign_id, reason)
    if shows is None or status == HTTPStatus.NOT_FOUND:
        return None
    match answer.address:
        case Address.PAGE:
            wrong = _differs([*map(int, _IMAGES.findall(answer.body))], shows)
        case Address.JSON:
            return _check_json(answer, expected, shows)
        case Address.BANNER:
            wrong = _check_banner(answer.location, shows)
    return Complaint(Fault.WRONG_BANNERS, answer.campaign_id, wrong) if wrong else None


def _status(address: Address, shows: Shows | None) -> HTTPStatus:
    if shows is None:
        return HTTPStatus.NOT_FOUND
    if address is not Address.BANNER:
        return HTTPStatus.OK
    # A page may show no banner at all; one banner cannot be none.
    return HTTPStatus.FOUND if shows.count else HTTPStatus.NOT_FOUND


def _check_json(answer: Answer, expected: QuarterShows, shows: Shows) -> Complaint | None:
    try:
        served = json.loads(answer.body)
        banners = served["banners"]
        ids = [int(each["banner_id"]) for each in banners]
        filled = {int(each["banner_id"]) for each in banners if each["filled"]}
        of = served["campaign_id"], served["quarter"], served["generation"]
    except (ValueError, KeyError, TypeError) as error:
        reason = f"the answer is not the JSON of a campaign's banners: {error!r}"
        return Complaint(Fault.MALFORMED, answer.campaign_id, reason)
    number = expected.generation.number if expected.generation else None
    wanted = answer.campaign_id, int(expected.quarter), number
    if of != wanted:
        reason = "the answer is of campaign {}, quarter {}, generation {}".format(*of)
        reason += ", expected campaign {}, quarter {}, generation {}".format(*wanted)
        return Complaint(Fault.WRONG_GENERATION, answer.campaign_id, reason)
    wrong = _differs(ids, shows)
    if not wrong and filled != set(ids) - shows.lineup:
        wrong = f"{_listed(filled ^ (set(ids) - shows.lineup))} wrongly marked as filled in or not"
    return Complaint(Fault.WRONG_BANNERS, answer.campaign_id, wrong) if wrong else None


def _check_banner(location: bytes, shows: Shows) -> str | None:
    image = _IMAGE.search(location)
    if image is None:
        return f"the answer leads to {location[:80]!r}, expected the image of a banner"
    banner_id = int(image[1])
    if banner_id in shows.always or banner_id in shows.pool:
        return None
    return f"it shows {banner_id}, which is neither in the lineup nor may fill it up"


def _differs(ids: list[int], shows: Shows) -> str | None:
    """Say how the banners of an answer differ from what is to be shown; None if they do not."""
    shown = set(ids)
    drawn = shown - shows.always
    if len(ids) == len(shown) == shows.count:
        # So many as there are to be: with the one side right, the other is.
        if drawn <= shows.pool and len(drawn) == shows.count - len(shows.always):
            return None
    elif len(ids) != len(shown):
        return f"{_listed({each for each in shown if ids.count(each) > 1})} shown more than once"
    if lacking := shows.always - shown:
        return f"{_listed(lacking)} missing from it"
    if strange := drawn - shows.pool:
        return f"{_listed(strange)} neither in the lineup nor among what may fill it up"
    return f"it shows {len(shown)} banners, expected {shows.count}"


def _listed(banners: Iterable[int]) -> str:
    ids = sorted(banners)
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"banners {', '.join(map(str, ids[:_NAMED]))}{more}"
