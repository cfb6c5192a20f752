"""An example of every JSON answer, made as the answers themselves are.

There are two imagined campaigns: of 54, eleven banners earned something, so that the best ten are
shown; 27 has two such banners, shows a clicked one after them, and is filled up to five.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from banners.answer import image_path, lineup_answer, preview_answer
from banners.model import FillPolicy, Generation, Lineup, Performance, Quarter, RuleName
from banners.serve.report import Candidate, ListedCampaign, ListedCampaigns, QuarterTotals
from banners.serve.reporting import Read, Report
from banners.web.api import Health, Readiness, ServedAnswer, ServedBannerAnswer
from banners.web.figures import Figures, rows_of
from banners.web.overview import Asked, Found, answer_of
from banners.web.report_answer import report_answer

_QUARTER, _POLICY = Quarter.FIRST, FillPolicy.INVENTORY
_GENERATION = Generation(3, "2026-01-31T10:00:00+00:00")
_TEN = Lineup(
    campaign_id=54,
    quarter=_QUARTER,
    generation=_GENERATION,
    rule=RuleName.TOP_REVENUE,
    converting=11,
    slots=10,
    banners=tuple(
        Performance(banner_id, 1, 1, 1, 675_000 - 50_000 * place)
        for place, banner_id in enumerate((414, 102, 391, 233, 167, 480, 219, 350, 128, 305))
    ),
    others=(),
)
_CLICKED = (
    Performance(112, 41, 6, 2, 1_250_000),
    Performance(305, 38, 4, 1, 480_000),
    Performance(219, 40, 3, 0, 0),
)
_ONLY_SHOWN = (Performance(134, 39, 0, 0, 0), Performance(402, 12, 0, 0, 0))
_FILLED = Lineup(
    campaign_id=27,
    quarter=_QUARTER,
    generation=_GENERATION,
    rule=RuleName.REVENUE_THEN_CLICKS,
    converting=2,
    slots=5,
    banners=_CLICKED,
    others=tuple(banner.banner_id for banner in _ONLY_SHOWN),
)
_CANDIDATES = [
    *(Candidate(figures, position) for position, figures in enumerate(_CLICKED, start=1)),
    *(Candidate(figures, None) for figures in _ONLY_SHOWN),
]
_TOTAL = Figures.sum_of(each.figures for each in _CANDIDATES)
_READ = Read(_FILLED, served=3, generations={_QUARTER: _GENERATION})
_REPORT = Report(
    read=_READ,
    candidates=_CANDIDATES,
    totals={
        _QUARTER: QuarterTotals(
            rule=_FILLED.rule,
            converting=_FILLED.converting,
            picked=len(_FILLED.banners),
            candidates=len(_CANDIDATES),
            impressions=_TOTAL.impressions,
            clicks=_TOTAL.clicks,
            conversions=_TOTAL.conversions,
            revenue_micros=_TOTAL.revenue_micros,
        )
    },
    kept=[_GENERATION],
)
_LISTED = [
    ListedCampaign(each.campaign_id, each.rule, each.converting, each.slots, picked, revenue)
    for each, picked, revenue in ((_TEN, 10, 4_600_000), (_FILLED, 3, _TOTAL.revenue_micros))
]
_OVERVIEW = Found(
    Asked(_QUARTER, page=1, search="", sort="-revenue"), _GENERATION, ListedCampaigns(60, _LISTED)
)
_SERVED = ServedAnswer(
    campaign_id=27,
    quarter=_QUARTER,
    generation=_GENERATION.number,
    banners=[
        ServedBannerAnswer(banner_id, image_path(banner_id), filled=banner_id in _FILLED.others)
        for banner_id in (305, 402, 112, 219, 134)
    ],
)


def _by_schema(answers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Sort answers by the name that their kind has in the OpenAPI document."""
    found: dict[str, dict[str, Any]] = {}
    for name, answer in answers.items():
        found.setdefault(type(answer).__name__, {})[name] = asdict(answer)
    return found


ANSWERS = _by_schema(
    {
        "filled up": lineup_answer(_FILLED, _POLICY),
        "ten of eleven": lineup_answer(_TEN, _POLICY),
        "of a generation": preview_answer(_FILLED, _POLICY, served=4),
        "report": report_answer(_REPORT, rows_of(_FILLED, _CANDIDATES, filled=True), _POLICY),
        "page": answer_of(_OVERVIEW),
        "served": _SERVED,
        "well": Health("ok"),
        "ready": Readiness("ready", {int(each): 3 for each in Quarter}, []),
        "degraded": Readiness("degraded", {int(each): 3 for each in Quarter}, ["redis"]),
    }
)
"""The examples: by the name of their schema, and each by a name of its own."""
