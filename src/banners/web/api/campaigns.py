"""What one campaign shows, as JSON."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from banners.core.addresses import Route
from banners.reports.campaign import Reporting
from banners.reports.json_object import JsonObject, as_json
from banners.reports.lineup_json import LineupAnswer, PreviewAnswer, preview_answer
from banners.web.hot.recorded import NAMED_PREVIEW, views_of
from banners.web.hot.replies import respond
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
from banners.web.service import Service


@dataclass(frozen=True, slots=True)
class ServedBannerAnswer(JsonObject):
    """A banner that a visitor would see."""

    banner_id: int
    """The id of the banner."""

    banner_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    image: str
    """The address of its image."""

    width: int
    """The width of its image in pixels."""

    height: int
    """The height of its image in pixels."""

    filled: bool
    """Whether it was drawn at random to fill up the lineup."""

    name: str | None = None
    """Its name, if there is a catalogue."""

    alt: str | None = None
    """The alternative text of its image, if there is a catalogue."""

    impression_url: str | None = None
    """The address of a small image, to be loaded once when the banners are seen; the same for all
    of them. Absent if views are not recorded."""

    click_url: str | None = None
    """Where a click on it leads; null if it has no landing page, absent without a catalogue. If
    views are recorded, by way of an address that records the click."""


@dataclass(frozen=True, slots=True)
class ServedAnswer(JsonObject):
    """The banners that a visitor of the campaign's page would see."""

    campaign_id: int
    """The campaign."""

    campaign_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    quarter: int
    """The quarter of the hour, 1 to 4."""

    generation: int
    """The number of the generation (the published result) that it comes from."""

    banners: list[ServedBannerAnswer]
    """The banners in the order of the page, which is random each time."""

    name: str | None = None
    """The campaign's name, if there is a catalogue."""


def routes(service: Service, reporting: Reporting) -> APIRouter:
    """Return the routes of one campaign as JSON.

    Args:
        service: returns the prepared answers of the live generation.
        reporting: returns lineups of any generation that is kept.
    """
    router = APIRouter()

    @router.get(
        routed(Route.API_BANNERS),
        tags=["campaigns"],
        summary="What a visitor would see",
        response_model=ServedAnswer,
        response_description="The banners, in random order",
        responses={
            **TO_ADDRESS_WITHOUT_SLASH,
            **problem_responses(*CAMPAIGN_ERRORS, *READING_ERRORS),
        },
    )
    def read_banners(request: Request, campaign_id: CampaignId, quarter: AskedFor) -> Response:
        """Return what a visitor would see: the lineup, filled up if short, in random order."""
        answers = service.answers(campaign_id, quarter, second_of(request))
        # Decided again here, where the query is read, so that no spelling gets round the rule.
        is_preview = not NAMED_PREVIEW.isdisjoint(request.query_params)
        views = None if is_preview else views_of(request)
        return respond(answers.served(request.headers.raw, views))

    @router.get(
        routed(Route.API_CAMPAIGN),
        tags=["campaigns"],
        summary="A campaign's lineup, and why",
        response_model=LineupAnswer | PreviewAnswer,
        response_description="The lineup; with `generation`, also whether it is live",
        responses={
            **TO_ADDRESS_WITHOUT_SLASH,
            **problem_responses(*CAMPAIGN_ERRORS, *GENERATION_ERRORS, *READING_ERRORS),
        },
    )
    def read_lineup(
        request: Request, campaign_id: CampaignId, quarter: AskedFor, generation: GenerationAsked
    ) -> Response:
        """Return a campaign's lineup, its figures, and the case of the rule that applied.

        With `generation`, the answer also says whether that generation is live.
        """
        if generation is None:
            answers = service.answers(campaign_id, quarter, second_of(request))
            return respond(answers.lineup(request.headers.raw))
        read, named, ranked = reporting.preview(
            campaign_id, quarter, generation, second_of(request)
        )
        policy, site = service.policy(), service.serving.site
        answer = preview_answer(read.lineup, policy, site, named, ranked, served=read.served)
        return JSONResponse(as_json(answer))

    return router
