"""The list of campaigns as JSON."""

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError

from banners.core.addresses import Route, Site
from banners.errors import InvalidQuarter
from banners.reports.json_object import JsonObject
from banners.web.campaign_list import AskedList, CampaignList, Found
from banners.web.http.responses import READING_ERRORS, problem_responses


@dataclass(frozen=True, slots=True)
class CampaignItem(JsonObject):
    """A campaign of a list."""

    campaign_id: int
    """The campaign."""

    campaign_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    rule: str
    """Which case of the rule decided."""

    converting: int
    """How many of the campaign's banners have revenue."""

    slots: int
    """How many banners the rule asks for, 5 to 10."""

    banners: int
    """How many banners the rule picked, 0 to 10, without those that fill the lineup up."""

    revenue: str
    """What all the campaign's banners earned, an exact decimal with six places, as text."""

    name: str | None
    """The campaign's name; null if the catalogue has none."""


@dataclass(frozen=True, slots=True)
class CampaignsAnswer(JsonObject):
    """A page of the campaigns of a quarter."""

    quarter: int
    """The quarter of the hour, 1 to 4."""

    generation: int | None
    """Number of the published result that lists them; null if there is none."""

    total: int
    """How many campaigns there are on all pages."""

    page: int
    """The number of this page, from 1; a page after the last has no items."""

    pages: int
    """How many pages there are."""

    next: str | None
    """Address of the next page; null on the last."""

    items: list[CampaignItem]
    """The campaigns of this page."""


def answer_of(found: Found, site: Site) -> CampaignsAnswer:
    """Return a page of the list as a JSON object.

    Args:
        found: the page.
        site: where the next page is.
    """
    return CampaignsAnswer(
        quarter=int(found.asked.quarter),
        generation=found.generation.number if found.generation else None,
        total=found.listed.total,
        page=found.asked.page,
        pages=found.pages,
        next=found.page_at(site.at(Route.API_CAMPAIGNS), found.asked.page + 1),
        items=[
            CampaignItem(
                campaign_id=each.campaign_id,
                campaign_id_text=str(each.campaign_id),
                rule=each.rule.value,
                converting=each.converting,
                slots=each.slots,
                banners=each.banners,
                revenue=f"{each.revenue:f}",
                name=found.names.get(each.campaign_id),
            )
            for each in found.listed.campaigns
        ],
    )


def routes(campaigns: CampaignList, site: Site) -> APIRouter:
    """Build the address of the list.

    Args:
        campaigns: lists the campaigns.
        site: the application as others reach it.
    """
    router = APIRouter()

    @router.get(
        Route.API_CAMPAIGNS,
        tags=["campaigns"],
        summary="All campaigns, a page at a time",
        response_description="A page of the campaigns",
        responses=problem_responses(InvalidQuarter, RequestValidationError, *READING_ERRORS),
    )
    def list_campaigns(asked: AskedList) -> CampaignsAnswer:
        """List the campaigns of a quarter, with the case of the rule and their revenue."""
        return answer_of(campaigns.find(asked), site)

    return router
