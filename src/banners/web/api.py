"""The JSON addresses."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from banners.answer import LineupAnswer, PreviewAnswer, preview_answer
from banners.errors import NothingPublished
from banners.serve.reporting import Reporting
from banners.web.described import (
    NO_SLASH,
    NOTHING_TO_READ,
    WRONG_CAMPAIGN,
    WRONG_GENERATION,
    problems_of,
)
from banners.web.metrics import CONTENT_TYPE
from banners.web.parameters import AskedFor, CampaignId, GenerationAsked
from banners.web.prepared import respond
from banners.web.service import Service


@dataclass(frozen=True, slots=True)
class ServedBannerAnswer:
    """A banner as a visitor is served it.

    Args:
        banner_id: its id.
        image: address of its picture.
        filled: whether it was drawn to top up the lineup.
    """

    banner_id: int
    image: str
    filled: bool


@dataclass(frozen=True, slots=True)
class ServedAnswer:
    """What a visitor of the campaign's page would be served.

    Args:
        campaign_id: the campaign.
        quarter: the quarter of the hour, 1 to 4.
        generation: number of the published result that it comes from.
        banners: the banners in the order of the page, which is another one each time.
    """

    campaign_id: int
    quarter: int
    generation: int
    banners: list[ServedBannerAnswer]


@dataclass(frozen=True, slots=True)
class Health:
    """The process answers; nothing else is looked at.

    Args:
        status: always `ok`.
    """

    status: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """A result can be served.

    Args:
        status: `ready`, or `degraded` where a tier is out of reach and others stand in for it.
        generations: the number of the generation that is served in each quarter.
        out_of_reach: the tiers that cannot be reached.
    """

    status: str
    generations: dict[int, int]
    out_of_reach: list[str]


def routes(
    service: Service,
    reporting: Reporting,
    out_of_reach: Callable[[], list[str]],
    exposition: Callable[[], bytes],
) -> APIRouter:
    """Build the JSON addresses over a service, and those for whoever operates it.

    Args:
        service: answers what is served.
        reporting: tells what campaigns show by any generation that is kept.
        out_of_reach: names the tiers that cannot be reached.
        exposition: writes the metrics in Prometheus' text form.
    """
    router = APIRouter()

    @router.get(
        "/metrics",
        tags=["operations"],
        summary="Figures for Prometheus",
        response_class=PlainTextResponse,
        response_description="The figures",
    )
    def metrics() -> Response:
        """Tell the figures of all workers in Prometheus' text form."""
        return Response(exposition(), media_type=CONTENT_TYPE)

    @router.get(
        "/healthz",
        tags=["operations"],
        summary="Does the process answer?",
        response_description="It does",
    )
    async def healthz() -> Health:
        """Tell that the process answers."""
        return Health("ok")

    @router.get(
        "/readyz",
        tags=["operations"],
        summary="Can a result be served?",
        response_description="It can",
        responses=problems_of(*NOTHING_TO_READ),
    )
    async def readyz() -> Readiness:
        """Tell whether a published result can be served."""
        active = service.reader.active()
        if not active:
            raise NothingPublished
        gone = out_of_reach()
        status = "degraded" if gone else "ready"
        return Readiness(
            status, {int(quarter): each.number for quarter, each in active.items()}, gone
        )

    @router.get(
        "/api/v1/campaigns/{campaign_id:anything}/banners",
        tags=["campaigns"],
        summary="What a visitor would be served",
        response_model=ServedAnswer,
        response_description="The banners, in random order",
        responses={**NO_SLASH, **problems_of(*WRONG_CAMPAIGN, *NOTHING_TO_READ)},
    )
    def read_banners(request: Request, campaign_id: CampaignId, quarter: AskedFor) -> Response:
        """Serve what a visitor would be served: the lineup, filled up, in random order."""
        return respond(service.answers(campaign_id, quarter).served(request.headers.raw))

    @router.get(
        "/api/v1/campaigns/{campaign_id:anything}",
        tags=["campaigns"],
        summary="A campaign's lineup, and why",
        response_model=LineupAnswer | PreviewAnswer,
        response_description="The lineup; where a generation was asked for, whether it is served",
        responses={
            **NO_SLASH,
            **problems_of(*WRONG_CAMPAIGN, *WRONG_GENERATION, *NOTHING_TO_READ),
        },
    )
    def read_lineup(
        request: Request, campaign_id: CampaignId, quarter: AskedFor, generation: GenerationAsked
    ) -> Response:
        """Tell a campaign's lineup, its figures, and the case of the rule that decided.

        Where a generation is asked for, the answer also says whether that is a preview.
        """
        if generation is None:
            return respond(service.answers(campaign_id, quarter).lineup(request.headers.raw))
        read = reporting.lineup(campaign_id, quarter, generation)
        return JSONResponse(
            asdict(preview_answer(read.lineup, service.serving.policy, served=read.served))
        )

    return router
