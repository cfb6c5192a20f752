"""The report on a campaign: a page for those who run it, and its table as CSV."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from banners.core.addresses import Route, Site
from banners.core.catalogue import State
from banners.core.figures import Figures
from banners.core.model import FillPolicy, Quarter, parse_campaign_id
from banners.core.policy import PolicyName
from banners.reports.campaign import Report, Reporting
from banners.reports.explained import (
    explain_awaited,
    explain_fallback,
    explain_policy,
    explain_report,
    explain_report_fill,
)
from banners.reports.figures import Column, Money, Row, Shown, in_order, percent, rows_of
from banners.reports.named import banner_names
from banners.reports.over_time import Over, TimeReading
from banners.reports.report_json import csv_name, report_csv
from banners.reports.sentences import cut_sentence, share_sentence
from banners.reports.taken_out import taken_out_sentence
from banners.web.http.addresses import routed
from banners.web.http.clock import second_of
from banners.web.http.parameters import AskedFor, CampaignId, GenerationAsked
from banners.web.http.responses import TO_CANONICAL_ADDRESS, Responses, error_pages
from banners.web.pages import charts
from banners.web.pages.expected import expected_banners
from banners.web.pages.time_section import (
    MOST_BANNERS,
    OverAsked,
    accounted,
    banner_rows,
    refunded,
    time_section,
)

MOST_ROWS = 1_000
"""Maximum number of candidates in the page's table; CSV and JSON have all."""

MOST_FILL_IMAGES = 10
"""Maximum number of banners for the fill that are shown with their images."""

Order = Literal["asc", "desc"]

