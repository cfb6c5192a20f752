"""The status: what is served, where it came from, whether it is sound, and who serves it."""

import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from banners.errors import StoreError, listed
from banners.model import Generation, Quarter
from banners.serve.reader import LineupReader
from banners.serve.report import KeptQuarter
from banners.version import __version__

_QUARTER_MINUTES = 15


@dataclass(frozen=True, slots=True)
class AccountLine:
    """What became of the rows of each kind, in one respect.

    Args:
        outcome: what became of them.
        rows: how many of each kind.
        is_reason: whether it is a reason for the outcome above it.
    """

    outcome: str
    rows: Sequence[int]
    is_reason: bool = False


@dataclass(frozen=True, slots=True)
class QuarterStatus:
    """What is served in a quarter.

    Args:
        quarter: the quarter of the hour.
        generation: what this worker serves; None for nothing.
        published: what is known of that; None for no more than its number.
        newer: the number of what it is about to serve in its place; None for nothing.
        age: the time since it was published, in words.
    """

    quarter: Quarter
    generation: Generation | None
    published: KeptQuarter | None
    newer: int | None
    age: str

    @property
    def summary(self) -> Mapping[str, Any]:
        """What the job said of it; {} for nothing."""
        return self.published.summary if self.published else {}

    @property
    def kinds(self) -> list[str]:
        """The kinds of its event files."""
        return [account["kind"] for account in self.summary.get("accounts", [])]

    @property
    def accounting(self) -> list[AccountLine]:
        """What became of its rows; of the reasons, those that occurred."""
        return list(_accounting(self.summary.get("accounts", [])))


@dataclass(frozen=True, slots=True)
class KeptGeneration:
    """A generation that is kept.

    Args:
        number: what it is called.
        published_at: when it was, in UTC.
        age: the time since then, in words.
        engine: what crunched it.
        source: the folder that its event files were in.
        rows: how many rows these have.
        quarters: the quarters that it has, in words.
        served: those in which it is served, in words; empty for none.
    """

    number: int
    published_at: str
    age: str
    engine: str
    source: str
    rows: int
    quarters: str
    served: str


def _accounting(accounts: Sequence[Mapping[str, Any]]) -> Iterator[AccountLine]:
    if not accounts:
        return
    yield AccountLine("all rows", [each["rows"] for each in accounts])
    for outcome in ("accepted", "duplicate"):
        yield AccountLine(outcome, [each[outcome] for each in accounts])
    for outcome in ("rejected", "quarantined"):
        yield AccountLine(outcome, [sum(each[outcome].values()) for each in accounts])
        for reason in dict.fromkeys(reason for each in accounts for reason in each[outcome]):
            rows = [each[outcome].get(reason, 0) for each in accounts]
            yield AccountLine(reason, rows, is_reason=True)


def _utc(stamp: str) -> str:
    return f"{datetime.fromisoformat(stamp).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Where the status is told from, none of which may keep it waiting.

    Args:
        reader: tells what this worker serves.
        kept: tells what is kept, as far as it is known.
        tiers: names the tiers that lineups are read from, the first that is asked first.
        out_of_reach: names those of them that cannot be reached.
        now: tells the local time.
    """

    reader: LineupReader
    kept: Callable[[], Sequence[KeptQuarter]]
    tiers: Sequence[str]
    out_of_reach: Callable[[], list[str]]
    now: Callable[[], datetime]


def tell(sources: Sources) -> dict[str, Any]:
    """Tell what the page of the status shows; what is out of reach is left out."""
    now = sources.now()
    gone = set(sources.out_of_reach())
    active: Mapping[Quarter, Generation] = {}
    kept: Sequence[KeptQuarter] = ()
    try:
        active = sources.reader.active()
    except StoreError:
        gone.add("database")
    try:
        kept = sources.kept()
    except StoreError:
        gone.add("database")
    left = timedelta(minutes=_QUARTER_MINUTES - now.minute % _QUARTER_MINUTES)
    return {
        "quarter": Quarter.at(now),
        "time": f"{now:%H:%M} {now.tzname() or ''}".rstrip(),
        "next": f"{now + left:%H:%M}",
        "quarters": [_quarter_status(each, active, kept, now) for each in Quarter],
        "tiers": {tier: tier not in gone for tier in sources.tiers},
        "history": list(_history(kept, now)),
        "is_empty": not active and not kept,
        "worker": {
            "Banners": __version__,
            "Python": platform.python_version(),
            "process": os.getpid(),
        },
    }


def _quarter_status(
    quarter: Quarter,
    active: Mapping[Quarter, Generation],
    kept: Sequence[KeptQuarter],
    now: datetime,
) -> QuarterStatus:
    generation = active.get(quarter)
    number = generation.number if generation else None
    of_quarter = [each for each in kept if each.quarter == quarter]
    published = next((each for each in of_quarter if each.generation == number), None)
    newer = next((each.generation for each in of_quarter if each.served), number)
    return QuarterStatus(
        quarter=quarter,
        generation=generation,
        published=published,
        newer=newer if newer != number else None,
        age=published.age(now) if published else "",
    )


def _history(kept: Sequence[KeptQuarter], now: datetime) -> Iterator[KeptGeneration]:
    for number, of_generation in groupby(kept, key=lambda each: each.generation):
        quarters = list(of_generation)
        first = quarters[0]
        served = [each.quarter for each in quarters if each.served]
        yield KeptGeneration(
            number=number,
            published_at=_utc(first.published_at),
            age=first.age(now),
            engine=first.engine,
            source=first.source,
            rows=sum(each.rows for each in quarters),
            quarters=listed(each.quarter for each in quarters),
            served=listed(served) if served else "",
        )


def routes(sources: Sources, templates: Jinja2Templates) -> APIRouter:
    """Build the status.

    Args:
        sources: where it is told from.
        templates: the pages' templates.
    """
    router = APIRouter()

    @router.get(
        "/status",
        tags=["operations"],
        summary="What is served, and whether it is sound",
        response_class=HTMLResponse,
        response_description="The status",
    )
    async def status(request: Request) -> Response:
        """Show what is served, where it came from, what is out of reach, and what is kept."""
        return templates.TemplateResponse(request, "status.html", tell(sources))

    return router
