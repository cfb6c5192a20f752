"""A report as JSON and as CSV: every figure exact."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from banners.core.addresses import Site
from banners.core.arms import ComparisonKind
from banners.core.figures import Figures, as_decimal
from banners.core.model import FillPolicy
from banners.core.slots import slot_name
from banners.core.spreadsheet import Cell, write_csv
from banners.policies.comparison import Comparison
from banners.reports.campaign import Read, Report
from banners.reports.explained import explain_report
from banners.reports.figures import Row, Shown, rows_of
from banners.reports.json_object import JsonObject
from banners.reports.lineup_json import CountedAnswer, Fill, lineup_answer
from banners.reports.taken_out import taken_out_sentence

CSV_HEADER = (
    *("campaign_id", "quarter", "generation", "place", "banner_id", "shown", "position"),
    *("impressions", "clicks", "conversions", "revenue", "click_rate", "revenue_per_thousand"),
    *("campaign_name", "banner_name"),
)
POLICY_HEADER = (
    *("of_64", "expected_per_thousand", "expected_from", "expected_to"),
    *("expected_click_rate", "expected_conversion_rate", "expected_revenue_per_conversion"),
)
"""Further columns, where a policy other than the rule picks."""


@dataclass(frozen=True, kw_only=True)
class FiguresAnswer(CountedAnswer):
    """The four figures, and two rates."""

    click_rate: str | None
    """Clicks per impression, with six places, as text; null without impressions."""

    revenue_per_thousand: str | None
    """Revenue per thousand impressions, with six places, as text; null without impressions."""

    @classmethod
    def of(cls, figures: Figures, **others: Any) -> Self:
        """Return the JSON object of figures and their rates, with its other members."""
        return super().of(
            figures,
            click_rate=_text(figures.click_rate),
            revenue_per_thousand=_text(figures.revenue_per_thousand),
            **others,
        )


@dataclass(frozen=True, kw_only=True)
class CandidateAnswer(FiguresAnswer):
    """A banner that the campaign could show."""

    place: int
    """Its rank among the campaign's banners, from 1."""

    banner_id: int
    """The id of the banner."""

    banner_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    shown: Shown
    """`lineup` if the rule picked it, `fill` if it may be drawn to fill up, `no` otherwise."""

    position: int | None
    """Its place in the lineup, from 1; null if it is not in the lineup."""

    image: str
    """The address of its image."""

    name: str | None
    """Its name; null if the catalogue has none."""

    of_64: int | None = None
    """In how many of the 64 prepared lineups it is, if a policy other than the rule picks. It and
    the following are absent if the banner was no candidate when the lineups were prepared."""

    expected_per_thousand: float | None = None
    """Expected revenue per thousand impressions. It and the following are absent if the policy has
    no expectation of the banner."""

    expected_from: float | None = None
    """The revenue per thousand impressions is above this with a probability of 95 %."""

    expected_to: float | None = None
    """The revenue per thousand impressions is below this with a probability of 95 %."""

    expected_click_rate: float | None = None
    """Expected clicks per impression."""

    expected_conversion_rate: float | None = None
    """Expected conversions per click."""

    expected_revenue_per_conversion: float | None = None
    """Expected revenue per conversion."""


