"""What the tests of the web application share: a clock to set, and checks of every answer."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx

from banners.core.addresses import PUBLIC_URL, Site
from banners.core.model import FillPolicy
from banners.reports.reader import ReportReader
from banners.reports.totals import TotalsReader, comparisons_of_all
from banners.serve.follow import following
from banners.serve.memory import MemoryReader
from banners.serve.reader import LineupReader, LineupSource
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.web.app import web_application
from banners.web.catalogue.editing import Editing
from banners.web.hot.uploads import Uploads
from banners.web.operators.delays import Delays
from banners.web.operators.sign_ins import SignIns
from banners.web.operators.signing import Signing
from banners.web.pages.landing import Shop
from banners.web.pages.rollback import Rollbacks
from banners.web.recording.conversions import ReportedConversions
from banners.web.recording.watched import Watched
from banners.wiring import reader
from support.running import Workplace

SECURITY = {"content-security-policy", "x-content-type-options", "referrer-policy"}


class Clock:
    """A clock that a test sets, and that advances by ``step`` with each reading."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 31, 10, 20, tzinfo=UTC)
        self.step = timedelta(0)

    def now(self) -> datetime:
        read = self.time
        self.time += self.step
        return read


def application_over(
    reader: LineupReader,
    images: Path,
    now: Callable[[], datetime],
    *,
    in_memory: bool = False,
    reports: ReportReader | None = None,
    public_url: str = PUBLIC_URL,
    uploads: Uploads | None = None,
    sign_ins: SignIns | None = None,
    shop: Shop | None = None,
    editing: Editing | None = None,
    reported: ReportedConversions | None = None,
    totals: TotalsReader | None = None,
    watched: Watched | None = None,
    rollbacks: Rollbacks | None = None,
) -> Callable[..., Any]:
    """Build the web application over a reader, always with the same randomness.

    Args:
        reader: the tier that lineups are read from; a LineupSource if they are held in memory.
        images: the folder with the images.
        now: returns the time.
        in_memory: whether the lineups are held in memory, so that hot addresses are answered
            before the framework is asked; or else it answers all of them.
        reports: what reports are read from; if not given, there is nothing to report.
        public_url: the URL of the application as others reach it.
        uploads: the uploaded images; if not given, there are none.
        sign_ins: finds out who asks, in place of ``public_url``; if not given, everybody is an
            operator.
        shop: what the landing pages of the demo need; if not given, there are no such pages.
        editing: the catalogue to edit; if not given, there are no pages to edit one.
        reported: records the conversions that programs report; if not given, nothing is recorded.
        totals: what figures over time are read from; if not given, nothing is recorded.
        watched: what is known of recording and closing; if not given, nothing is recorded.
        rollbacks: changes which generations are live; if not given, no page can.
    """
    words: dict[str, Any] = {"reader": reader}
    if in_memory:
        memory = MemoryReader(cast("LineupSource", reader), most_lineups=1_000)
        words = {"reader": memory, "held": memory.held, "following": following(memory.load)}
    return web_application(
        reports=reports or no_reports(),
        images=images,
        uploads=uploads,
        fill=FillPolicy.INVENTORY,
        now=now,
        source=random.Random(1),
        sign_ins=sign_ins or open_to_all(public_url),
        shop=shop,
        editing=editing,
        reported=reported,
        totals=totals,
        compared=lambda: comparisons_of_all(totals),
        watched=lambda: watched,
        rollbacks=rollbacks,
        **words,
    )


def open_to_all(public_url: str = PUBLIC_URL) -> SignIns:
    """Return that everybody is an operator, for tests that are about something else."""
    return SignIns(None, Signing("of the tests" * 4), Delays(), Site(public_url))


def no_reports() -> DatabaseReports:
    """Return the reports of a database without anything published."""
    return DatabaseReports(open_database("sqlite:///nowhere/none.db", create=False))


def assert_problem(answer: httpx.Response, status: int, code: str) -> str:
    """Make sure that an answer is this problem in the project's one shape, and give its detail."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert set(document) >= {"type", "title", "status", "detail", "code"}
    assert (document["status"], document["code"]) == (status, code)
    return str(document["detail"])


def database(published: Workplace) -> DatabaseReader:
    """Open what was published in a working folder."""
    url = f"sqlite:///{published.folder / 'var' / 'banners.db'}"
    return reader(load_settings({"database_url": url}))
