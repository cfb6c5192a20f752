"""The first sentence of the status page: whether all is well and, if not, what to do.

What is known goes in as facts, and sentences come out. Nothing is read here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from banners.core.addresses import Route
from banners.core.model import Quarter
from banners.errors import listed
from banners.web.pages.condition_facts import Facts, LoopFacts, QuarterFacts, RecordingFacts
from banners.web.pages.time_words import in_words

OLD = timedelta(days=1)
"""Age from which a live generation is pointed out."""

OLD_BY_LOOP = timedelta(hours=2)
"""Age from which a quarter is too old if the loop publishes it, which it does once an hour."""

LONGEST_SILENCE = timedelta(minutes=1)
"""Time without a sign of life after which a loop that was waiting counts as not running; usually it
gives one every ten seconds."""

LONGEST_STEP = timedelta(minutes=15)
"""The same for a loop that was at work: it gives no sign of life during one step."""

LONGEST_UNSYNCED = 5.0
"""Seconds after which an event should be safe from a loss of power; usually it takes less than
one."""

LEAST_FREE = 0.1
"""Share of the disk of the event log that should be free."""

_SEEN = Route.SEEN.at(token="")
_BY_HAND = "publish event files, run: banners crunch DIR"

ENOUGH_VIEWS = 100
"""Number of views from which it means something that none of them was seen, or most clicked."""

MOST_CLICKS = 0.5
"""Clicks for each view that was seen; more are implausible."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an operator should know.

    Args:
        text: what was found and what to do, as sentences.
        is_fault: whether something has to be done. Otherwise it may be as it is meant to be.
    """

    text: str
    is_fault: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether all is well.

    Args:
        faults: what has to be done, the most urgent first.
        notes: what may be as it is meant to be.
    """

    faults: Sequence[Finding]
    notes: Sequence[Finding]

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done."""
        return not self.faults

    @property
    def sentence(self) -> str:
        """What the page begins with: that all is well, or the most urgent fault."""
        return "All is well." if self.is_well else f"Not all is well. {self.faults[0].text}"

    @property
    def others(self) -> Sequence[Finding]:
        """The findings that are not in the sentence."""
        return [*self.faults[1:], *self.notes]


def condition_of(facts: Facts) -> Condition:
    """Return whether all is well, from what is known."""
    recording = facts.recording
    found = [
        *_tiers(facts),
        *(_log(recording) if recording else ()),
        *(_loop(facts.loop) if facts.loop else ()),
        *_quarters(facts),
        *(_closing(recording, loop_runs=_runs(facts.loop)) if recording else ()),
        *(_visitors(recording) if recording else ()),
        *_operators(facts),
    ]
    return Condition(
        [each for each in found if each.is_fault], [each for each in found if not each.is_fault]
    )


def _tiers(facts: Facts) -> Iterator[Finding]:
    if "database" in facts.out_of_reach:
        served = any(each.is_served for each in facts.quarters)
        meanwhile = "Visitors are answered from memory meanwhile. " if served else ""
        yield Finding(
            f"The database cannot be reached. {meanwhile}Start it, or correct "
            "BANNERS_DATABASE_URL; workers connect again by themselves, so do not restart them."
        )
    if "redis" in facts.out_of_reach:
        yield Finding(
            "Redis cannot be reached, and the database is asked in its place. Start Redis, or "
            "correct BANNERS_REDIS_URL."
        )
    if reason := facts.impaired.get("redis"):
        yield Finding(
            f"Redis {reason}, so it is used less or not at all. The log of the web application "
            "says which; it may be full, or a read-only replica."
        )
    if reason := facts.impaired.get("database"):
        yield Finding(
            f"The database {reason}, which is not loaded. Crunch that quarter again; the log of "
            "the web application names it."
        )


def _quarters(facts: Facts) -> Iterator[Finding]:
    missing = [each for each in facts.quarters if not each.is_served]
    if missing and len(missing) == len(facts.quarters):
        yield from _nothing(facts, missing)
    elif lacking := [each.quarter for each in missing if not each.is_loading]:
        yield _lacking(facts, lacking)
    for applies, text, is_fault in _OF_QUARTERS:
        if found := [each.quarter for each in facts.quarters if applies(each)]:
            yield Finding(text.format(quarters=listed(found)), is_fault)


def _lacking(facts: Facts, lacking: Sequence[Quarter]) -> Finding:
    if _runs(facts.loop) and facts.has_catalogue:
        return Finding(
            f"Nothing is published yet for {listed(lacking)} of the hour. The loop publishes "
            "once something has been recorded there; until then, campaigns show banners of the "
            "catalogue at random.",
            is_fault=False,
        )
    shown = (
        "Campaigns show banners of the catalogue at random in it"
        if facts.has_catalogue
        else "Visitors get 404 in it"
    )
    return Finding(
        f"Nothing is published for {listed(lacking)} of the hour. {shown}. Crunch its event "
        "files: banners crunch DIR"
    )


# What may be found of quarters: whether it applies, the sentences, and whether it is a fault.
_OF_QUARTERS: Sequence[tuple[Callable[[QuarterFacts], bool], str, bool]] = (
    (
        lambda each: each.is_unreadable,
        "The account of {quarters} cannot be read. Crunch it again: banners crunch DIR",
        True,
    ),
    (
        lambda each: bool(each.objections),
        "The gate objected to {quarters}, and somebody accepted this. The objections are below.",
        False,
    ),
    (
        lambda each: each.by_loop and each.age is not None and each.age > OLD_BY_LOOP,
        (
            "The loop has not published {quarters} for more than two hours, although each quarter "
            "is due once an hour. What the loop did last is below; if that does not help, read its "
            "log."
        ),
        True,
    ),
    (
        lambda each: each.is_held,
        (
            "A rollback holds {quarters}: the loop publishes nothing there until somebody releases "
            "it, below or with: banners rollback --release"
        ),
        False,
    ),
    (
        lambda each: bool(each.left_out),
        (
            "Slots of {quarters} are left out of the window. The reasons are below; if their "
            "events are right, accept them."
        ),
        False,
    ),
    (
        lambda each: not each.by_loop and each.age is not None and each.age > OLD,
        (
            "What is shown in {quarters} was published more than a day ago. Crunch newer event "
            "files, if there are any: banners crunch DIR"
        ),
        False,
    ),
)


def _nothing(facts: Facts, missing: Sequence[QuarterFacts]) -> Iterator[Finding]:
    if any(each.is_loading for each in missing):
        yield Finding("The first generation is published and is being loaded.", is_fault=False)
    elif "database" in facts.out_of_reach:
        yield Finding("Nothing is in memory, so visitors get an error until the database is back.")
    elif facts.has_catalogue and _runs(facts.loop):
        yield Finding(
            "Nothing is published yet. The loop publishes once something has been recorded; until "
            "then, each campaign of the catalogue shows banners at random.",
            is_fault=False,
        )
    elif facts.has_catalogue:
        way = "publish what visitors do, run: banners loop" if facts.recording else _BY_HAND
        yield Finding(
            "Nothing is published yet. Until then, each campaign of the catalogue shows banners at "
            f"random. To {way}",
            is_fault=False,
        )
    else:
        way = f"Make a campaign on the page Campaigns. Or, to {_BY_HAND}"
        yield Finding(f"Nothing is published yet, so visitors get an error. {way}")


def _runs(loop: LoopFacts | None) -> bool:
    """Return whether the loop seems to run."""
    return loop is not None and loop.silent <= (
        LONGEST_SILENCE if loop.is_waiting else LONGEST_STEP
    )


def _loop(facts: LoopFacts) -> Iterator[Finding]:
    """Yield that the loop seems not to run, and the problems that it reports."""
    if not _runs(facts):
        yield Finding(
            f"The loop has given no sign of life for {in_words(facts.silent)}. Meanwhile, no slot "
            "is closed and nothing is published; events are recorded. Start it: banners loop"
        )
    if -facts.silent > LONGEST_SILENCE:
        yield Finding(
            f"The clock of the loop's host, {facts.host}, is {in_words(-facts.silent)} ahead of "
            "the clock of this host. Correct the wrong one: slots are closed and published by the "
            "clock of the loop, and this page cannot tell whether the loop is running."
        )
    for each in facts.problems:
        yield Finding(f"The loop reports: {each}")


def _log(facts: RecordingFacts) -> Iterator[Finding]:
    """Yield what is wrong with the event log, which loses events as long as it lasts."""
    if facts.not_kept:
        yield Finding(
            f"{facts.not_kept:,.0f} events could not be kept in the last 15 minutes. Pages are "
            "served as always. Make space on the disk of BANNERS_EVENTS, or give this user write "
            "access to it; recording then goes on by itself."
        )
    if facts.unsynced_seconds > LONGEST_UNSYNCED:
        yield Finding(
            f"The disk of the event log has not confirmed events for {facts.unsynced_seconds:.0f} "
            "seconds, and they would be lost if the power failed. Check the disk of BANNERS_EVENTS."
        )
    if facts.free_share is not None and facts.free_share < LEAST_FREE:
        yield Finding(
            f"The disk of the event log is nearly full: {facts.free_share:.0%} of it is free. Move "
            "archived event files elsewhere, or lower BANNERS_KEEP_EVENTS."
        )


def _closing(facts: RecordingFacts, *, loop_runs: bool) -> Iterator[Finding]:
    if facts.waiting:
        more = f" and {len(facts.waiting) - 1:,} later ones" if len(facts.waiting) > 1 else ""
        yield Finding(
            f"Slot {facts.waiting[0]}{more} should have been closed. Run: banners close. If it "
            "fails, it says why; if it works, find out why it is not run regularly."
        )
    if facts.missing:
        yield Finding(
            f"Events of other hosts are missing in closed slots: {', '.join(facts.missing)}. Bring "
            "their segments and markers here; for a host that no longer exists: banners close "
            "--forget HOST"
        )
    if not facts.is_closed:
        way = (
            "The loop closes each slot two minutes after its end."
            if loop_runs
            else "To close slots, run: banners loop"
        )
        yield Finding(
            "No slot has been closed yet, neither in this folder nor by another host with the same "
            f"database. {way}",
            is_fault=False,
        )


def _visitors(facts: RecordingFacts) -> Iterator[Finding]:
    if facts.served >= ENOUGH_VIEWS and not facts.seen:
        yield Finding(
            f"{facts.served:,.0f} views were served in the last 15 minutes, and none was seen. "
            f"Check that a proxy passes {_SEEN} on to this web application, and that pages are not "
            "cached on the way."
        )
    if facts.seen >= ENOUGH_VIEWS and facts.clicks > MOST_CLICKS * facts.seen:
        yield Finding(
            f"{facts.clicks:,.0f} clicks came for {facts.seen:,.0f} views that were seen in the "
            "last 15 minutes. No visitors click so often: look for robots in the log of your "
            "proxy, and at the click rates under Campaigns."
        )


def _operators(facts: Facts) -> Iterator[Finding]:
    for each in facts.complaints:
        yield Finding(each)
    if facts.is_open:
        yield Finding(
            "Everybody who reaches this page is an operator, since BANNERS_OPERATORS is open.",
            is_fault=False,
        )
