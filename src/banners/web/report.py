"""The report on a campaign: a page for those who run it, the same as CSV, and as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from banners.model import FillPolicy, Quarter, parse_campaign_id
from banners.rule import explain, explain_fill, missing
from banners.serve.reporting import Report, Reporting
from banners.web import charts
from banners.web.described import (
    NO_SLASH,
    NOTHING_TO_READ,
    PROPER,
    WRONG_CAMPAIGN,
    WRONG_GENERATION,
    Responses,
    pages_of,
    problems_of,
)
from banners.web.figures import Column, Figures, Money, Row, Shown, in_order, percent, rows_of
from banners.web.parameters import AskedFor, CampaignId, GenerationAsked
from banners.web.report_answer import ReportAnswer, csv_name, report_answer, report_csv
from banners.web.report_words import cut_sentence, share_sentence

MOST_ROWS = 1_000
"""So many candidates the page's table has at most; CSV and JSON have all."""

MOST_FILL_PICTURES = 10
"""So many of the banners that may be drawn are shown with their pictures."""

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
}
_CSV: Responses = {
    200: {
        "description": "The page; with `format=csv` its table, to be downloaded",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


def routes(reporting: Reporting, policy: FillPolicy, templates: Jinja2Templates) -> APIRouter:
    """Build the addresses of the report.

    Args:
        reporting: reads reports.
        policy: where the fill may come from.
        templates: the pages' templates.
    """
    router = APIRouter()

    @router.get(
        "/campaigns/{campaign_id:anything}/report",
        tags=["pages"],
        summary="The report on a campaign",
        response_class=HTMLResponse,
        responses={**_CSV, **PROPER, **pages_of(400, 404, 503)},
    )
    def report(
        request: Request,
        campaign_id: CampaignId,
        quarter: AskedFor,
        generation: GenerationAsked,
        sort: Annotated[Column, Query(description="What the table is sorted by.")] = Column.PLACE,
        order: Annotated[
            Order | None,
            Query(description="Which comes first; if not given, the best, or the smallest id."),
        ] = None,
        form: Annotated[
            Literal["csv"] | None,
            Query(alias="format", description="`csv` for the table alone, to be downloaded."),
        ] = None,
    ) -> Response:
        """Show what the campaign shows in a quarter, why, and how its banners do."""
        proper = f"/campaigns/{parse_campaign_id(campaign_id)}/report"
        if proper != request.scope["path"]:
            query = request.url.query
            return RedirectResponse(f"{proper}?{query}" if query else proper, status_code=308)
        found = reporting.report(campaign_id, quarter, generation)
        rows = _rows(found, policy)
        falling = order == "desc" if order else sort.falls
        table = in_order(rows, sort, falling=falling)
        if form == "csv":
            return Response(
                report_csv(found.read, table),
                media_type="text/csv",
                headers={"Content-Disposition": f'attachment; filename="{csv_name(found.read)}"'},
            )
        context = {**_context(found, rows, policy), **_table(found, table, sort, falling=falling)}
        return templates.TemplateResponse(request, "report.html", context)

    @router.get(
        "/api/v1/campaigns/{campaign_id:anything}/report",
        tags=["campaigns"],
        summary="The report on a campaign",
        response_description="The report",
        responses={
            **NO_SLASH,
            **problems_of(*WRONG_CAMPAIGN, *WRONG_GENERATION, *NOTHING_TO_READ),
        },
    )
    def read_report(
        campaign_id: CampaignId, quarter: AskedFor, generation: GenerationAsked
    ) -> ReportAnswer:
        """Tell what a campaign shows in a quarter, why, and the figures of all its banners."""
        found = reporting.report(campaign_id, quarter, generation)
        return report_answer(found, _rows(found, policy), policy)

    return router


def _rows(report: Report, policy: FillPolicy) -> list[Row]:
    lineup = report.read.lineup
    return rows_of(lineup, report.candidates, filled=missing(lineup, policy) > 0)


def _context(report: Report, rows: Sequence[Row], policy: FillPolicy) -> dict[str, Any]:
    """Give the template all but the table."""
    lineup, read = report.read.lineup, report.read
    whole = Figures.sum_of(row.figures for row in rows)
    picked = Figures.sum_of(lineup.banners)
    money = Money.fitting(row.figures.revenue for row in rows)
    fill = [row for row in rows if row.shown is Shown.FILL]
    revenue = charts.revenue_chart(rows, money)
    return {
        "campaign_id": lineup.campaign_id,
        "quarter": lineup.quarter,
        "generation": lineup.generation.number,
        "begun": _moment(lineup.generation.stamp),
        "preview": read.is_preview,
        "served": read.served,
        "kept": [each.number for each in report.kept],
        "quarters": [
            {
                "quarter": each,
                "generation": read.generations[each].number if each in read.generations else None,
                "totals": report.totals.get(each),
                "figures": Figures.sum_of([report.totals[each]]) if each in report.totals else None,
                "query": _query(report, each),
            }
            for each in Quarter
        ],
        "explained": explain(lineup),
        "explained_fill": explain_fill(lineup, policy),
        "share": share_sentence(whole, picked),
        "cut": cut_sentence(rows),
        "whole": whole,
        "lineup": [row for row in rows if row.shown is Shown.LINEUP],
        "fill": fill[:MOST_FILL_PICTURES],
        "more_fill": len(fill[MOST_FILL_PICTURES:]),
        "shown": Shown,
        "money": money,
        "whole_money": Money.fitting([whole.revenue]),
        "percent": percent,
        "rate_money": Money.fitting(row.figures.revenue_per_thousand for row in rows),
        "revenue_chart": revenue,
        "click_rate_chart": charts.click_rate_chart(rows),
        "revenue_per_thousand_chart": charts.revenue_per_thousand_chart(rows),
        "funnel_chart": charts.funnel_chart(whole, picked),
        "quarters_chart": charts.quarters_chart(report.totals, lineup.quarter),
        "undrawn": len(rows) - len(revenue.bars),
    }


def _table(report: Report, rows: Sequence[Row], sort: Column, *, falling: bool) -> dict[str, Any]:
    """Give the template the table, with a link in each heading that sorts by it."""
    lineup = report.read.lineup

    def heading(column: Column) -> dict[str, str | None]:
        sorted_by = column is sort
        to_fall = not falling if sorted_by else column.falls
        return {
            "words": _HEADINGS[column],
            "query": _query(
                report, lineup.quarter, sort=column.value, order="desc" if to_fall else "asc"
            ),
            "sorted": ("descending" if falling else "ascending") if sorted_by else None,
        }

    order = "desc" if falling else "asc"
    return {
        "headings": [heading(each) for each in Column],
        "rows": rows[:MOST_ROWS],
        "count": len(rows),
        "here": _query(report, lineup.quarter),
        "csv": _query(report, lineup.quarter, sort=sort.value, order=order, format="csv"),
    }


def _query(report: Report, quarter: Quarter, **more: str) -> str:
    """Write the query of a link that stays with the generation that is previewed."""
    words: dict[str, int | str] = {"quarter": int(quarter)}
    if report.read.is_preview:
        words["generation"] = report.read.lineup.generation.number
    return urlencode({**words, **more})


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)
