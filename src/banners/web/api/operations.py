"""The addresses for operators' programs: metrics, health and readiness."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from banners.core.addresses import Route
from banners.errors import NothingPublished
from banners.reports.json_object import JsonObject
from banners.serve.reader import LineupReader
from banners.web.hot.answering import HeldCatalogue
from banners.web.http.caller import caller_of
from banners.web.http.responses import READING_ERRORS, problem_responses
from banners.web.metrics import CONTENT_TYPE


@dataclass(frozen=True, slots=True)
class Health(JsonObject):
    """The process answers requests; nothing else is checked."""

    status: str
    """Always `ok`."""


@dataclass(frozen=True, slots=True)
class Readiness(JsonObject):
    """A published result, or a catalogue, can be served."""

    status: str
    """`ready`, or `degraded` where a tier is out of reach or impaired and others replace it."""

    generations: dict[int, int]
    """The number of the generation that is live in each quarter."""

    catalogue: int | None = None
    """The number of the version of the catalogue that is in force, if there is one."""

    out_of_reach: list[str] | None = None
    """For operators: the names of the tiers that cannot be reached."""

    impaired: dict[str, str] | None = None
    """For operators: the tiers that answer but do not work correctly, each with the reason."""


def routes(
    reader: LineupReader,
    catalogue: HeldCatalogue,
    out_of_reach: Callable[[], list[str]],
    impaired: Callable[[], Mapping[str, str]],
    exposition: Callable[[], bytes],
) -> APIRouter:
    """Return the routes.

    Args:
        reader: the tier that lineups are read from.
        catalogue: where the catalogue is.
        out_of_reach: returns the names of the tiers that cannot be reached.
        impaired: returns the tiers that answer but do not work correctly, each with the reason.
        exposition: returns the metrics in the text format of Prometheus.
    """
    router = APIRouter()

    @router.get(
        Route.METRICS,
        tags=["operations"],
        summary="Metrics for Prometheus",
        response_class=PlainTextResponse,
        response_description="The metrics",
    )
    def metrics() -> Response:
        """Return the metrics of all workers in the text format of Prometheus."""
        return Response(exposition(), media_type=CONTENT_TYPE)

    @router.get(
        Route.HEALTH,
        tags=["operations"],
        summary="Does the process answer?",
        response_description="The process answers",
    )
    async def healthz() -> Health:
        """Return `ok`, without checking the database or Redis."""
        return Health("ok")

    @router.get(
        Route.READY,
        tags=["operations"],
        summary="Can a published result be served?",
        response_description="A result can be served",
        response_model_exclude_none=True,
        responses=problem_responses(*READING_ERRORS),
    )
    async def readyz(request: Request) -> Readiness:
        """Return the live generations; to operators who have signed in, also what is out of reach.

        Programs of operators find the tiers among the metrics.
        """
        active, held = reader.active(), catalogue.held
        number = held.number if held else 0
        if not (active or number):
            raise NothingPublished
        unreachable, states = out_of_reach(), dict(impaired())
        ready = Readiness(
            status="degraded" if unreachable or states else "ready",
            generations={int(quarter): each.number for quarter, each in active.items()},
            catalogue=number or None,
        )
        if not caller_of(request).is_operator:
            return ready
        return replace(ready, out_of_reach=unreachable, impaired=states)

    return router
