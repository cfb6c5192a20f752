"""Builds the web application from its parts."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    ExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
    nullcontext,
)
from datetime import datetime
from pathlib import Path
from typing import Protocol

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.templating import Jinja2Templates

from banners.core.model import FillPolicy, Quarter
from banners.core.policy import PolicyName
from banners.core.proxies import NO_PROXIES, TrustedProxies
from banners.errors import NotSignedIn
from banners.policies.comparison import Comparison
from banners.reports.campaign import Reporting
from banners.reports.loop import SeenLoop
from banners.reports.over_time import time_reading
from banners.reports.reader import KeptQuarter, ReportReader
from banners.reports.totals import TotalsReader
from banners.serve.reader import HeldQuarter, LineupReader
from banners.version import __version__
from banners.web.api import campaign_list, campaigns, conversions, openapi, operations
from banners.web.api import history as history_api
from banners.web.api import report as report_api
from banners.web.api.policy import description, policy
from banners.web.campaign_list import CampaignList
from banners.web.catalogue.editing import Editing
from banners.web.catalogue.shown_now import ShownNow
from banners.web.hot.answering import HeldCatalogue, WithoutCatalogue
from banners.web.hot.delivery import Delivery
from banners.web.hot.images import START_SECONDS, HeldImages
from banners.web.hot.images import routes as image_routes
from banners.web.hot.layouts import Layouts
from banners.web.hot.recorded import Recording
from banners.web.hot.serving import Serving
from banners.web.hot.sizes import Sizes
from banners.web.hot.uploads import Uploads
from banners.web.http import addresses, problems
from banners.web.http.caller import EVERYBODY, VISITOR
from banners.web.http.clock import Moment, reading, zone_of
from banners.web.http.files import StaticFiles
from banners.web.http.form import Form
from banners.web.http.templating import page_templates
from banners.web.known import Known
from banners.web.metrics import Metrics
from banners.web.middleware.compressed import ForOperators
from banners.web.middleware.counting import Counted
from banners.web.middleware.headers import EveryAnswer
from banners.web.middleware.hosts import WithHost
from banners.web.middleware.other_sites import OtherSites
from banners.web.middleware.prefix import WithoutPrefix
from banners.web.middleware.proxies import BehindProxies
from banners.web.middleware.slashes import WithoutSlash
from banners.web.operators.gate import Gate, guard, to_sign_in
from banners.web.operators.sign_ins import SignIns
from banners.web.pages import (
    campaign,
    docs,
    landing,
    overview,
    recorded,
    report,
    robots,
    sign_in,
    static,
    status,
)
from banners.web.pages import totals as totals_page
from banners.web.pages.catalogue_routes import to_edit
from banners.web.pages.editing import Pages
from banners.web.pages.home import home_of
from banners.web.pages.home_figures import HomeFigures
from banners.web.pages.rollback import Rollbacks
from banners.web.pages.totals import Settling
from banners.web.recording.conversions import ReportedConversions
from banners.web.recording.recorder import Recorder
from banners.web.recording.watched import Watched, nothing_watched
from banners.web.service import Service


class _Closed(Protocol):
    """What is closed when the application ends."""

    def close(self) -> object:
        """Close it."""
        ...


def web_application(
    *,
    reader: LineupReader,
    reports: ReportReader,
    images: Path,
    uploads: Uploads | None = None,
    fill: FillPolicy | None,
    sign_ins: SignIns,
    editing: Editing | None = None,
    now: Callable[[], datetime],
    source: random.Random,
    trusted_proxies: TrustedProxies = NO_PROXIES,
    indexed: bool = False,
    clock: Callable[[], Moment] | None = None,
    held: Callable[[Quarter], HeldQuarter | None] = lambda _quarter: None,
    catalogue: HeldCatalogue | None = None,
    following: AbstractContextManager[None] | None = None,
    metrics: Metrics | None = None,
    out_of_reach: Callable[[], list[str]] = list,
    impaired: Callable[[], Mapping[str, str]] = dict,
    tiers: Sequence[str] = ("memory", "database"),
    kept: Callable[[], Sequence[KeptQuarter]] | None = None,
    compared: Callable[[], Sequence[Comparison]] = tuple,
    shop: landing.Shop | None = None,
    watched: Callable[[], Watched | None] = nothing_watched,
    recorder: Recorder | None = None,
    complaints: Callable[[], list[str]] = list,
    reported: ReportedConversions | None = None,
    totals: TotalsReader | None = None,
    default_policy: PolicyName = PolicyName.RULE,
    loop: Callable[[], SeenLoop] = SeenLoop,
    rollbacks: Rollbacks | None = None,
) -> Delivery:
    """Build the web application.

    Args:
        reader: the tier that lineups are read from; it is closed when the application ends.
        reports: where reports are read from; it is closed when the application ends.
        images: the folder of the banners' images; it may be missing.
        uploads: the images that were uploaded in place of those; closed when the application ends.
        fill: where the fill of a short lineup may come from; None for the default.
        sign_ins: finds out who asks; its site is the application as others reach it.
        editing: looks up and changes the catalogue, and is closed when the application ends; None
            for no pages to edit one.
        now: returns the local time, whose minute decides the quarter.
        source: where the randomness comes from.
        trusted_proxies: the proxies that are believed when they name the client of a request.
        indexed: whether search engines may index the pages of campaigns.
        clock: returns the time for each request; if not given, it is read from ``now``.
        held: returns what is held of a quarter in memory, to answer from without waiting.
        catalogue: where the catalogue is; if not given, there is none.
        following: keeps the reader up to date while the application runs.
        metrics: counts the requests.
        out_of_reach: returns the tiers that cannot be reached; the others answer in their place.
        impaired: returns the tiers that answer but do not work correctly, each with the reason.
        tiers: the names of all tiers, in the order in which they are asked.
        kept: returns the kept generations, as far as they are known, without waiting; if not given,
            they are read from ``reports``.
        compared: returns what the policies of all campaigns together earn compared with the rule,
            as far as it is known, without waiting.
        shop: what the landing pages of the demo need; None for no such pages.
        watched: returns what is known of recording and closing; None if nothing is recorded.
        recorder: records views and clicks; it is started and closed with the application. None if
            nothing is recorded.
        complaints: returns what operators should correct so that everything is recorded.
        reported: records the conversions that programs report; None if nothing is recorded.
        totals: where totals over time are read from; closed when the application ends. None where
            nothing is recorded.
        default_policy: the policy of campaigns for which the catalogue names none.
        loop: returns what is known of the loop.
        rollbacks: changes which generations are live; None if that cannot be done here.
    """
    metrics, uploads = metrics or Metrics(), uploads or Uploads()
    addresses.register()
    site = sign_ins.site
    visitor = EVERYBODY if sign_ins.is_open else VISITOR
    static_files = StaticFiles.packaged()
    templates = page_templates(static_files.address, site, indexed=indexed)
    sizes = Sizes()
    layouts = Layouts(templates, site, visitor)
    serving = Serving(
        *(fill, source, site, layouts, sizes, metrics.unknown_embeds.inc),
        is_recorded=recorder is not None,
    )
    recording = Recording(recorder, site.prefix, metrics.counter) if recorder else None
    catalogue = catalogue or WithoutCatalogue()
    service = Service(reader, serving, catalogue)
    held_images = HeldImages(images, uploads=uploads, sizes=sizes)
    sections = policy(site.url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(asyncio.to_thread(held_images.preload))
        with (
            _closing(editing, uploads, totals, reports, reader, catalogue),
            following or nullcontext(),
        ):
            async with recorder or nullcontext():
                # While requests are answered, reading would take longer, and slow them down.
                await asyncio.wait([loading], timeout=START_SECONDS)
                # What is loaded now stays, so it need not be examined for garbage again and again.
                gc.freeze()
                yield
        await loading

    app = FastAPI(
        title="Banners",
        version=__version__,
        description=description(sections),
        openapi_tags=openapi.TAGS,
        generate_unique_id_function=lambda route: route.name,
        openapi_url=None,  # see openapi.install
        docs_url=None,
        redoc_url=None,
        # It would redirect to unknown addresses, and to the host name that the client sent.
        redirect_slashes=False,
        lifespan=lifespan,
        dependencies=[Depends(guard)],
    )
    openapi.install(app, site, is_open=sign_ins.is_open)

    known = Known(held, catalogue)

    def count_placeholder(banner_id: int) -> None:
        # Only of banners that can be shown: anybody may ask for images that do not exist.
        if known.can_show(banner_id):
            metrics.placeholders.inc()

    form = Form(templates, known.campaigns)
    answer = to_sign_in(site, problems.install(app, form))
    app.add_exception_handler(NotSignedIn, answer)
    reporting = Reporting(reader, reports, out_of_reach)
    zone = zone_of(now)
    times = time_reading(totals, zone)
    listed = CampaignList(reader, reports, out_of_reach)
    pages = Pages(editing, templates, site) if editing else None
    shown_now = ShownNow(reader, service.policy)
    figures = HomeFigures(reader, reports, totals, zone)
    home = home_of(pages, figures, shown_now, default_policy)
    told = status.Sources(
        reader=reader,
        catalogue=catalogue,
        kept=kept or reports.kept,
        tiers=tiers,
        out_of_reach=out_of_reach,
        impaired=impaired,
        now=now,
        complaints=lambda: [*sign_ins.complaints(), *complaints()],
        is_open=sign_ins.is_open,
        watched=watched,
        compared=compared,
        loop=loop,
        rollbacks=rollbacks,
    )
    for each in (
        # These come first, since addresses that end in an id match any text in its place.
        report.routes(reporting, service.policy, templates, site, now, times, default_policy),
        report_api.routes(reporting, service.policy, site, times),
        history_api.routes(times, reporting, site),
        campaigns.routes(service, reporting),
        operations.routes(reader, catalogue, out_of_reach, impaired, metrics.exposition),
        overview.routes(listed, templates, site, home),
        to_edit(pages, sizes, kept or reports.kept, home, shown_now),
        totals_page.routes(Settling(times, reports.names, zone), templates),
        campaign_list.routes(listed, site),
        status.routes(told, templates, site),
        sign_in.routes(sign_ins, templates, site),
        campaign.routes(service, form, site),
        image_routes(held_images, templates, count_placeholder),
        docs.routes(app.openapi, sections, templates, site, known.campaigns),
        static.routes(static_files),
        robots.routes(site, indexed=indexed, recorded=recorder is not None),
        *_optional(recorder, reported, shop, sign_ins, templates),
    ):
        app.include_router(each)
    # The framework would build each route's parser of parameters at the first request, and two
    # first requests at the same moment build it in two threads, for which pydantic is not made.
    list(iter_route_contexts(app.routes))
    inner = WithHost(OtherSites(WithoutSlash(Gate(ForOperators(app), sign_ins, answer), site)))
    answers = WithoutPrefix(EveryAnswer(Counted(inner, metrics)), site)
    framework = BehindProxies(answers, trusted_proxies)
    return Delivery(
        framework,
        held=held,
        serving=serving,
        images=held_images,
        prefix=site.prefix,
        clock=clock or reading(now),
        counter=metrics.counter,
        is_open=sign_ins.is_open,
        catalogue=catalogue,
        recording=recording,
    )


def _optional(
    recorder: Recorder | None,
    reported: ReportedConversions | None,
    shop: landing.Shop | None,
    sign_ins: SignIns,
    templates: Jinja2Templates,
) -> Iterator[APIRouter]:
    """Yield the routes of what is recorded, and the landing pages of the demo, if there are any."""
    if recorder:
        yield recorded.routes(recorder)
    if reported:
        yield conversions.routes(reported, sign_ins.delays)
    if shop:
        yield landing.routes(shop, templates, sign_ins.site)


@contextmanager
def _closing(*parts: _Closed | None) -> Iterator[None]:
    """Close everything at the end, whatever happens."""
    with ExitStack() as opened:
        for part in parts:
            if part:
                opened.enter_context(closing(part))
        yield
