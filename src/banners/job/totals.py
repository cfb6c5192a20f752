"""Writes the totals of closed slots that the database lacks.

The folder of events says what the totals are, and the database says which of them it has. So what
was closed while the database was out of reach is written by the next run, and so is everything in
an empty database.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import Engine

from banners.collect.close.duckdb_engine import duckdb_closer
from banners.collect.close.files import EventFolder
from banners.collect.close.run import Closed, Closing, on_disk
from banners.collect.close.totals_file import read_totals
from banners.core.slots import SLOT_SECONDS, slot_at, slot_name
from banners.core.totals import RECENT_HOURS, sum_of_recent
from banners.errors import CollectError, StoreError
from banners.job.kept_lineups import sweep_lineups
from banners.policies.comparison import compare
from banners.store.schema import DROPPED
from banners.store.write.totals import TotalsWriter, turn_to_write_totals

COMPARED_SLOTS = 7 * 24 * 3_600 // SLOT_SECONDS
"""Number of the latest slots that the guard and trials compare: those of seven days."""

_RECENT_SLOTS = 2 * RECENT_HOURS * 3_600 // SLOT_SECONDS


def write_totals(
    closing: Closing,
    opened: Callable[[], Engine],
    now: Callable[[], datetime],
    closed: Closed,
) -> None:
    """Write what the database lacks, and delete rows of slots that are no longer kept.

    If something cannot be written, that is added to the problems of the run, and the next run
    writes it. A slot is written completely or not at all.

    Args:
        closing: how slots are closed.
        opened: opens the database, which is closed at the end.
        now: returns the time in UTC.
        closed: what the run before this has closed; ``written`` is set.

    Raises:
        SettingsError: the URL of the database is invalid or unsupported.
    """
    folder = EventFolder(closing.events)
    problems: list[str] = []
    try:
        with (
            on_disk(closing.events),
            _disposed(opened()) as database,
            turn_to_write_totals(database, now=now, wait_seconds=closing.wait_seconds) as writer,
        ):
            for slot in _write_slots(closing, folder, writer, problems.append):
                closed.written.append(slot)
            until = slot_at(now().timestamp())
            oldest = until - closing.keep_events_seconds // SLOT_SECONDS
            if old := [each for each in closed.slots if each.slot < oldest]:
                dropped = {slot for slot, held in writer.digests().items() if held == DROPPED}
                closed.uncounted = sum(
                    sum(each.segments.values()) for each in old if each.slot in dropped
                )
            if closed.written or writer.recent_until() != until:
                _sum_up(closing, folder, until, writer)
            if not problems:
                folder.forget(closed.forgettable)
            # After that, so that the database keeps the rows of every slot that has an account.
            kept = set(folder.closed_slots())
            writer.drop_before(oldest, kept)
            sweep_lineups(closing.events, oldest)
    except (CollectError, StoreError) as error:
        problems.append(
            f"Not all totals of closed slots are in the database: {error} The next run of banners "
            "close writes them; event files are not affected."
        )
    closed.problems.extend(problems)


@contextmanager
def _disposed(database: Engine) -> Iterator[Engine]:
    try:
        yield database
    finally:
        database.dispose()


def _write_slots(
    closing: Closing,
    folder: EventFolder,
    writer: TotalsWriter,
    on_problem: Callable[[str], None],
) -> Iterator[int]:
    held = writer.digests()
    for slot in folder.closed_slots():
        try:
            closed = folder.closed(slot)
            # None: removed since the folder was listed.
            if closed and held.get(slot) not in {closed.state().digest, DROPPED}:
                day = datetime.fromtimestamp(slot * SLOT_SECONDS, closing.zone).date()
                writer.write(closed.state(), day, read_totals(folder.totals(slot)))
                yield slot
        except FileNotFoundError:
            on_problem(
                f"{folder.totals(slot)} is missing, so the database lacks the totals of this slot. "
                f"Close it again: banners close {slot_name(slot)}"
            )
        except CollectError as error:
            on_problem(str(error))


def _sum_up(closing: Closing, folder: EventFolder, until: int, writer: TotalsWriter) -> None:
    """Write recent figures and comparisons of policies, computed from the latest closed slots."""
    # Not the slot that has not ended: a part of its records would count as all of them.
    slots = range(until - COMPARED_SLOTS, until)
    paths = {slot: path for slot in slots if (path := folder.totals(slot)).exists()}
    recent = [path for slot, path in paths.items() if slot >= until - _RECENT_SLOTS]
    with TemporaryDirectory() as scratch, duckdb_closer(Path(scratch), closing.memory) as closer:
        campaigns = closer.recent(recent, until)
        arms = closer.arms(list(paths.values()))
    writer.replace_recent(until, sum_of_recent(campaigns.values()), campaigns)
    writer.replace_comparisons({each: map(compare, sums) for each, sums in arms.items()})
