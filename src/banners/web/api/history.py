"""The figures of a campaign over time as JSON."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError

from banners.core.addresses import Route, Site
from banners.core.model import parse_campaign_id
from banners.core.slots import SLOT_SECONDS, slot_named
from banners.errors import InvalidCampaignId, StoreError, UnknownCampaign
from banners.reports.campaign import Reporting
from banners.reports.history_json import HistoryAnswer, history_answer
from banners.reports.named import banner_names
from banners.reports.over_time import Over, TimeReading
from banners.web.http.addresses import routed
from banners.web.http.clock import second_of
from banners.web.http.parameters import CampaignId, day_pattern, example
from banners.web.http.responses import TO_ADDRESS_WITHOUT_SLASH, problem_responses

_OverAsked = Annotated[
    Over,
    Query(
        description="How long: `24h` for the last 24 hours by hour, `7d` for the last 7 days by "
        "day, in the time zone of the application.",
        openapi_examples=example("7d"),
    ),
]
_BeforeAsked = Annotated[
    str | None,
    Query(
        pattern=f"^{day_pattern()}T(?:[01][0-9]|2[0-3])(?:00|15|30|45)Z$",
        description="Only before this moment: the beginning of a quarter of an hour in UTC; now "
        "if not given. In an answer, `previous` is the address of the time before.",
        openapi_examples=example("20260131T1015Z"),
    ),
]


def routes(reading: TimeReading | None, reporting: Reporting, site: Site) -> APIRouter:
    """Build the address of figures over time.

    Args:
        reading: reads figures over time; None where nothing is recorded.
        reporting: knows what is published and what people call campaigns and banners.
        site: where the address of an earlier time is.
    """
    router = APIRouter()

    @router.get(
        routed(Route.API_HISTORY),
        tags=["campaigns"],
        summary="A campaign's figures over time",
        response_description="The figures",
        responses={
            **TO_ADDRESS_WITHOUT_SLASH,
            **problem_responses(
                InvalidCampaignId, RequestValidationError, UnknownCampaign, StoreError
            ),
        },
    )
    def read_history(
        request: Request,
        campaign_id: CampaignId,
        over: _OverAsked = Over.DAY,
        before: _BeforeAsked = None,
    ) -> HistoryAnswer:
        """Return what was recorded of a campaign and its banners in each hour or day.

        Without the live loop, nothing is recorded, and there are no points.
        """
        proper = parse_campaign_id(campaign_id)
        second = slot_named(before) * SLOT_SECONDS if before else second_of(request)
        found = reading.over_time(proper, over, second) if reading else None
        banners = reading.banners(proper, found) if reading and found else ()
        names = reporting.campaigns.names
        campaign = names.campaign(proper)
        if campaign is None and not banners and not reporting.is_published(proper):
            raise UnknownCampaign(proper, in_catalogue=names.has_catalogue())
        called: Mapping[int, str] = banner_names(campaign)
        address = site.at(Route.API_HISTORY, campaign_id=proper)
        name = campaign.name if campaign else None
        return history_answer(proper, name, over, found, banners, called, address)

    return router
