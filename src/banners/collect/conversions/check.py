"""Checks conversions that others report. A refusal is a returned value, not an error."""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from banners.collect.conversions.senders import Sender
from banners.collect.token import CLICK_LENGTH, Click, Tokens
from banners.core.conversions import LONGEST_OWN_ID, MOST_CONVERSIONS
from banners.core.events import REVENUE_PATTERN
from banners.core.slots import slot_at

MOST_REMEMBERED = 100_000
"""Number of conversions that are remembered, to report duplicates to senders."""

_REVENUE = re.compile(REVENUE_PATTERN)
_ID_BITS = 59


class Verdict(StrEnum):
    """What became of a reported conversion."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why a conversion is refused."""

    NOT_AN_OBJECT = "not_an_object"
    BAD_CONVERSION_ID = "bad_conversion_id"
    BAD_CLICK = "bad_click"
    OTHER_CAMPAIGN = "other_campaign"
    TOO_OLD = "too_old"
    BAD_REVENUE = "bad_revenue"
    TOO_MUCH_REVENUE = "too_much_revenue"

    @property
    def meaning(self) -> str:
        """What was expected instead, in words for the sender."""
        return _MEANINGS[self]


_MEANINGS = {
    Refusal.NOT_AN_OBJECT: "expected an object with conversion_id, click and revenue",
    Refusal.BAD_CONVERSION_ID: f"expected text of 1 to {LONGEST_OWN_ID} printable characters",
    Refusal.BAD_CLICK: f"expected a click token: the {CLICK_LENGTH} characters that replace "
    "{click} in the address of the landing page",
    Refusal.OTHER_CAMPAIGN: "the sender may not report conversions of the campaign of this click",
    Refusal.TOO_OLD: "the click is so old that what was recorded with it may be removed before the "
    "conversion could count (BANNERS_KEEP_EVENTS)",
    Refusal.BAD_REVENUE: "expected up to 12 digits, with up to 6 more after a point, and - in "
    "front for a refund",
    Refusal.TOO_MUCH_REVENUE: "the revenue, or what is refunded, is above the maximum "
    "(BANNERS_MOST_REVENUE)",
}


