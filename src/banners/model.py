"""The words of Banners as types: no input, no output, no clock, no random."""

import enum
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from banners.errors import InvalidCampaignId, InvalidQuarter

# The largest id that a file may hold: 18 digits (so that every id fits a 64-bit column).
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


class Quarter(enum.IntEnum):
    """A quarter of the hour: 1 is minutes 0 to 14, 2 is 15 to 29, 3 is 30 to 44, 4 is 45 to 59."""

    FIRST = 1
    SECOND = 2
    THIRD = 3
    FOURTH = 4

    @classmethod
    def at(cls, moment: datetime) -> Self:
        """Tell the quarter that a moment lies in.

        Args:
            moment: the local time; its minute decides, so it must be in the time zone meant.

        Source: docs/rule.md, ``minute // 15 + 1``, half open: 15:00 is already 2.
        """
        return cls(moment.minute // 15 + 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a quarter that somebody wrote.

        Raises:
            InvalidQuarter: it is not 1, 2, 3 or 4.
        """
        for quarter in cls:
            if text == str(int(quarter)):
                return quarter
        raise InvalidQuarter(text)

    @property
    def minutes(self) -> str:
        """The minutes that it spans, as ``:15 to :29``."""
        start = (self - 1) * 15
        return f":{start:02} to :{start + 14:02}"

    @property
    def end(self) -> str:
        """The minute at which it is over, and the next one begins, as ``:30``."""
        return f":{self % len(Quarter) * 15:02}"


class RuleName(enum.StrEnum):
    """Which case of the rule a lineup came from (see docs/rule.md)."""

    TOP_REVENUE = "top_revenue"
    ALL_CONVERTING = "all_converting"
    REVENUE_THEN_CLICKS = "revenue_then_clicks"
    MOST_CLICKS = "most_clicks"


class FillPolicy(enum.StrEnum):
    """Where the banners that top up a short lineup may come from."""

    INVENTORY = "inventory"
    CAMPAIGN = "campaign"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Generation:
    """The complete, immutable result of one crunch.

    Args:
        number: counts up with every publish into a database.
        stamp: when it was begun, in UTC, ISO 8601: it tells a generation from one of the same
            number in a database that was made anew or restored from a backup.
    """

    number: int
    stamp: str


@dataclass(frozen=True, slots=True)
class Performance:
    """The figures of one banner in one campaign and quarter.

    Args:
        banner_id: 1 to 18 digits.
        impressions: rows of the impressions file.
        clicks: distinct click ids.
        conversions: distinct conversion ids whose click was accepted in the same quarter.
        revenue_micros: exact sum of their revenues, in millionths.
    """

    banner_id: int
    impressions: int
    clicks: int
    conversions: int
    revenue_micros: int

    @property
    def revenue(self) -> Decimal:
        """The revenue as an exact decimal with six places."""
        return Decimal(self.revenue_micros).scaleb(-6)


@dataclass(frozen=True, slots=True)
class Lineup:
    """The banners that the rule picks for a campaign in a quarter, best first.

    Args:
        campaign_id: 1 to 18 digits.
        quarter: the quarter of the hour.
        generation: the generation that it was read from.
        rule: which case of the rule it came from.
        converting: X, the number of candidates with revenue.
        slots: how many banners the rule asks for, 5 to 10.
        banners: the picked banners with their figures, 0 to 10, in rank order.
        others: ids of the campaign's other candidates, to draw the fill from; 100 at the most,
            and none where the lineup has five banners of its own.
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
    """Read a campaign id that somebody wrote.

    Args:
        text: 1 to 18 ASCII digits, above zero. Nothing is trimmed or repaired.

    Raises:
        InvalidCampaignId: it is anything else.
    """
    if not _ID.fullmatch(text) or int(text) == 0:
        raise InvalidCampaignId(text)
    return int(text)
