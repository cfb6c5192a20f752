"""An example of every JSON answer, made by the code that makes the answers.

They are of an imagined campaign with five candidates. Two of them earned something, a third was
clicked, and the other two can be drawn to fill the lineup up to five banners.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from banners.core.addresses import Route, Site
from banners.core.figures import Figures
from banners.core.images import USUAL_SIZE
from banners.core.model import FillPolicy, Generation, Lineup, Performance, Quarter, RuleName
from banners.core.slots import slot_named
from banners.core.totals import Totals
from banners.reports.campaign import Read, Report
from banners.reports.history_json import HistoryAnswer, history_answer
from banners.reports.json_object import as_json
from banners.reports.lineup_json import lineup_answer, preview_answer
from banners.reports.over_time import BannerOverTime, Over, OverTime, Point
from banners.reports.reader import Candidate, ListedCampaign, ListedCampaigns, QuarterTotals
from banners.reports.report_json import report_answer
from banners.reports.totals import HOUR_SLOTS
from banners.web.api.campaign_list import answer_of
from banners.web.api.campaigns import ServedAnswer, ServedBannerAnswer
from banners.web.api.commands import EXAMPLE_CAMPAIGN
from banners.web.api.conversions import ConversionAnswer
from banners.web.api.operations import Health, Readiness
from banners.web.campaign_list import Asked, Found

_QUARTER, _POLICY = Quarter.FIRST, FillPolicy.INVENTORY
_GENERATION = Generation(3, "2026-01-31T10:00:00+00:00")
_PICKED = (
    Performance(41, 6, 2, 1_250_000, banner_id=112),
    Performance(38, 4, 1, 480_000, banner_id=305),
    Performance(40, 3, 0, 0, banner_id=219),
)
_OTHERS = (Performance(39, 0, 0, 0, banner_id=134), Performance(12, 0, 0, 0, banner_id=402))
_TOTAL = Figures.sum_of([*_PICKED, *_OTHERS])
_LINEUP = Lineup(
    campaign_id=EXAMPLE_CAMPAIGN,
    quarter=_QUARTER,
    generation=_GENERATION,
    rule=RuleName.REVENUE_THEN_CLICKS,
    converting=2,
    slots=5,
    banners=_PICKED,
    others=tuple(each.banner_id for each in _OTHERS),
)
_REPORT = Report(
    read=Read(_LINEUP, served=_GENERATION.number, generations={_QUARTER: _GENERATION}),
    candidates=[
        *(Candidate(figures, position) for position, figures in enumerate(_PICKED, start=1)),
        *(Candidate(figures, None) for figures in _OTHERS),
    ],
    totals={
        _QUARTER: QuarterTotals(
            rule=_LINEUP.rule,
            converting=_LINEUP.converting,
            picked=len(_PICKED),
            candidates=len(_PICKED) + len(_OTHERS),
            figures=_TOTAL,
        )
    },
    kept=[_GENERATION],
)
_LIST = Found(
    Asked(_QUARTER, page=1, search="", sort="-revenue"),
    _GENERATION,
    ListedCampaigns(
        total=60,
        campaigns=[
            ListedCampaign(
                campaign_id=_LINEUP.campaign_id,
                rule=_LINEUP.rule,
                converting=_LINEUP.converting,
                slots=_LINEUP.slots,
                banners=len(_PICKED),
                revenue_micros=_TOTAL.revenue_micros,
            )
        ],
    ),
)
_LIVE = {int(quarter): _GENERATION.number for quarter in Quarter}


def example_answers(site: Site) -> Mapping[str, Mapping[str, dict[str, Any]]]:
    """Return the examples, by the name of their schema in OpenAPI and by their own name.

    Args:
        site: the application as others reach it.
    """
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, answer in (
        ("live", lineup_answer(_LINEUP, _POLICY, site)),
        ("preview", preview_answer(_LINEUP, _POLICY, site, served=4)),
        ("report", report_answer(_REPORT, _POLICY, site)),
        ("over time", _history(site)),
        ("nothing recorded", history_answer(EXAMPLE_CAMPAIGN, None, Over.DAY, None, (), {}, "")),
        ("first page", answer_of(_LIST, site)),
        ("random order", _served(site)),
        ("healthy", Health("ok")),
        ("accepted", ConversionAnswer("accepted", "order-1")),
        ("ready", Readiness("ready", _LIVE, None, [], {})),
        ("degraded", Readiness("degraded", _LIVE, 12, ["redis"], {})),
    ):
        found[type(answer).__name__][name] = as_json(answer)
    return found


def _history(site: Site) -> HistoryAnswer:
    """Return an example of two hours, of which the second has not ended."""
    slots = slot_named("20260131T0900Z"), slot_named("20260131T1000Z")
    spans = [range(each, each + HOUR_SLOTS) for each in slots]
    totals = Totals(Figures.sum_of([_TOTAL, Figures(9, 1, 0, 0)]), _TOTAL)
    points = [Point(each, totals, is_complete=each is spans[0]) for each in spans]
    found = OverTime(Over.DAY, spans[1].start + 1, points, Totals.sum_of([totals] * 2), totals)
    picked = _PICKED[0]
    banner = BannerOverTime(picked.banner_id, picked, picked, [picked, picked])
    names = {picked.banner_id: "Red shoe"}
    address = site.at(Route.API_HISTORY, campaign_id=EXAMPLE_CAMPAIGN)
    return history_answer(EXAMPLE_CAMPAIGN, "Shoes", Over.DAY, found, [banner], names, address)


def _served(site: Site) -> ServedAnswer:
    return ServedAnswer(
        campaign_id=_LINEUP.campaign_id,
        campaign_id_text=str(_LINEUP.campaign_id),
        quarter=_QUARTER,
        generation=_GENERATION.number,
        banners=[
            ServedBannerAnswer(
                banner_id,
                str(banner_id),
                site.image(banner_id),
                USUAL_SIZE.width,
                USUAL_SIZE.height,
                filled=banner_id in _LINEUP.others,
            )
            for banner_id in (305, 402, 112, 219, 134)
        ],
    )