class Conversion(NamedTuple):
    """A conversion that may be recorded.

    Args:
        slot: the slot of the view in which the click happened.
        conversion_id: a number of 59 bits, made from sender, the sender's own id and click.
        click_id: the click that it came from.
        revenue: its revenue with six decimals, so that equal revenues are equal text; negative for
            a refund.
        campaign_id: the campaign that the click must be of; 0 for any.
    """

    slot: int
    conversion_id: int
    click_id: int
    revenue: str
    campaign_id: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one reported conversion.

    Args:
        verdict: whether it is accepted.
        conversion: what to record, if it is accepted.
        refusal: why it is refused.
    """

    verdict: Verdict
    conversion: Conversion | None = None
    refusal: Refusal | None = None


class Conversions:
    """Checks conversions, and remembers those that were kept.

    Args:
        tokens: reads the tokens of clicks.
        most_revenue: the largest revenue of one conversion, and the largest refund.
        most_age: the largest age of the slot of a click, in seconds.
        clock: tells the time, in seconds since 1970 in UTC.
        most_remembered: how many conversions are remembered.

    Closing decides what counts; remembering only informs senders.
    """

    def __init__(
        self,
        tokens: Tokens,
        most_revenue: Decimal,
        *,
        most_age: float,
        clock: Callable[[], float],
        most_remembered: int = MOST_REMEMBERED,
    ) -> None:
        self._tokens = tokens
        self._most_revenue = most_revenue
        self._most_age = most_age
        self._clock = clock
        self._most_remembered = most_remembered
        self._kept: OrderedDict[Conversion, None] = OrderedDict()

    def check(self, reported: Iterable[object], sender: Sender) -> list[Checked]:
        """Check conversions.

        Args:
            reported: mappings with ``conversion_id``, ``click`` and ``revenue``; anything else is
                refused.
            sender: who reports them.

        Returns:
            What becomes of each, in order.
        """
        here: set[Conversion] = set()
        checked = []
        for each in reported:
            found = self._conversion(each, sender)
            if isinstance(found, Refusal):
                checked.append(Checked(Verdict.REFUSED, refusal=found))
            elif found in self._kept or found in here:
                checked.append(Checked(Verdict.DUPLICATE))
            else:
                here.add(found)
                checked.append(Checked(Verdict.ACCEPTED, found))
        return checked

    def remember(self, kept: Iterable[Conversion]) -> None:
        """Remember conversions that would survive a loss of power; the oldest are forgotten."""
        self._kept.update(dict.fromkeys(kept))
        while len(self._kept) > self._most_remembered:
            self._kept.popitem(last=False)

    def _conversion(self, reported: object, sender: Sender) -> Conversion | Refusal:
        if not isinstance(reported, dict):
            return Refusal.NOT_AN_OBJECT
        own_id = reported.get("conversion_id")
        click = self._click(reported.get("click"))
        campaign_id = sender.campaign_of(click.tag) if click else None
        revenue = _revenue(reported.get("revenue"))
        if not (isinstance(own_id, str) and is_conversion_id(own_id)):
            return Refusal.BAD_CONVERSION_ID
        if click is None or campaign_id is None:
            return Refusal.OTHER_CAMPAIGN if click else Refusal.BAD_CLICK
        if click.slot < slot_at(self._clock() - self._most_age):
            return Refusal.TOO_OLD
        if revenue is None or abs(revenue) > self._most_revenue:
            return Refusal.BAD_REVENUE if revenue is None else Refusal.TOO_MUCH_REVENUE
        return Conversion(
            slot=click.slot,
            conversion_id=conversion_id(sender.name, own_id, click.click_id),
            click_id=click.click_id,
            revenue=f"{revenue:.6f}",
            campaign_id=campaign_id,
        )

    def _click(self, token: object) -> Click | None:
        if not (isinstance(token, str) and token.isascii()):
            return None
        return self._tokens.read_click(token.encode())


def is_conversion_id(text: str) -> bool:
    """Return whether a text can be a sender's own id of a conversion."""
    return text.isprintable() and 0 < len(text) <= LONGEST_OWN_ID


def conversion_id(sender: str, own_id: str, click_id: int) -> int:
    """Return the id of a conversion in event files: 59 bits, never zero.

    Args:
        sender: the name of its sender.
        own_id: what the sender calls it, without control characters.
        click_id: the click that it came from.
    """
    content = f"{sender}\0{own_id}\0{click_id}".encode()
    digest = blake2b(content, person=b"banners convert", digest_size=8).digest()
    return int.from_bytes(digest) >> 64 - _ID_BITS or 1


def read_conversions(body: bytes) -> Sequence[object] | None:
    """Return the elements of a JSON array of conversions, with exact numbers.

    Returns:
        The elements, at most :data:`MOST_CONVERSIONS`; None if it is anything else.
    """
    try:
        content = json.loads(body, parse_float=_exact)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, list) or len(content) > MOST_CONVERSIONS:
        return None
    return content


def _exact(number: str) -> Decimal | None:
    """Return a number of a JSON document; None if its exponent is beyond that of any decimal."""
    try:
        return Decimal(number)
    except InvalidOperation:
        return None


def _revenue(given: object) -> Decimal | None:
    """Return a revenue, negative for a refund; None if it is malformed.

    A number must be exact, so the JSON was read without floats. A number with an exponent is
    malformed.
    """
    if isinstance(given, bool) or not isinstance(given, str | int | Decimal):
        return None
    if isinstance(given, int) and abs(given) > 10**12:
        return None
    text = str(given)
    # Adding zero turns -0 into 0.
    return Decimal(text) + 0 if _REVENUE.fullmatch(text) else None
