"""The page of totals: all campaigns over time, and totals between two dates to settle by."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from banners.core.addresses import Route
from banners.core.events import Kind
from banners.core.figures import as_decimal
from banners.core.slots import slot_at
from banners.reports.figures import Money, percent
from banners.reports.named import NameReader
from banners.reports.over_time import Over, TimeReading
from banners.reports.settlement import (
    GROUP_WORDS,
    Settlement,
    settlement_csv,
    settlement_name,
)
from banners.web.http.caller import Caller, caller_of
from banners.web.http.clock import second_of
from banners.web.http.parameters import day_pattern, example
from banners.web.http.responses import Responses, error_pages
from banners.web.pages.time_section import OverAsked, accounted, refunded, time_section

MOST_ROWS = 1_000
"""Maximum number of rows in the page's table; CSV has all."""

_CSV: Responses = {
    200: {
        "description": "The page; with `format=csv`, a download of its table",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


# Forms send an empty one for none.
_DAY = f"^{day_pattern('-')}?$"
_First = Annotated[
    str | None,
    Query(
        alias="from",
        pattern=_DAY,
        description="The first day; the first of the month of the last day if not given.",
        openapi_examples=example("2026-11-01"),
    ),
]
_Last = Annotated[
    str | None,
    Query(
        alias="to",
        pattern=_DAY,
        description="The last day, which is included; today if not given.",
        openapi_examples=example("2026-11-30"),
    ),
]


@dataclass(frozen=True, slots=True)
class Settling:
    """Reads totals between two dates.

    Args:
        times: reads figures over time; None where nothing is recorded.
        names: what people call campaigns.
        zone: the time zone of days.
    """

    times: TimeReading | None
    names: NameReader
    zone: tzinfo

    def between(self, first: date, last: date, caller: Caller) -> Settlement:
        """Return the totals of the campaigns that somebody may see.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        found = self.times.totals.between(first, last) if self.times else ()
        seen = [each for each in found if caller.may_see(each.campaign_id)]
        names = self.names.names({each.campaign_id for each in seen})
        return Settlement(first, last, seen, names)

    def reasons(self, first: date, last: date) -> Mapping[Kind, Mapping[str, int]]:
        """Return what became of everything that was recorded of all campaigns, by kind.

        Only of slots whose accounts are kept (``BANNERS_KEEP_EVENTS``).
        """
        if self.times is None:
            return {}
        edges = (first, last + timedelta(1))
        midnights = (datetime.combine(day, time(), self.zone) for day in edges)
        slots = range(*(slot_at(each.timestamp()) for each in midnights))
        found: dict[Kind, Counter[str]] = {each: Counter() for each in Kind}
        for closed in self.times.totals.closed(slots):
            for kind, outcomes in closed.state.account.items():
                found[kind].update(outcomes)
        return found


def routes(settling: Settling, templates: Jinja2Templates) -> APIRouter:
    """Build the page of totals.

    Args:
        settling: reads totals between two dates.
        templates: the pages' templates.
    """
    router = APIRouter()

    @router.get(
        Route.TOTALS,
        tags=["pages"],
        summary="Totals between two dates",
        response_class=HTMLResponse,
        responses={**_CSV, **error_pages(400, 503)},
    )
    def totals(
        request: Request,
        first: _First = None,
        last: _Last = None,
        over: OverAsked = Over.DAY,
        form: Annotated[
            Literal["csv"] | None,
            Query(alias="format", description="`csv` to download the table alone."),
        ] = None,
    ) -> Response:
        """Show what was recorded of each campaign between two dates, and what counts."""
        caller, second = caller_of(request), second_of(request)
        times = settling.times
        today = datetime.fromtimestamp(second, settling.zone).date()
        ends = date.fromisoformat(last) if last else today
        begins = date.fromisoformat(first) if first else ends.replace(day=1)
        found = settling.between(begins, ends, caller)
        if form == "csv":
            name = settlement_name(found)
            return Response(
                settlement_csv(found),
                media_type="text/csv",
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )
        sees_all = caller.campaigns is None
        shown = times.over_time(None, over, second) if times and sees_all else None
        section = time_section(shown, settling.zone) if shown else None
        context = {
            "found": found,
            "rows": found.campaigns[:MOST_ROWS],
            "more": len(found.campaigns[MOST_ROWS:]),
            "has_groups": len({each.group for each in found.campaigns}) > 1,
            "group_words": GROUP_WORDS,
            "is_recorded": times is not None,
            "time": section,
            "account": accounted(found.together),
            "refunds": refunded(found.together),
            "reasons": _lines(settling.reasons(begins, ends)) if sees_all else [],
            "kinds": list(Kind),
            "Over": Over,
            "money": Money(2),
            "percent": percent,
            "as_decimal": as_decimal,
        }
        return templates.TemplateResponse(request, "totals.html", context)

    return router


def _lines(reasons: Mapping[Kind, Mapping[str, int]]) -> Sequence[tuple[str, Sequence[int]]]:
    """Return the number of events of each kind for every outcome, the most frequent first."""
    together: Counter[str] = Counter()
    for outcomes in reasons.values():
        together.update(outcomes)
    return [
        (outcome.replace("_", " "), [reasons[kind].get(outcome, 0) for kind in Kind])
        for outcome, number in together.most_common()
        if number
    ]