@dataclass(frozen=True, kw_only=True)
class QuarterAnswer(FiguresAnswer):
    """The figures of a campaign in one quarter of the hour."""

    quarter: int
    """The quarter of the hour, 1 to 4."""

    generation: int
    """The number of the generation (the published result) that it comes from."""

    rule: str
    """The name of the case of the rule that applied."""

    converting: int
    """The number of the campaign's banners that have revenue."""

    picked: int
    """The number of banners that the rule picked."""

    candidates: int
    """The number of banners that it could pick from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonAnswer(JsonObject):
    """What a policy earns compared with the rule, over the closed slots of the last seven days."""

    kind: ComparisonKind
    """`guard`: the policy against its holdout, on the same data. `trial`: the two arms of a trial,
    each with its own data."""

    sentence: str
    """The result in a sentence."""

    lower: float | None
    """The lower bound of the lift, 0.1 for 10 % more; null while nothing can be said."""

    upper: float | None
    """The upper bound; null while nothing can be said."""

    slots: int
    """Number of slots in which both arms had pages."""

    last_slot: str
    """The name of the last of these slots."""

    pages: int
    """Distinct views of the policy's arm that were seen."""

    alternative_pages: int
    """Distinct views of the rule's arm that were seen."""

    revenue: str
    """Revenue of the policy's arm in these slots, with six places, as text."""

    alternative_revenue: str
    """Revenue of the rule's arm in these slots, with six places, as text."""

    conversions: int
    """Conversions of the holdout or, in a trial, of the arm that has fewer."""

    @classmethod
    def of_comparison(cls, comparison: Comparison) -> Self:
        """Return the JSON object of a comparison."""
        interval = comparison.interval
        return cls(
            kind=comparison.kind,
            sentence=comparison.sentence,
            lower=interval.lower if interval.says_anything else None,
            upper=interval.upper if interval.says_anything else None,
            slots=comparison.slots,
            last_slot=slot_name(comparison.last_slot),
            pages=comparison.pages,
            alternative_pages=comparison.alternative_pages,
            revenue=f"{as_decimal(comparison.revenue_micros):f}",
            alternative_revenue=f"{as_decimal(comparison.alternative_revenue_micros):f}",
            conversions=comparison.conversions,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer(JsonObject):
    """What a campaign shows in a quarter, why, and how its banners perform."""

    campaign_id: int
    """The campaign."""

    campaign_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    quarter: int
    """The quarter of the hour, 1 to 4."""

    generation: int
    """The number of the generation (the published result) that it comes from."""

    preview: bool
    """Whether this generation is not the live one."""

    served: int | None
    """The number of the generation that is live in this quarter; null if there is none."""

    rule: str
    """The name of the case of the rule that applied."""

    explanation: str
    """The case of the rule, explained in a sentence."""

    converting: int
    """The number of the campaign's banners that have revenue."""

    slots: int
    """The number of banners that the rule asks for, 5 to 10."""

    fill: Fill
    """How the lineup is filled up if it is short."""

    totals: FiguresAnswer
    """The figures of all candidates together."""

    lineup: FiguresAnswer
    """The figures of the lineup's banners together."""

    candidates: list[CandidateAnswer]
    """All of the campaign's banners in this quarter, best first."""

    quarters: list[QuarterAnswer]
    """The figures of the campaign in each quarter in which it has banners."""

    name: str | None
    """The campaign's name; null if the catalogue has none."""

    comparisons: list[ComparisonAnswer] | None = None
    """What the policy of the campaign earns compared with the rule, if another policy has had pages
    and the generation is live."""

    policy: str | None = None
    """The policy that picks what visitors see, if it is not the rule."""

    places: int | None = None
    """The number of banners in a lineup of the policy."""

    fallback: str | None = None
    """Why the rule picks in place of the policy; empty if it does not."""


def report_answer(
    report: Report, policy: FillPolicy, site: Site, comparisons: Sequence[Comparison] = ()
) -> ReportAnswer:
    """Return a report as a JSON object.

    Args:
        report: the report.
        policy: where the fill may come from.
        site: where the images are.
        comparisons: what the policy of the campaign earns compared with the rule.
    """
    lineup = report.read.lineup
    rows = rows_of(lineup, report.candidates, policy, report.campaign, report.outlooks)
    prepared = report.outlooks.prepared if report.outlooks else None
    return ReportAnswer(
        campaign_id=lineup.campaign_id,
        campaign_id_text=str(lineup.campaign_id),
        quarter=int(lineup.quarter),
        generation=lineup.generation.number,
        preview=report.read.is_preview,
        served=report.read.served,
        rule=lineup.rule.value,
        explanation=" ".join(
            filter(None, (explain_report(report), taken_out_sentence(report.left)))
        ),
        converting=lineup.converting,
        slots=lineup.slots,
        fill=lineup_answer(lineup, policy, site).fill,
        totals=FiguresAnswer.of(Figures.sum_of(row.figures for row in rows)),
        lineup=FiguresAnswer.of(Figures.sum_of(lineup.banners)),
        candidates=[
            CandidateAnswer.of(
                row.figures,
                place=row.place,
                banner_id=row.banner_id,
                banner_id_text=str(row.banner_id),
                shown=row.shown,
                position=row.position,
                image=site.image(row.banner_id),
                name=row.name,
                of_64=row.outlook.of_64 if row.outlook else None,
                **dict(zip(POLICY_HEADER[1:], _expected(row), strict=True)),
            )
            for row in rows
        ],
        quarters=[
            QuarterAnswer.of(
                totals.figures,
                quarter=int(quarter),
                generation=report.read.generations[quarter].number,
                rule=totals.rule.value,
                converting=totals.converting,
                picked=totals.picked,
                candidates=totals.candidates,
            )
            for quarter, totals in sorted(report.totals.items())
        ],
        name=report.campaign.name if report.campaign else None,
        comparisons=[ComparisonAnswer.of_comparison(each) for each in comparisons] or None,
        policy=prepared.policy.value if prepared else None,
        places=prepared.places if prepared else None,
        fallback=prepared.fallback if prepared else None,
    )


def report_csv(report: Report, rows: Iterable[Row]) -> str:
    """Return a report's table of candidates as CSV, in the order of the rows."""
    lineup = report.read.lineup
    name = report.campaign.name if report.campaign else None
    key = (lineup.campaign_id, int(lineup.quarter), lineup.generation.number)

    def lines() -> Iterator[Sequence[Cell]]:
        for row in rows:
            figures = row.figures
            yield (
                *(*key, row.place, row.banner_id, row.shown.value, row.position),
                *(figures.impressions, figures.clicks, figures.conversions, figures.revenue),
                *(figures.click_rate, figures.revenue_per_thousand, name, row.name),
                *(_policy_cells(row) if report.outlooks else ()),
            )

    return write_csv((*CSV_HEADER, *(POLICY_HEADER if report.outlooks else ())), lines())


def _policy_cells(row: Row) -> Iterator[Cell]:
    """Yield the cells of the further columns, with six places like other figures."""
    yield row.outlook.of_64 if row.outlook else None
    for number in _expected(row):
        yield None if number is None else round(Decimal(number), 6)


def _expected(row: Row) -> Sequence[float | None]:
    """Return what is expected of a banner, in the order of the columns after the first."""
    expected = row.outlook.expected if row.outlook else None
    interval = row.outlook.interval if row.outlook else None
    if expected is None or interval is None:
        return (None,) * len(POLICY_HEADER[1:])
    return (
        *(expected.per_thousand, *interval, expected.click_rate),
        *(expected.conversion_rate, expected.revenue_per_conversion),
    )


def csv_name(read: Read) -> str:
    """Return the name of the file that a report is downloaded as."""
    lineup = read.lineup
    name = f"campaign-{lineup.campaign_id}-quarter-{int(lineup.quarter)}"
    preview = "-preview" if read.is_preview else ""
    return f"{name}-generation-{lineup.generation.number}{preview}.csv"


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:f}"
