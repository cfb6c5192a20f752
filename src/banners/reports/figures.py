"""The table of candidates of a report: its rows, their order, and how figures are written."""

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from banners.core.catalogue import CatalogueCampaign
from banners.core.figures import Figures
from banners.core.model import FillPolicy, Lineup
from banners.core.rule import missing
from banners.reports.named import banner_names
from banners.reports.outlook import Outlook, Outlooks
from banners.reports.reader import Candidate

NO_VALUE = "\N{EN DASH}"
"""What is written in place of a missing value."""

_NO_BREAK = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"


class Shown(enum.StrEnum):
    """Whether a candidate is on the campaign's page."""

    LINEUP = "lineup"
    """The rule picked it."""

    FILL = "fill"
    """It may be drawn at random to fill up a short lineup."""

    NO = "no"
    """It is not on the page."""


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate as a report shows it.

    Args:
        place: its rank among the candidates, from 1.
        banner_id: its id.
        position: its place in the lineup, from 1; None if it is not in the lineup.
        shown: whether the candidate is on the campaign's page.
        figures: its figures.
        name: its name in the catalogue; None if it has none.
        out: why the catalogue keeps it from being shown, such as ``paused``; empty if it does not.
        outlook: what a policy does with it; None where the rule picks, and if it was no candidate
            when the lineups were prepared.
    """

    place: int
    banner_id: int
    position: int | None
    shown: Shown
    figures: Figures
    name: str | None = None
    out: str = ""
    outlook: Outlook | None = None


def rows_of(
    lineup: Lineup,
    candidates: Iterable[Candidate],
    policy: FillPolicy,
    campaign: CatalogueCampaign | None = None,
    outlooks: Outlooks | None = None,
) -> list[Row]:
    """Return a row for each candidate of a campaign.

    Args:
        lineup: what the rule picked of them.
        candidates: all candidates of the campaign, best first.
        policy: where the fill may come from.
        campaign: the campaign in the catalogue, which has the names; None if it is not in one.
        outlooks: what a policy does with the candidates; None where the rule picks.
    """
    names = banner_names(campaign)
    others = set(lineup.others) if missing(lineup, policy) else set()

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
            figures=each.figures,
            name=names.get(each.figures.banner_id),
            out=each.out,
            outlook=outlooks.of(each.figures.banner_id) if outlooks else None,
        )
        for place, each in enumerate(candidates, start=1)
    ]


def shown_most(rows: Iterable[Row]) -> list[tuple[Row, Outlook]]:
    """Return the banners that a policy may show, those that it shows most first.

    Args:
        rows: the candidates. Those that are off, and those that were no candidates when the lineups
            were prepared, are left out.
    """
    known = [(row, row.outlook) for row in rows if row.outlook is not None and not row.out]
    return sorted(known, key=lambda pair: pair[1].rank)


class Column(enum.StrEnum):
    """The columns that the table of candidates can be sorted by."""

    PLACE = "place"
    BANNER_ID = "banner_id"
    OF_64 = "of_64"
    EXPECTED_PER_THOUSAND = "expected_per_thousand"
    IMPRESSIONS = "impressions"
    CLICKS = "clicks"
    CONVERSIONS = "conversions"
    REVENUE = "revenue"
    CLICK_RATE = "click_rate"
    REVENUE_PER_THOUSAND = "revenue_per_thousand"

    @property
    def falls(self) -> bool:
        """Whether the largest value comes first by default: of figures, not of place and id."""
        return self not in {Column.PLACE, Column.BANNER_ID}

    @property
    def is_expected(self) -> bool:
        """Whether only banners of a campaign whose policy is not the rule have it."""
        return self in {Column.OF_64, Column.EXPECTED_PER_THOUSAND}


_VALUES: dict[Column, Callable[[Row], Decimal | float | None]] = {
    Column.PLACE: lambda row: row.place,
    Column.BANNER_ID: lambda row: row.banner_id,
    Column.IMPRESSIONS: lambda row: row.figures.impressions,
    Column.CLICKS: lambda row: row.figures.clicks,
    Column.CONVERSIONS: lambda row: row.figures.conversions,
    Column.REVENUE: lambda row: row.figures.revenue_micros,
    Column.CLICK_RATE: lambda row: row.figures.click_rate,
    Column.REVENUE_PER_THOUSAND: lambda row: row.figures.revenue_per_thousand,
    Column.OF_64: lambda row: row.outlook.of_64 if row.outlook else None,
    Column.EXPECTED_PER_THOUSAND: lambda row: (
        row.outlook.expected_per_thousand if row.outlook else None
    ),
}


def in_order(rows: Sequence[Row], column: Column, *, falling: bool) -> list[Row]:
    """Return the rows sorted by a column; equal ones stay in the order of the rule.

    Args:
        rows: the candidates, best first.
        column: the column to sort by.
        falling: whether the largest value comes first; rows without a value come last.
    """
    value = _VALUES[column]
    valued = [(found, row) for row in rows if (found := value(row)) is not None]
    valued.sort(key=lambda pair: pair[0], reverse=falling)
    return [row for _, row in valued] + [row for row in rows if value(row) is None]


@dataclass(frozen=True, slots=True)
class Money:
    """Writes amounts with the same number of places, so that they can be compared.

    Args:
        places: number of decimal places.
    """

    places: int

    @classmethod
    def fitting(cls, amounts: Iterable[Decimal | None]) -> "Money":
        """Return the format for some amounts: 2 places, or 4 if all amounts are below 1."""
        largest = max((each for each in amounts if each is not None), default=Decimal(0))
        return cls(4 if 0 < largest < 1 else 2)

    def __call__(self, amount: Decimal | None) -> str:
        """Return an amount as text; one that would be rounded to zero is written as ``< 0.01``."""
        if not amount:
            return NO_VALUE if amount is None else "0"
        least = Decimal(1).scaleb(-self.places)
        return f"<{_NO_BREAK}{least}" if amount <= least / 2 else f"{amount:,.{self.places}f}"


def exactly(amount: Decimal) -> str:
    """Return an amount as text, unrounded, with at least two decimal places."""
    whole, _, places = f"{amount:,.6f}".partition(".")
    return f"{whole}.{places.rstrip('0'):0<2}"


def percent(rate: Decimal | None) -> str:
    """Return a rate as a percentage with two places."""
    if not rate:
        return NO_VALUE if rate is None else f"0{_NO_BREAK}%"
    if rate <= Decimal("0.00005"):
        return f"<{_NO_BREAK}0.01{_NO_BREAK}%"
    return f"{rate * 100:,.2f}{_NO_BREAK}%"


def changed_by(part: Decimal | None) -> str:
    """Return a change as text, such as ``+4.20 %``; empty if it is not known.

    Args:
        part: the relative change, such as 0.042; None if it is not known.
    """
    if part is None:
        return ""
    if abs(part) < Decimal("0.00005"):
        return "no change"
    sign = "+" if part > 0 else _MINUS
    return f"{sign}{abs(part) * 100:,.2f}{_NO_BREAK}%"
