"""The figures of a report: exact in data, sensibly rounded for people."""

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from banners.answer import image_path
from banners.model import Lineup
from banners.serve.report import Candidate

NO_VALUE = "\N{EN DASH}"
"""Stands where there is nothing to tell."""

_NO_BREAK = "\N{NO-BREAK SPACE}"


class Measured(Protocol):
    """What has figures: a banner in a campaign and quarter, or the campaign as a whole."""

    @property
    def impressions(self) -> int:
        """How often it was shown."""
        ...

    @property
    def clicks(self) -> int:
        """How often it was clicked."""
        ...

    @property
    def conversions(self) -> int:
        """How many conversions its clicks led to."""
        ...

    @property
    def revenue_micros(self) -> int:
        """What these earned, in millionths."""
        ...


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures, and the rates that follow from them.

    Args:
        impressions: how often it was shown.
        clicks: how often it was clicked.
        conversions: how many conversions its clicks led to.
        revenue_micros: exactly what these earned, in millionths.
    """

    impressions: int
    clicks: int
    conversions: int
    revenue_micros: int

    @classmethod
    def sum_of(cls, parts: Iterable[Measured]) -> "Figures":
        """Add up figures, in whole numbers."""
        seen = list(parts)
        return cls(
            impressions=sum(each.impressions for each in seen),
            clicks=sum(each.clicks for each in seen),
            conversions=sum(each.conversions for each in seen),
            revenue_micros=sum(each.revenue_micros for each in seen),
        )

    @property
    def revenue(self) -> Decimal:
        """The revenue as an exact decimal with six places."""
        return Decimal(self.revenue_micros).scaleb(-6)

    @property
    def click_rate(self) -> Decimal | None:
        """Clicks for each impression, to six places; None where there was none."""
        return _ratio(self.clicks, self.impressions)

    @property
    def conversion_rate(self) -> Decimal | None:
        """Conversions for each click, to six places; None where there was none."""
        return _ratio(self.conversions, self.clicks)

    @property
    def revenue_per_thousand(self) -> Decimal | None:
        """Revenue for every thousand impressions, to six places; None where there was none."""
        return _ratio(self.revenue_micros, 1_000 * self.impressions)


class Shown(enum.StrEnum):
    """Whether a candidate is on the campaign's page."""

    LINEUP = "lineup"
    """The rule picked it."""

    FILL = "fill"
    """It may be drawn at random, to top up a lineup that falls short."""

    NO = "no"
    """It is not."""


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate as a report shows it.

    Args:
        place: its rank among the candidates, from 1.
        banner_id: its id.
        position: its place in the lineup, from 1; None where it has none.
        shown: whether it is on the campaign's page.
        figures: its figures.
        image: address of its picture.
    """

    place: int
    banner_id: int
    position: int | None
    shown: Shown
    figures: Figures
    image: str


def rows_of(lineup: Lineup, candidates: Iterable[Candidate], *, filled: bool) -> list[Row]:
    """Write the candidates of a campaign as rows.

    Args:
        lineup: what the rule picked of them.
        candidates: all of them, best first.
        filled: whether the lineup is topped up.
    """
    others = set(lineup.others) if filled else set()

    def shown(candidate: Candidate) -> Shown:
        if candidate.position is not None:
            return Shown.LINEUP
        return Shown.FILL if candidate.figures.banner_id in others else Shown.NO

    return [
        Row(
            place=place,
            banner_id=each.figures.banner_id,
            position=each.position,
            shown=shown(each),
            figures=Figures.sum_of([each.figures]),
            image=image_path(each.figures.banner_id),
        )
        for place, each in enumerate(candidates, start=1)
    ]


class Column(enum.StrEnum):
    """What the table of candidates can be sorted by."""

    PLACE = "place"
    BANNER_ID = "banner_id"
    IMPRESSIONS = "impressions"
    CLICKS = "clicks"
    CONVERSIONS = "conversions"
    REVENUE = "revenue"
    CLICK_RATE = "click_rate"
    REVENUE_PER_THOUSAND = "revenue_per_thousand"

    @property
    def falls(self) -> bool:
        """Whether one would have the most first: of figures, but neither of places nor of ids."""
        return self not in {Column.PLACE, Column.BANNER_ID}


_VALUES: dict[Column, Callable[[Row], Decimal | int | None]] = {
    Column.PLACE: lambda row: row.place,
    Column.BANNER_ID: lambda row: row.banner_id,
    Column.IMPRESSIONS: lambda row: row.figures.impressions,
    Column.CLICKS: lambda row: row.figures.clicks,
    Column.CONVERSIONS: lambda row: row.figures.conversions,
    Column.REVENUE: lambda row: row.figures.revenue_micros,
    Column.CLICK_RATE: lambda row: row.figures.click_rate,
    Column.REVENUE_PER_THOUSAND: lambda row: row.figures.revenue_per_thousand,
}


def in_order(rows: Sequence[Row], column: Column, *, falling: bool) -> list[Row]:
    """Sort the table of candidates; equal ones stay as the rule ranks them.

    Args:
        rows: the candidates, best first.
        column: what to sort by.
        falling: whether the most comes first; what has no value comes last either way.
    """
    value = _VALUES[column]
    valued = [(found, row) for row in rows if (found := value(row)) is not None]
    valued.sort(key=lambda pair: pair[0], reverse=falling)
    return [row for _, row in valued] + [row for row in rows if value(row) is None]


@dataclass(frozen=True, slots=True)
class Money:
    """Writes amounts that are to be compared with one another: all to as many places.

    Args:
        places: how many places are shown.
    """

    places: int

    @classmethod
    def fitting(cls, amounts: Iterable[Decimal | None]) -> "Money":
        """Choose the places by the largest: 2, but 4 where no amount reaches 1."""
        largest = max((each for each in amounts if each is not None), default=Decimal(0))
        return cls(4 if 0 < largest < 1 else 2)

    def __call__(self, amount: Decimal | None) -> str:
        """Write an amount; what is too small to be seen is not taken for nothing."""
        if not amount:
            return NO_VALUE if amount is None else "0"
        least = Decimal(1).scaleb(-self.places)
        return f"<{_NO_BREAK}{least}" if amount <= least / 2 else f"{amount:,.{self.places}f}"


def exactly(amount: Decimal) -> str:
    """Write all of an amount, with no fewer than two places."""
    whole, _, places = f"{amount:,.6f}".partition(".")
    return f"{whole}.{places.rstrip('0'):0<2}"


def percent(rate: Decimal | None) -> str:
    """Write a rate as a percentage with two places."""
    if not rate:
        return NO_VALUE if rate is None else f"0{_NO_BREAK}%"
    if rate <= Decimal("0.00005"):
        return f"<{_NO_BREAK}0.01{_NO_BREAK}%"
    return f"{rate * 100:,.2f}{_NO_BREAK}%"


def _ratio(part: int, whole: int) -> Decimal | None:
    """Divide to six places, half upwards; in whole numbers, which are exact however large."""
    if whole == 0:
        return None
    return Decimal((2_000_000 * part + whole) // (2 * whole)).scaleb(-6)
