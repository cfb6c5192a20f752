"""The JSON addresses."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, WithJsonSchema

from banners.answer import LineupAnswer, PreviewAnswer, preview_answer
from banners.errors import NothingPublished
from banners.model import Quarter
from banners.serve.reporting import Reporting, parse_generation
from banners.web.clock import quarter_of
from banners.web.metrics import CONTENT_TYPE
from banners.web.openapi import PROBLEM
from banners.web.prepared import respond
from banners.web.service import Service

CampaignId = Annotated[
    str,
    Path(
        description="The campaign: a whole number above zero, in 1 to 18 digits.", examples=["27"]
    ),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,18}$"}),
]
QuarterText = Annotated[
    str | None,
    Query(alias="quarter", description="The quarter of the hour; the current one if not given."),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 4}),
]


def _asked_for(request: Request, text: QuarterText = None) -> Quarter:
    return quarter_of(request) if text is None else Quarter.parse(text)


AskedFor = Annotated[Quarter, Depends(_asked_for)]


GenerationText = Annotated[
    str | None,
    Query(
        alias="generation",
        description="The number of a generation that is kept, to preview what it has or had to "
        "show; what is served if not given.",
        examples=["3"],
    ),
    WithJsonSchema({"type": "integer", "minimum": 1}),
]


def _generation_asked(text: GenerationText = None) -> int | None:
    return None if text is None else parse_generation(text)


GenerationAsked = Annotated[int | None, Depends(_generation_asked)]


class ProblemDocument(BaseModel):
    """What went wrong, as RFC 9457 has it; `code` tells problems apart."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    quarters: list[int] | None = None
    generations: list[int] | None = None


@dataclass(frozen=True, slots=True)
class ServedBannerAnswer:
    """A banner as a visitor is served it; `filled` marks those drawn to top up the lineup."""

    banner_id: int
    image: str
    filled: bool


@dataclass(frozen=True, slots=True)
class ServedAnswer:
    """What a visitor of the campaign's page would be served, in this order."""

    campaign_id: int
    quarter: int
    generation: int
    banners: list[ServedBannerAnswer]


@dataclass(frozen=True, slots=True)
class Health:
    """The process answers; nothing else is looked at."""

    status: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """A result can be served: the number of the generation of each quarter.

    The status is `ready`, or `degraded` where a tier is out of reach and others stand in for it.
    """

    status: str
    generations: dict[int, int]
    out_of_reach: list[str]


def problems_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors that are answered with a problem document."""
    return {
        status: {
            "description": "A problem document",
            "content": {PROBLEM: {}},
            "model": ProblemDocument,
        }
        for status in statuses
    }


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
    )
    def metrics() -> Response:
        """Tell the figures of all workers in Prometheus' text form."""
        return Response(exposition(), media_type=CONTENT_TYPE)

    @router.get("/healthz", tags=["operations"], summary="Does the process answer?")
    async def healthz() -> Health:
        """Tell that the process answers."""
        return Health("ok")

    @router.get(
        "/readyz",
        tags=["operations"],
        summary="Can a result be served?",
        responses=problems_of(503),
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
        responses=problems_of(400, 404, 503),
    )
    def read_banners(request: Request, campaign_id: CampaignId, quarter: AskedFor) -> Response:
        """Serve what a visitor would be served: the lineup, filled up, in random order."""
        return respond(service.answers(campaign_id, quarter).served(request.headers.raw))

    @router.get(
        "/api/v1/campaigns/{campaign_id:anything}",
        tags=["campaigns"],
        summary="A campaign's lineup, and why",
        response_model=PreviewAnswer | LineupAnswer,
        responses=problems_of(400, 404, 503),
    )
    def read_lineup(
        request: Request, campaign_id: CampaignId, quarter: AskedFor, generation: GenerationAsked
    ) -> Response:
        """Tell a campaign's lineup, its figures, and the case of the rule that decided.

        Where a generation is asked for, the answer also says whether that is a preview.
        """
        campaign = campaign_id.removesuffix("/")
        if generation is None:
            return respond(service.answers(campaign, quarter).lineup(request.headers.raw))
        read = reporting.lineup(campaign, quarter, generation)
        return JSONResponse(
            asdict(preview_answer(read.lineup, service.serving.policy, served=read.served))
        )

    return router
