"""The overview: all campaigns of a quarter, a page at a time, for people and for programs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import WithJsonSchema

from banners.errors import InvalidQuarter, NothingPublished, StoreUnavailable
from banners.model import Generation, Quarter, RuleName
from banners.serve.reader import LineupReader
from banners.serve.report import CampaignOrder, CampaignsWanted, ListedCampaigns, ReportReader
from banners.web.described import NOTHING_TO_READ, pages_of, problems_of
from banners.web.parameters import AskedFor, example

PAGE_CAMPAIGNS = 50
"""So many campaigns a page has."""

PATH, API_PATH = "/campaigns", "/api/v1/campaigns"
# So large a page number leads to a place that any database can count to.
_MOST_PAGE = 999_999_999
_SORTS = [sign + order for order in CampaignOrder for sign in ("", "-")]

_PageText = Annotated[
    str,
    Query(
        alias="page",
        pattern="^[1-9][0-9]{0,8}$",
        description=f"The page, {PAGE_CAMPAIGNS} campaigns each; the first if not given.",
        openapi_examples=example(1),
    ),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": _MOST_PAGE, "default": 1}),
]
_SearchText = Annotated[
    str,
    Query(
        alias="search",
        pattern="^[0-9]{0,18}$",
        description="The digits that the campaigns' ids begin with; all campaigns if not given.",
        openapi_examples=example("2"),
    ),
]
_SortText = Annotated[
    str,
    Query(
        alias="sort",
        pattern=f"^-?(?:{'|'.join(CampaignOrder)})$",
        description="What they are sorted by; the most first with a `-` before it. Those that are "
        "alike come by their ids.",
        openapi_examples=example("-revenue"),
    ),
    WithJsonSchema({"type": "string", "enum": _SORTS, "default": _SORTS[0]}),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an overview is asked for.

    Args:
        quarter: the quarter of the hour.
        page: the page, from 1.
        search: the digits that ids begin with; empty for all.
        sort: what campaigns are sorted by, with ``-`` before it for the most first.
    """

    quarter: Quarter
    page: int
    search: str
    sort: str

    @property
    def wanted(self) -> CampaignsWanted:
        """The campaigns of the page."""
        return CampaignsWanted(
            first=(self.page - 1) * PAGE_CAMPAIGNS,
            most=PAGE_CAMPAIGNS,
            beginning=self.search,
            order=CampaignOrder(self.sort.removeprefix("-")),
            descending=self.sort.startswith("-"),
        )

    def at(self, path: str) -> str:
        """Write the address of this overview, which names the quarter even if it is the current."""
        plain = {"page": 1, "search": "", "sort": CampaignOrder.CAMPAIGN}
        given = {"page": self.page, "search": self.search, "sort": self.sort}
        told = {name: value for name, value in given.items() if value != plain[name]}
        return f"{path}?{urlencode({'quarter': int(self.quarter), **told})}"


def _asked(
    quarter: AskedFor,
    page: _PageText = "1",
    search: _SearchText = "",
    sort: _SortText = CampaignOrder.CAMPAIGN.value,
) -> Asked:
    return Asked(quarter, int(page), search, sort)


AskedOverview = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True, slots=True)
class CampaignItem:
    """A campaign of a list.

    Args:
        campaign_id: the campaign.
        rule: which case of the rule decided.
        converting: how many of the campaign's banners have revenue.
        slots: how many banners the rule asks for, 5 to 10.
        banners: how many it picked, 0 to 10; those that fill up are not among them.
        revenue: what all the campaign's banners earned, an exact decimal with six places, as text.
    """

    campaign_id: int
    rule: str
    converting: int
    slots: int
    banners: int
    revenue: str


