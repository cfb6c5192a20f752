"""What the tests of the web application share: a clock to set, and what every answer is to be."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from banners.model import FillPolicy
from banners.serve.follow import following
from banners.serve.memory import MemoryReader
from banners.serve.reader import LineupReader
from banners.serve.report import ReportReader
from banners.store.connect import open_database
from banners.store.report import DatabaseReports
from banners.web.app import web_application

SECURITY = {"content-security-policy", "x-content-type-options", "referrer-policy"}


class Clock:
    """A clock that a test sets, and that goes on by ``step`` with each reading."""

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
) -> Callable[..., Any]:
    """Build the web application over a reader, always with the same randomness.

    Args:
        reader: the tier that lineups are read from.
        images: the folder with the pictures.
        now: tells the time.
        in_memory: whether the lineups are held in memory, so that hot addresses are answered
            before the framework is asked; or else it answers all of them.
        reports: what reports are read from; if not given, there is nothing to report.
    """
    words: dict[str, Any] = {"reader": reader}
    if in_memory:
        memory = MemoryReader(reader, most_lineups=1_000)
        words = {"reader": memory, "held": memory.held, "following": following(memory.load)}
    return web_application(
        reports=reports or no_reports(),
        images=images,
        fill=FillPolicy.INVENTORY,
        now=now,
        source=random.Random(1),
        **words,
    )


def no_reports() -> DatabaseReports:
    """Give the reports of a database that nobody has published to."""
    return DatabaseReports(open_database("sqlite:///nowhere/none.db", create=False))


def assert_problem(answer: httpx.Response, status: int, code: str) -> str:
    """Make sure that an answer is this problem in the project's one shape, and give its detail."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert set(document) >= {"type", "title", "status", "detail", "code"}
    assert (document["status"], document["code"]) == (status, code)
    return str(document["detail"])
