"""A report as JSON and as CSV: every figure exact."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

from banners.answer import Fill, lineup_answer
from banners.model import FillPolicy
from banners.rule import explain
from banners.serve.reporting import Read, Report
from banners.web.figures import Figures, Row, Shown
from banners.web.spreadsheet import Cell, write_csv

CSV_HEADER = (
    *("campaign_id", "quarter", "generation", "place", "banner_id", "shown", "position"),
    *("impressions", "clicks", "conversions", "revenue", "click_rate", "revenue_per_thousand"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresAnswer:
    """Figures, and the rates that follow from them.

    Args:
        impressions: how often it was shown.
        clicks: how often it was clicked.
        conversions: how many conversions its clicks led to.
        revenue: what these earned, an exact decimal with six places, as text.
        click_rate: clicks for each impression, with six places, as text; null for no impressions.
        revenue_per_thousand: revenue for every thousand impressions, likewise.
    """

    impressions: int
    clicks: int
    conversions: int
    revenue: str
    click_rate: str | None
    revenue_per_thousand: str | None


class _Words(TypedDict):
    """The arguments of FiguresAnswer."""

    impressions: int
    clicks: int
    conversions: int
    revenue: str
    click_rate: str | None
    revenue_per_thousand: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateAnswer(FiguresAnswer):
    """A banner that the campaign could show.

    Args:
        place: its rank among the campaign's banners, from 1.
        banner_id: its id.
        shown: `lineup` where the rule picked it, `fill` where it may be drawn to top up a lineup
            that falls short, `no` where it is not shown.
        position: its place in the lineup, from 1; null where it has none.
        image: address of its picture.
    """

    place: int
    banner_id: int
    shown: Shown
    position: int | None
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterAnswer(FiguresAnswer):
    """The campaign as a whole, in one quarter of the hour.

    Args:
        quarter: the quarter of the hour, 1 to 4.
        generation: number of the published result that it comes from.
        rule: which case of the rule decided.
        converting: how many of the campaign's banners have revenue.
        picked: how many banners the rule picked.
        candidates: how many banners there were to pick from.
    """

    quarter: int
    generation: int
    rule: str
    converting: int
    picked: int
    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    """What a campaign shows in a quarter, why, and how its banners do.

    Args:
        campaign_id: the campaign.
        quarter: the quarter of the hour, 1 to 4.
        generation: number of the published result that it comes from.
        preview: whether this is not what is served.
        served: number of the generation that is served in this quarter; null for none.
        rule: which case of the rule decided.
        explanation: the same in a sentence.
        converting: how many of the campaign's banners have revenue.
        slots: how many banners the rule asks for, 5 to 10.
        fill: how the lineup is topped up.
        totals: the figures of all candidates together.
        lineup: the figures of the lineup's banners together.
        candidates: all of the campaign's banners in this quarter, best first.
        quarters: the campaign as a whole, in each quarter in which it has banners.
    """

    campaign_id: int
    quarter: int
    generation: int
    preview: bool
    served: int | None
    rule: str
    explanation: str
    converting: int
    slots: int
    fill: Fill
    totals: FiguresAnswer
    lineup: FiguresAnswer
    candidates: list[CandidateAnswer]
    quarters: list[QuarterAnswer]


def report_answer(report: Report, rows: Sequence[Row], policy: FillPolicy) -> ReportAnswer:
    """Write a report as JSON.

    Args:
        report: what was read.
        rows: its candidates, best first.
        policy: where the fill may come from.
    """
    lineup = report.read.lineup
    return ReportAnswer(
        campaign_id=lineup.campaign_id,
        quarter=int(lineup.quarter),
        generation=lineup.generation.number,
        preview=report.read.is_preview,
        served=report.read.served,
        rule=lineup.rule.value,
        explanation=explain(lineup),
        converting=lineup.converting,
        slots=lineup.slots,
        fill=lineup_answer(lineup, policy).fill,
        totals=FiguresAnswer(**_figures(Figures.sum_of(row.figures for row in rows))),
        lineup=FiguresAnswer(**_figures(Figures.sum_of(lineup.banners))),
        candidates=[
            CandidateAnswer(
                place=row.place,
                banner_id=row.banner_id,
                shown=row.shown,
                position=row.position,
                image=row.image,
                **_figures(row.figures),
            )
            for row in rows
        ],
        quarters=[
            QuarterAnswer(
                quarter=int(quarter),
                generation=report.read.generations[quarter].number,
                rule=totals.rule.value,
                converting=totals.converting,
                picked=totals.picked,
                candidates=totals.candidates,
                **_figures(Figures.sum_of([totals])),
            )
            for quarter, totals in sorted(report.totals.items())
        ],
    )


def report_csv(read: Read, rows: Iterable[Row]) -> str:
    """Write a report's table of candidates as CSV, in the order of the rows."""
    lineup = read.lineup
    key = (lineup.campaign_id, int(lineup.quarter), lineup.generation.number)

    def lines() -> Iterator[Sequence[Cell]]:
        for row in rows:
            figures = row.figures
            yield (
                *(*key, row.place, row.banner_id, row.shown.value, row.position),
                *(figures.impressions, figures.clicks, figures.conversions, figures.revenue),
                *(figures.click_rate, figures.revenue_per_thousand),
            )

    return write_csv(CSV_HEADER, lines())


def csv_name(read: Read) -> str:
    """Name the file that a report is downloaded as."""
    lineup = read.lineup
    name = f"campaign-{lineup.campaign_id}-quarter-{int(lineup.quarter)}"
    preview = "-preview" if read.is_preview else ""
    return f"{name}-generation-{lineup.generation.number}{preview}.csv"


def _figures(figures: Figures) -> _Words:
    return {
        "impressions": figures.impressions,
        "clicks": figures.clicks,
        "conversions": figures.conversions,
        "revenue": f"{figures.revenue:f}",
        "click_rate": _text(figures.click_rate),
        "revenue_per_thousand": _text(figures.revenue_per_thousand),
    }


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:f}"
