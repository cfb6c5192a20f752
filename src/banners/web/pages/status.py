"""The status page: what is live, where it came from, and whether anything is wrong."""

import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from banners.core.account import Account
from banners.core.addresses import Route, Site
from banners.core.events import Reason
from banners.core.model import Generation, Quarter
from banners.errors import OlderTables, StoreError, listed
from banners.policies.comparison import Comparison
from banners.reports.loop import SeenLoop
from banners.reports.reader import KeptQuarter
from banners.serve.reader import LineupReader
from banners.version import __version__
from banners.web.hot.answering import HeldCatalogue
from banners.web.http.problems import OLDER_TABLES
from banners.web.pages import rollback
from banners.web.pages.condition import Finding, condition_of
from banners.web.pages.condition_facts import Facts, QuarterFacts
from banners.web.pages.loop_status import loop_facts, loop_shown
from banners.web.pages.recording_status import recording_facts, recording_status
from banners.web.pages.rollback import Rollbacks, notice_of, quarters_sent
from banners.web.recording.watched import Watched, nothing_watched

_QUARTER_MINUTES = 15
_OLDER = Finding(OLDER_TABLES)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A line of the table of accounts.

    Args:
        name: what became of them, or the reason for it.
        rows: number of rows of each kind.
        is_reason: whether it is a reason for the line above.
    """

    name: str
    rows: Sequence[int]
    is_reason: bool = False


@dataclass(frozen=True, slots=True)
class QuarterStatus:
    """What is live in a quarter.

    Args:
        quarter: the quarter of the hour.
        generation: the generation that this worker serves; None if it serves none.
        kept: what the database keeps of that; None if only its number is known.
        newer: the number of the generation that is being loaded to replace it; None if none is.
        age: the time since it was published, as text.
    """

    quarter: Quarter
    generation: Generation | None
    kept: KeptQuarter | None
    newer: int | None
    age: str


@dataclass(frozen=True, slots=True)
class KeptGeneration:
    """A generation that is kept.

    Args:
        number: its number.
        published_at: when it was published, in UTC.
        age: the time since then, as text.
        engine: the engine that crunched it.
        source: the folder of its event files.
        rows: number of rows in these.
        quarters: the quarters that it has, as text.
        served: the quarters in which it is live, as text; empty if there are none.
        other: the quarters that it has and in which another one is live, as text; empty if there
            are none.
        sent: the same, as the page sends them.
        is_later: whether it was published after what is live in these.
        unreadable: the quarters whose account cannot be read, as text; empty if there are none.
    """

    number: int
    published_at: str
    age: str
    engine: str
    source: str
    rows: int
    quarters: str
    served: str
    other: str
    sent: str
    is_later: bool
    unreadable: str


def account_lines(accounts: Sequence[Account]) -> Iterator[AccountLine]:
    """Yield the lines of a table of accounts; of the reasons, those that occurred."""
    if not accounts:
        return
    yield AccountLine("all rows", [each.rows for each in accounts])
    yield AccountLine("accepted", [each.accepted for each in accounts])
    yield AccountLine("duplicate", [each.duplicate for each in accounts])
    yield from _unaccepted_lines("rejected", [each.rejected for each in accounts])
    yield from _unaccepted_lines("quarantined", [each.quarantined for each in accounts])


def _unaccepted_lines(
    outcome: str, by_reason: Sequence[Mapping[Reason, int]]
) -> Iterator[AccountLine]:
    yield AccountLine(outcome, [sum(each.values()) for each in by_reason])
    for reason in dict.fromkeys(chain.from_iterable(by_reason)):
        yield AccountLine(reason, [each.get(reason, 0) for each in by_reason], is_reason=True)


def _utc(stamp: str) -> str:
    return f"{datetime.fromisoformat(stamp).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """What the status page is made from. None of these may block.

    Args:
        reader: returns what this worker serves.
        catalogue: where the catalogue is.
        kept: returns the generations that are kept, as last read.
        tiers: names of the tiers that lineups are read from, in the order in which they are asked.
        out_of_reach: returns the names of the tiers that cannot be reached.
        impaired: returns the tiers that answer but do not work correctly, each with the reason.
        now: returns the local time.
        complaints: returns sentences on what is wrong with the operators' passwords.
        is_open: whether everybody is an operator.
        watched: returns what is known of recording and closing; None if nothing is recorded.
        compared: returns what the policies of all campaigns together earn, as last read.
        loop: returns what is known of the loop.
        rollbacks: changes which generations are live; None if that cannot be done here.
    """

    reader: LineupReader
    catalogue: HeldCatalogue
    kept: Callable[[], Sequence[KeptQuarter]]
    tiers: Sequence[str]
    out_of_reach: Callable[[], list[str]]
    impaired: Callable[[], Mapping[str, str]]
    now: Callable[[], datetime]
    complaints: Callable[[], Sequence[str]] = tuple
    is_open: bool = False
    watched: Callable[[], Watched | None] = nothing_watched
    compared: Callable[[], Sequence[Comparison]] = tuple
    loop: Callable[[], SeenLoop] = SeenLoop
    rollbacks: Rollbacks | None = None


def context(sources: Sources) -> dict[str, Any]:
    """Return the values for the template; what cannot be reached is left out."""
    now = sources.now()
    active, kept, failed = _published(sources)
    is_older = any(isinstance(each, OlderTables) for each in failed)
    gone = _out_of_reach(sources, is_failed=bool(failed), is_older=is_older)
    states = dict(sources.impaired())
    left = timedelta(minutes=_QUARTER_MINUTES - now.minute % _QUARTER_MINUTES)
    quarters = [_quarter_status(each, active, kept, now) for each in Quarter]
    catalogue = sources.catalogue.held
    watched = sources.watched()
    loop = sources.loop()
    facts = Facts(
        out_of_reach=gone,
        impaired=states,
        quarters=[_facts_of(each, loop, now) for each in quarters],
        has_catalogue=catalogue is not None and catalogue.exists,
        is_open=sources.is_open,
        complaints=sources.complaints(),
        recording=recording_facts(watched) if watched else None,
        loop=loop_facts(loop),
    )
    condition = condition_of(facts)
    if is_older:
        condition = replace(condition, faults=[_OLDER, *condition.faults])
        states["database"] = "has the tables of an earlier release"
    return {
        "condition": condition,
        "quarter": Quarter.at(now),
        "time": f"{now:%H:%M} {now.tzname() or ''}".rstrip(),
        "next": f"{now + left:%H:%M}",
        "recording": recording_status(watched, now) if watched else None,
        "comparisons": sources.compared(),
        # Templates have a `loop` of their own.
        "the_loop": loop_shown(loop, now),
        "publishes": bool(loop.status.quarters),
        "can_change": sources.rollbacks is not None,
        "quarters": quarters,
        "tiers": {tier: tier not in gone for tier in sources.tiers},
        "impaired": {tier: states.get(tier) for tier in sources.tiers if tier not in gone},
        "history": list(_history(kept, now)),
        "account_lines": account_lines,
        "is_empty": not active and not kept,
        "catalogue": catalogue,
        "worker": {
            "Banners": __version__,
            "Python": platform.python_version(),
            "process": os.getpid(),
        },
    }


def _published(
    sources: Sources,
) -> tuple[Mapping[Quarter, Generation], Sequence[KeptQuarter], list[StoreError]]:
    """Return what is live and what is kept, as far as it can be read, and why the rest cannot."""
    active: Mapping[Quarter, Generation] = {}
    kept: Sequence[KeptQuarter] = ()
    failed: list[StoreError] = []
    try:
        active = sources.reader.active()
    except StoreError as error:
        failed.append(error)
    try:
        kept = sources.kept()
    except StoreError as error:
        failed.append(error)
    return active, kept, failed


def _out_of_reach(sources: Sources, *, is_failed: bool, is_older: bool) -> set[str]:
    """Return the tiers that cannot be reached; older tables are in a database that can."""
    gone = set(sources.out_of_reach())
    if is_older:
        return gone - {"database"}
    return gone | {"database"} if is_failed else gone


def _quarter_status(
    quarter: Quarter,
    active: Mapping[Quarter, Generation],
    kept: Sequence[KeptQuarter],
    now: datetime,
) -> QuarterStatus:
    generation = active.get(quarter)
    number = generation.number if generation else None
    of_quarter = [each for each in kept if each.quarter == quarter]
    its_record = next((each for each in of_quarter if each.generation == number), None)
    newer = next((each.generation for each in of_quarter if each.served), number)
    return QuarterStatus(
        quarter=quarter,
        generation=generation,
        kept=its_record,
        newer=newer if newer != number else None,
        age=its_record.age(now) if its_record else "",
    )


def _facts_of(status: QuarterStatus, loop: SeenLoop, now: datetime) -> QuarterFacts:
    kept = status.kept
    by_loop = status.quarter in loop.status.quarters
    age = now - datetime.fromisoformat(kept.published_at) if kept else None
    if by_loop:
        seconds = loop.published_age(status.quarter)
        age = None if seconds is None else timedelta(seconds=seconds)
    slots = kept.outcome.slots if kept and kept.outcome else None
    return QuarterFacts(
        quarter=status.quarter,
        is_served=status.generation is not None,
        is_loading=status.newer is not None,
        age=age,
        objections=kept.outcome.objections if kept and kept.outcome else (),
        is_unreadable=kept is not None and kept.outcome is None,
        by_loop=by_loop,
        is_held=status.quarter in loop.status.held,
        left_out=list(slots.left_out) if slots else (),
    )


def _history(kept: Sequence[KeptQuarter], now: datetime) -> Iterator[KeptGeneration]:
    live = {each.quarter: each.generation for each in kept if each.served}
    for number, of_generation in groupby(kept, key=lambda each: each.generation):
        quarters = list(of_generation)
        first = quarters[0]
        served = [each.quarter for each in quarters if each.served]
        other = [each.quarter for each in quarters if not each.served]
        unreadable = [each.quarter for each in quarters if each.outcome is None]
        yield KeptGeneration(
            number=number,
            published_at=_utc(first.published_at),
            age=first.age(now),
            engine=first.engine,
            source=first.source,
            rows=sum(each.rows for each in quarters),
            quarters=listed(each.quarter for each in quarters),
            served=_listed(served),
            other=_listed(other),
            sent=quarters_sent(other),
            is_later=all(number > live.get(each, number) for each in other),
            unreadable=_listed(unreadable),
        )


def _listed(quarters: Sequence[int]) -> str:
    return listed(quarters) if quarters else ""


def routes(sources: Sources, templates: Jinja2Templates, site: Site) -> APIRouter:
    """Build the routes of the status page.

    Args:
        sources: what the page is made from.
        templates: the templates of the pages.
        site: the application as others reach it.
    """
    router = APIRouter()

    def show(request: Request, status: int = 200, refused: str = "") -> Response:
        words = {"notice": None if refused else notice_of(request), "refused": refused}
        shown = {**context(sources), **words}
        return templates.TemplateResponse(request, "status.html", shown, status_code=status)

    @router.get(
        Route.STATUS,
        tags=["operations"],
        summary="What is live, and whether anything is wrong",
        response_class=HTMLResponse,
        response_description="The status",
    )
    async def status(request: Request) -> Response:
        """Show what is live, where it came from, which tiers are unreachable, and what is kept."""
        return show(request)

    if sources.rollbacks:
        router.include_router(rollback.routes(sources.rollbacks, sources.kept, show, site))
    return router
