"""Puts the web application together."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, closing, nullcontext
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI
from fastapi.templating import Jinja2Templates

from banners.model import FillPolicy, Quarter
from banners.serve.reader import HeldQuarter, LineupReader
from banners.serve.report import KeptQuarter, ReportReader
from banners.serve.reporting import Reporting
from banners.version import __version__
from banners.web import addresses, api, docs, openapi, overview, pages, problems, report, status
from banners.web.counting import Counted
from banners.web.delivery import Delivery
from banners.web.files import KeptFiles
from banners.web.form import Form
from banners.web.headers import EveryAnswer
from banners.web.metrics import Metrics, withdraw_worker
from banners.web.pictures import Pictures
from banners.web.pictures import routes as picture_routes
from banners.web.prepared import Layouts, Serving
from banners.web.service import Service
from banners.web.slashes import WithoutSlash

PUBLIC_URL = "http://localhost:8000"

_HERE = Path(__file__).parent


def web_application(
    *,
    reader: LineupReader,
    reports: ReportReader,
    images: Path,
    fill: FillPolicy,
    now: Callable[[], datetime],
    source: random.Random,
    public_url: str = PUBLIC_URL,
    held: Callable[[Quarter], HeldQuarter | None] = lambda _quarter: None,
    following: AbstractContextManager[None] | None = None,
    metrics: Metrics | None = None,
    out_of_reach: Callable[[], list[str]] = list,
    tiers: Sequence[str] = ("memory", "database"),
    kept: Callable[[], Sequence[KeptQuarter]] | None = None,
) -> Delivery:
    """Build the web application.

    Args:
        reader: the tier that lineups are read from; it is closed when the application ends.
        reports: what reports are read from; it is closed likewise.
        images: the folder with the banners' pictures; it need not be there.
        fill: where the fill of a short lineup may come from.
        now: tells the local time, whose minute decides the quarter.
        source: where the randomness comes from.
        public_url: where the application is reached from outside, for others to link to.
        held: gives what is held of a quarter in memory, to be answered from at once.
        following: keeps the reader up to date while the application runs.
        metrics: what requests are counted with.
        out_of_reach: names the tiers that cannot be reached; requests are answered all the same.
        tiers: names all of them, the first that is asked first.
        kept: tells without waiting what is kept, as far as it is known; the reports if not given.
    """
    metrics = metrics or Metrics()
    addresses.register()
    templates = Jinja2Templates(_HERE / "templates")
    serving = Serving(fill, source, Layouts(templates, public_url))
    service = Service(reader, serving)
    pictures = Pictures(images)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(asyncio.to_thread(pictures.preload))
        try:
            with closing(reports), closing(reader), following or nullcontext():
                yield
            await loading
        finally:
            withdraw_worker()

    app = FastAPI(
        title="Banners",
        version=__version__,
        description=openapi.ABOUT,
        openapi_tags=openapi.TAGS,
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
        # It would lead to addresses that are none, and by the host name that the client gave.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    openapi.describe(app)

    def known(quarter: Quarter) -> Sequence[int]:
        here = held(quarter)
        return here.campaigns if here else ()

    form = Form(templates, known)
    problems.install(app, form)
    reporting = Reporting(reader, reports, out_of_reach)
    # First: the addresses that end in an id take whatever stands in its place.
    app.include_router(report.routes(reporting, fill, templates))
    app.include_router(api.routes(service, reporting, out_of_reach, metrics.exposition))
    app.include_router(overview.routes(reader, reports, out_of_reach, templates))
    told = status.Sources(
        reader=reader,
        kept=kept or reports.kept,
        tiers=tiers,
        out_of_reach=out_of_reach,
        now=now,
    )
    app.include_router(status.routes(told, templates))
    app.include_router(pages.routes(service, form))
    app.include_router(picture_routes(pictures, templates, metrics.placeholders.inc))
    app.include_router(docs.routes(app.openapi, templates, public_url, known))
    app.mount(docs.SWAGGER, docs.swagger_files())
    app.mount("/static", KeptFiles(directory=_HERE / "static"))
    framework = EveryAnswer(Counted(WithoutSlash(app), metrics))
    return Delivery(
        framework,
        reader=reader,
        held=held,
        serving=serving,
        pictures=pictures,
        now=now,
        tally=metrics.tally,
    )