@dataclass(frozen=True, slots=True)
class CampaignsAnswer:
    """A page of the campaigns of a quarter.

    Args:
        quarter: the quarter of the hour, 1 to 4.
        generation: number of the published result that lists them; null where there is none.
        total: how many campaigns there are on all pages.
        page: which page this is, from 1; one after the last has no items.
        pages: how many there are.
        next: address of the next page; null on the last.
        items: the campaigns of this page.
    """

    quarter: int
    generation: int | None
    total: int
    page: int
    pages: int
    next: str | None
    items: list[CampaignItem]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for an overview.

    Args:
        asked: what was asked for.
        generation: the generation served in the quarter; None for none.
        listed: its campaigns.
    """

    asked: Asked
    generation: Generation | None
    listed: ListedCampaigns

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.listed.total // PAGE_CAMPAIGNS)

    def page_at(self, path: str, page: int) -> str | None:
        """Write the address of another page; None where there is none of that number."""
        if not 1 <= page <= self.pages:
            return None
        return replace(self.asked, page=page).at(path)


def find(reader: LineupReader, reports: ReportReader, asked: Asked) -> Found:
    """Find the campaigns that are asked for.

    Args:
        reader: tells what is served.
        reports: what the campaigns are read from.
        asked: which of them.

    Raises:
        NothingPublished: no quarter has been published.
        StoreUnavailable: the database is out of reach.
    """
    active = reader.active()
    if not active:
        raise NothingPublished
    generation = active.get(asked.quarter)
    if generation is None:
        return Found(asked, None, ListedCampaigns(0, ()))
    return Found(asked, generation, reports.campaigns(generation, asked.quarter, asked.wanted))


def answer_of(found: Found) -> CampaignsAnswer:
    """Write what was found as the JSON object that programs get."""
    return CampaignsAnswer(
        quarter=int(found.asked.quarter),
        generation=found.generation.number if found.generation else None,
        total=found.listed.total,
        page=found.asked.page,
        pages=found.pages,
        next=found.page_at(API_PATH, found.asked.page + 1),
        items=[
            CampaignItem(
                campaign_id=each.campaign_id,
                rule=each.rule.value,
                converting=each.converting,
                slots=each.slots,
                banners=each.banners,
                revenue=f"{each.revenue:.6f}",
            )
            for each in found.listed.campaigns
        ],
    )


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a column that can be sorted by.

    Args:
        name: what it says.
        address: leads to the overview sorted by it, or the other way round if it is already.
        sorted: ``ascending`` or ``descending`` where it is sorted by it, and else None.
    """

    name: str
    address: str
    sorted: str | None


_NAMES = {
    CampaignOrder.CAMPAIGN: "Campaign",
    CampaignOrder.CONVERTING: "X",
    CampaignOrder.BANNERS: "Banners",
    CampaignOrder.REVENUE: "Revenue",
}
_RULES = {
    RuleName.TOP_REVENUE: "most revenue",
    RuleName.ALL_CONVERTING: "all that earned",
    RuleName.REVENUE_THEN_CLICKS: "earned, then clicks",
    RuleName.MOST_CLICKS: "most clicks",
}


def heading(asked: Asked, order: CampaignOrder) -> Heading:
    """Write the heading of a column; of figures, the most comes first the first time."""
    upwards, downwards = order.value, f"-{order}"
    first, other = (upwards, downwards) if order is CampaignOrder.CAMPAIGN else (downwards, upwards)
    address = replace(asked, page=1, sort=other if asked.sort == first else first).at(PATH)
    told = {upwards: "ascending", downwards: "descending"}.get(asked.sort)
    return Heading(_NAMES[order], address, told)


def routes(
    reader: LineupReader,
    reports: ReportReader,
    out_of_reach: Callable[[], list[str]],
    templates: Jinja2Templates,
) -> APIRouter:
    """Build the overview.

    Args:
        reader: tells what is served.
        reports: what campaigns are listed from.
        out_of_reach: names the tiers that cannot be reached.
        templates: the pages' templates.
    """
    router = APIRouter()

    def look_up(asked: Asked) -> Found:
        # Each who waited for a database that hangs would take a thread from somebody else.
        if "database" in out_of_reach():
            raise StoreUnavailable("Campaigns are listed by the database, which is out of reach.")
        return find(reader, reports, asked)

    @router.get(
        PATH,
        tags=["pages"],
        summary="All campaigns",
        response_class=HTMLResponse,
        response_description="The campaigns",
        responses=pages_of(400, 503),
    )
    def overview(request: Request, asked: AskedOverview) -> Response:
        """Show the campaigns of a quarter, a page at a time."""
        found = look_up(asked)
        page = asked.page
        context = {
            "asked": asked,
            "found": found,
            "rules": _RULES,
            "headings": {order.name: heading(asked, order) for order in CampaignOrder},
            "quarters": {each: replace(asked, quarter=each, page=1).at(PATH) for each in Quarter},
            "everything": replace(asked, page=1, search="").at(PATH),
            "turn": {
                "first": found.page_at(PATH, 1) if page > 1 else None,
                "previous": found.page_at(PATH, page - 1),
                "next": found.page_at(PATH, page + 1),
                "last": found.page_at(PATH, found.pages) if page != found.pages else None,
            },
        }
        return templates.TemplateResponse(request, "overview.html", context)

    @router.get(
        API_PATH,
        tags=["campaigns"],
        summary="All campaigns, a page at a time",
        response_description="A page of the campaigns",
        responses=problems_of(InvalidQuarter, RequestValidationError, *NOTHING_TO_READ),
    )
    def list_campaigns(asked: AskedOverview) -> CampaignsAnswer:
        """List the campaigns of a quarter, with the case of the rule and their revenue."""
        return answer_of(look_up(asked))

    return router
