"""The terms of Banners as types: no input or output, no clock, no randomness."""

import enum
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from banners.core.figures import Figures
from banners.errors import InvalidCampaignId, InvalidQuarter

ID_PATTERN = "[0-9]{1,18}"
"""Pattern of an id in an event file; it must also be above zero. 18 digits fit a 64-bit column."""

CANONICAL_ID = "[1-9][0-9]{0,17}"
"""Pattern of an id as it is written everywhere else: 1 to 18 digits, no zero in front."""

LARGEST_ID = 10**18 - 1
"""The largest id: 18 digits."""

_ID = re.compile(ID_PATTERN)


class Quarter(enum.IntEnum):
    """A quarter of the hour: 1 is minutes 0 to 14, 2 is 15 to 29, 3 is 30 to 44, 4 is 45 to 59."""

    FIRST = 1
    SECOND = 2
    THIRD = 3
    FOURTH = 4

    @classmethod
    def at(cls, moment: datetime) -> Self:
        """Return the quarter that a moment lies in.

        Args:
            moment: the local time, in the time zone that the quarters are counted in.

        Source: docs/rule.md, ``minute // 15 + 1``; minute 15 already belongs to quarter 2.
        """
        return cls(moment.minute // 15 + 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the quarter that a text names.

        Raises:
            InvalidQuarter: the text is not 1, 2, 3 or 4.
        """
        for quarter in cls:
            if text == str(int(quarter)):
                return quarter
        raise InvalidQuarter(text)

    @property
    def minutes(self) -> str:
        """The minutes of the quarter, such as ``:15 to :29``."""
        start = (self - 1) * 15
        return f":{start:02} to :{start + 14:02}"

    @property
    def end(self) -> str:
        """The minute at which the quarter ends and the next one begins, such as ``:30``."""
        return f":{self % len(Quarter) * 15:02}"


class RuleName(enum.StrEnum):
    """Which case of the rule a lineup came from (see docs/rule.md)."""

    TOP_REVENUE = "top_revenue"
    ALL_CONVERTING = "all_converting"
    REVENUE_THEN_CLICKS = "revenue_then_clicks"
    MOST_CLICKS = "most_clicks"


class FillPolicy(enum.StrEnum):
    """Where the banners that fill up a short lineup may come from."""

    INVENTORY = "inventory"
    CAMPAIGN = "campaign"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Generation:
    """The complete, immutable result of one crunch.

    Args:
        number: 1 for the first generation of a database, and one more with each publish.
        stamp: when the crunch began, in UTC, ISO 8601. It distinguishes generations of the same
            number after a database was recreated or restored from a backup.
    """

    number: int
    stamp: str


@dataclass(frozen=True, slots=True)
class Performance(Figures):
    """The figures of one banner in one campaign and quarter.

    Args:
        banner_id: 1 to 18 digits.
    """

    banner_id: int = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Lineup:
    """The banners that the rule picks for a campaign in a quarter, best first.

    Args:
        campaign_id: 1 to 18 digits.
        quarter: the quarter of the hour.
        generation: the generation that the lineup was read from.
        rule: the case of the rule that applied.
        converting: X, the number of candidates with revenue.
        slots: how many banners the rule asks for, 5 to 10.
        banners: the picked banners with their figures, 0 to 10, in rank order.
        others: ids of the campaign's other candidates, to draw the fill from: at most 100, and
            empty if the lineup has five or more banners.
    """

    campaign_id: int
    quarter: Quarter
    generation: Generation
    rule: RuleName
    converting: int
    slots: int
    banners: tuple[Performance, ...]
    others: tuple[int, ...]


def parse_campaign_id(text: str) -> int:
    """Return the campaign id that a text holds.

    Args:
        text: 1 to 18 ASCII digits, above zero; spaces or signs are not accepted.

    Raises:
        InvalidCampaignId: the text is anything else.
    """
    if not _ID.fullmatch(text) or int(text) == 0:
        raise InvalidCampaignId(text)
    return int(text)
