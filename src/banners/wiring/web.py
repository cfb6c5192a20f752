"""Builds the web application over all tiers."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from banners.settings import Settings
from banners.wiring.catalogue import editing
from banners.wiring.database import reports, totals
from banners.wiring.demo import shop
from banners.wiring.operators import sign_ins
from banners.wiring.recording import Recording
from banners.wiring.rollbacks import PageRollbacks
from banners.wiring.served import Served
from banners.wiring.uploads import image_store
from banners.wiring.watching import EventWatch, LoopWatch

if TYPE_CHECKING:
    from banners.web.metrics import Metrics
    from banners.web.shared_memory import SharedMemory


def web_application(
    settings: Settings,
    metrics: "Metrics | None" = None,
    counts: "memoryview[float] | None" = None,
    *,
    session_key: str | None = None,
    demo: bool = False,
    shared: "SharedMemory | None" = None,
    clock: Callable[[], float] = time.time,
) -> Callable[..., Any]:
    """Build the web application over all tiers, with real randomness.

    Args:
        settings: the settings.
        metrics: the metrics of this worker; if not given, they include no other worker.
        counts: where all workers count wrong passwords; if not given, this one counts alone.
        session_key: signs sessions, from the process that started this worker; with it, a fault of
            the passwords stops nothing. If not given, it is read from its file.
        demo: whether the landing pages of the demo are served.
        shared: where all workers count floods; if not given, this one counts alone.
        clock: tells the time of everything but sessions, in seconds since 1970 in UTC.

    Raises:
        SettingsError: the URL of the database or of Redis is invalid or unsupported, or the
            operators' passwords cannot be read.
    """
    from banners import logs
    from banners.reports.remember import Remembered
    from banners.reports.totals import comparisons_of_all
    from banners.serve.breaker import Breaker
    from banners.web.app import web_application as build
    from banners.web.hot.uploads import Uploads
    from banners.web.http.clock import QuarterClock
    from banners.web.metrics import Metrics
    from banners.web.recording.watched import nothing_watched
    from banners.web.shared_memory import SharedMemory

    logs.configure(settings.log_format)
    metrics = metrics or Metrics()
    breaker = Breaker("The database", time.monotonic)
    served = Served(settings, breaker, metrics)
    memory = served.memory
    reported = reports(settings, breaker)
    over_time = totals(settings, breaker) if settings.events else None
    kept = Remembered(reported.kept, time.monotonic)
    compared = Remembered(partial(comparisons_of_all, over_time), time.monotonic)
    loop = LoopWatch(settings, reported.loop, metrics, clock)

    def look_again(*, changed: bool = True) -> None:
        kept.look(changed=changed)
        loop.look(changed=changed)

    def look() -> None:
        has_changed = served.look()
        application.forget_replaced()
        if not memory.source_error:
            look_again(changed=has_changed)
            compared.look(changed=False)

    def now() -> datetime:
        return datetime.fromtimestamp(clock(), settings.timezone)

    operators = sign_ins(settings, counts, session_key)
    source = random.Random()  # noqa: S311  # guessing it gains nothing
    looks = [look, operators.look]
    recording = None
    if settings.events:
        shared = shared or SharedMemory()
        # In the demo, whoever looks is the visitor, and expects to be counted.
        previews = _nobody if demo else operators.is_operator
        recording = Recording(settings, served.copy, source, metrics, previews, shared, clock)
        looks.append(recording.look)
    conversions = recording.reported if recording else None
    watch = EventWatch(settings, metrics, over_time, clock) if over_time else None
    if watch:
        looks.append(watch.look)
    uploads = image_store(settings, breaker)
    logs.with_generations(memory.numbers)
    application = build(
        reader=memory,
        reports=reported,
        images=settings.images,
        uploads=Uploads(uploads, served.copy.image_of),
        editing=editing(settings, uploads, now, breaker),
        fill=settings.fill,
        now=now,
        source=source,
        trusted_proxies=settings.trusted_proxies,
        sign_ins=operators,
        indexed=settings.indexed == "yes",
        clock=QuarterClock(clock, settings.timezone),
        held=memory.held,
        catalogue=served.copy,
        following=_following(*looks),
        metrics=metrics,
        out_of_reach=served.out_of_reach,
        impaired=served.impaired,
        tiers=served.tiers,
        kept=kept.last,
        compared=compared.last,
        loop=loop.seen,
        rollbacks=PageRollbacks(settings, look_again),
        shop=shop(settings, conversions) if demo else None,
        watched=watch.watched if watch else nothing_watched,
        recorder=recording.recorder if recording else None,
        complaints=recording.complaints if recording else list,
        reported=conversions,
        totals=over_time,
        default_policy=settings.policy,
    )
    served.on_uploads = application.follow_images
    return application


def _nobody(_: object) -> bool:
    return False


@contextmanager
def _following(*looks: Callable[[], None]) -> Iterator[None]:
    """Look repeatedly at several things, each in a thread, so that none waits for another."""
    from banners.serve.follow import following

    with ExitStack() as running:
        for each in looks:
            running.enter_context(following(each))
        yield