_HEADINGS = {
    Column.PLACE: "Place",
    Column.BANNER_ID: "Banner",
    Column.IMPRESSIONS: "Impressions",
    Column.CLICKS: "Clicks",
    Column.CONVERSIONS: "Conversions",
    Column.REVENUE: "Revenue",
    Column.CLICK_RATE: "Click rate",
    Column.REVENUE_PER_THOUSAND: "Revenue per thousand",
    Column.OF_64: "Of 64 lineups",
    Column.EXPECTED_PER_THOUSAND: "Expected per thousand",
}
_CSV: Responses = {
    200: {
        "description": "The page; with `format=csv`, a download of its table",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


def routes(
    reporting: Reporting,
    policy: Callable[[], FillPolicy],
    templates: Jinja2Templates,
    site: Site,
    now: Callable[[], datetime],
    times: TimeReading | None = None,
    default: PolicyName = PolicyName.RULE,
) -> APIRouter:
    """Build the page of the report.

    Args:
        reporting: reads reports.
        policy: returns where the fill may come from.
        templates: the pages' templates.
        site: the application as others reach it.
        now: returns the local time, in whose zone times are shown.
        times: reads figures over time; None where nothing is recorded.
        default: the policy of campaigns for which the catalogue names none.
    """
    router = APIRouter()

    @router.get(
        routed(Route.REPORT),
        tags=["pages"],
        summary="The report on a campaign",
        response_class=HTMLResponse,
        responses={**_CSV, **TO_CANONICAL_ADDRESS, **error_pages(400, 404, 503)},
    )
    def report(
        request: Request,
        campaign_id: CampaignId,
        quarter: AskedFor,
        generation: GenerationAsked,
        sort: Annotated[Column, Query(description="The column to sort by.")] = Column.PLACE,
        order: Annotated[
            Order | None,
            Query(
                description="The direction; if not given, the best place, the smallest id or the "
                "largest figure comes first."
            ),
        ] = None,
        form: Annotated[
            Literal["csv"] | None,
            Query(alias="format", description="`csv` to download the table alone."),
        ] = None,
        over: OverAsked = Over.DAY,
    ) -> Response:
        """Show what the campaign shows in a quarter, why, and how its banners perform."""
        proper = parse_campaign_id(campaign_id)
        if str(proper) != campaign_id:
            location, query = site.at(Route.REPORT, campaign_id=proper), request.url.query
            return RedirectResponse(f"{location}?{query}" if query else location, status_code=308)
        found = reporting.report(campaign_id, quarter, generation, second_of(request))
        fill = policy()
        rows = rows_of(found.read.lineup, found.candidates, fill, found.campaign, found.outlooks)
        falling = order == "desc" if order else sort.falls
        table = in_order(rows, sort, falling=falling)
        if form == "csv":
            return Response(
                report_csv(found, table),
                media_type="text/csv",
                headers={"Content-Disposition": f'attachment; filename="{csv_name(found.read)}"'},
            )
        reading = None if found.read.is_preview else times
        context = {
            **_context(found, rows, fill),
            "Over": Over,
            "time": _over_time(reading, found, over, second_of(request)) if reading else None,
            "comparisons": reading.comparisons(proper) if reading else (),
            **_table(found, table, sort, falling=falling),
            "taken_out": taken_out_sentence(found.left, by_rule=not found.outlooks),
            "awaited": explain_awaited(found, default),
            "campaign": found.campaign,
            "second": second_of(request),
            "zone": now().tzinfo,
            "State": State,
        }
        return templates.TemplateResponse(request, "report.html", context)

    return router


def _context(report: Report, rows: Sequence[Row], policy: FillPolicy) -> dict[str, Any]:
    """Return what the template shows, except the table."""
    lineup, read = report.read.lineup, report.read
    total = Figures.sum_of(row.figures for row in rows)
    picked = Figures.sum_of(lineup.banners)
    money = Money.fitting(row.figures.revenue for row in rows)
    fill = [row for row in rows if row.shown is Shown.FILL]
    revenue = charts.revenue_chart(_left(rows), money)
    return {
        "campaign_id": lineup.campaign_id,
        "name": report.campaign.name if report.campaign else "",
        "quarter": lineup.quarter,
        "generation": lineup.generation.number,
        "begun": _begun(report),
        "preview": read.is_preview,
        "served": read.served,
        "kept": [each.number for each in report.kept],
        "quarters": _quarters(report),
        "expected": expected_banners(report.outlooks, rows),
        "by_policy": report.outlooks is not None,
        "explained_policy": explain_policy(report),
        "fallback": explain_fallback(report),
        "explained": explain_report(report),
        "explained_fill": explain_report_fill(report, policy),
        "share": _share(report, total, picked),
        "cut": cut_sentence(rows),
        "total": total,
        "lineup": [row for row in rows if row.shown is Shown.LINEUP],
        "fill": fill[:MOST_FILL_IMAGES],
        "more_fill": len(fill[MOST_FILL_IMAGES:]),
        "shown": Shown,
        "money": money,
        "total_money": Money.fitting([total.revenue]),
        "percent": percent,
        "rate_money": Money.fitting(row.figures.revenue_per_thousand for row in rows),
        "revenue_chart": revenue,
        "most_clicked": _highest(row.figures.click_rate for row in rows),
        "most_earning": _highest(row.figures.revenue_per_thousand for row in rows),
        "funnel_chart": charts.funnel_chart(total, picked),
        "quarters_chart": charts.quarters_chart(report.totals, lineup.quarter),
        "undrawn": len(rows) - len(revenue.bars),
    }


def _over_time(
    times: TimeReading, report: Report, over: Over, second: int
) -> dict[str, Any] | None:
    """Return what the template shows of figures over time; None if nothing has been closed."""
    campaign_id = report.read.lineup.campaign_id
    found = times.over_time(campaign_id, over, second)
    if found is None:
        return None
    banners = times.banners(campaign_id, found)
    return {
        **time_section(found, times.zone),
        "account": accounted(found.last),
        "refunds": refunded(found.last),
        "banners": banner_rows(banners, banner_names(report.campaign)),
        "more_banners": len(banners[MOST_BANNERS:]),
    }


def _highest(rates: Iterable[Decimal | None]) -> Decimal:
    """Return the highest rate that is known; 0 if none is."""
    return max(filter(None, rates), default=Decimal(0))


def _quarters(report: Report) -> list[dict[str, Any]]:
    """Return what the template shows of each quarter of the hour."""
    generations = report.read.generations
    return [
        {
            "quarter": each,
            "generation": generations[each].number if each in generations else None,
            "totals": report.totals.get(each),
            "query": _query(report, each),
        }
        for each in Quarter
    ]


def _table(report: Report, rows: Sequence[Row], sort: Column, *, falling: bool) -> dict[str, Any]:
    """Return what the template shows in the table, with a link in each heading that sorts it."""
    lineup = report.read.lineup

    def heading(column: Column) -> dict[str, str | None]:
        sorted_by = column is sort
        to_fall = not falling if sorted_by else column.falls
        return {
            "name": _HEADINGS[column],
            "query": _query(
                report, lineup.quarter, sort=column.value, order="desc" if to_fall else "asc"
            ),
            "sorted": ("descending" if falling else "ascending") if sorted_by else None,
        }

    order = "desc" if falling else "asc"
    return {
        "headings": [heading(each) for each in Column if report.outlooks or not each.is_expected],
        "rows": rows[:MOST_ROWS],
        "count": len(rows),
        "here": _query(report, lineup.quarter),
        "csv": _query(report, lineup.quarter, sort=sort.value, order=order, format="csv"),
    }


def _query(report: Report, quarter: Quarter, **more: str) -> str:
    """Return the query of a link; on a preview, it keeps the generation."""
    query: dict[str, int | str] = {"quarter": int(quarter)}
    if report.read.is_preview:
        query["generation"] = report.read.lineup.generation.number
    return urlencode({**query, **more})


def _begun(report: Report) -> datetime | None:
    """Return when the crunch of the generation began; None if nothing has been recorded."""
    return (
        datetime.fromisoformat(report.read.lineup.generation.stamp) if report.is_recorded else None
    )


def _share(report: Report, total: Figures, picked: Figures) -> str:
    """Return the sentence on the lineup's share; empty if the catalogue leaves no lineup."""
    return share_sentence(total, picked) if report.read.lineup.banners else ""


def _left(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the banners that the catalogue does not take out."""
    return [row for row in rows if not row.out]
