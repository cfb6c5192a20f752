"""The report on a campaign as JSON."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from banners.core.addresses import Route, Site
from banners.core.model import FillPolicy
from banners.reports.campaign import Reporting
from banners.reports.json_object import as_json
from banners.reports.over_time import TimeReading
from banners.reports.report_json import ReportAnswer, report_answer
from banners.web.http.addresses import routed
from banners.web.http.clock import second_of
from banners.web.http.parameters import AskedFor, CampaignId, GenerationAsked
from banners.web.http.responses import (
    CAMPAIGN_ERRORS,
    GENERATION_ERRORS,
    READING_ERRORS,
    TO_ADDRESS_WITHOUT_SLASH,
    problem_responses,
)


def routes(
    reporting: Reporting,
    policy: Callable[[], FillPolicy],
    site: Site,
    times: TimeReading | None = None,
) -> APIRouter:
    """Build the address of the report.

    Args:
        reporting: reads reports.
        policy: returns where the fill may come from.
        site: where the images are.
        times: reads what the policy earns; None where nothing is recorded.
    """
    router = APIRouter()

    @router.get(
        routed(Route.API_REPORT),
        tags=["campaigns"],
        summary="The report on a campaign",
        response_model=ReportAnswer,
        response_description="The report",
        responses={
            **TO_ADDRESS_WITHOUT_SLASH,
            **problem_responses(*CAMPAIGN_ERRORS, *GENERATION_ERRORS, *READING_ERRORS),
        },
    )
    def read_report(
        request: Request, campaign_id: CampaignId, quarter: AskedFor, generation: GenerationAsked
    ) -> Response:
        """Return what a campaign shows in a quarter, why, and the figures of all its banners."""
        found = reporting.report(campaign_id, quarter, generation, second_of(request))
        reading = None if found.read.is_preview else times
        compared = reading.comparisons(found.read.lineup.campaign_id) if reading else ()
        answer = report_answer(found, policy(), site, compared)
        return JSONResponse(as_json(answer))

    return router
