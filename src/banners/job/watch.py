"""Crunches a quarter again when its event files change."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from banners.core.model import Quarter
from banners.crunch.files.find import Stamps, check_folder, stamps_by_quarter
from banners.errors import BannersError, CrunchError, SourceError
from banners.job.outcome import JobOutcome

_LOG = logging.getLogger(__name__)

SETTLED_SECONDS = 1.0
"""Seconds without a change in the folder after which its files are taken to be complete."""

_LONGEST_SECONDS = 60.0
_TICK_SECONDS = 1.0
_TICKS_BETWEEN_LOOKS = 5


def changes(folder: Path) -> Iterator[bool]:
    """Wait for changes in a folder, until interrupted.

    Args:
        folder: the folder to watch, including everything below it.

    Returns:
        True first, as soon as no change can be missed, and again whenever something has changed
        and settled; False every few seconds without a reported change.

    Raises:
        SourceError: it is not a folder.
        CrunchError: the system cannot watch it.
    """
    check_folder(folder)
    return _changes(folder)


def _changes(folder: Path) -> Iterator[bool]:
    import watchfiles

    ticks = 0
    try:
        for found in watchfiles.watch(
            folder,
            watch_filter=None,
            step=int(SETTLED_SECONDS * 1000),
            debounce=int(_LONGEST_SECONDS * 1000),
            rust_timeout=int(_TICK_SECONDS * 1000),
            yield_on_timeout=True,
            # A file that cannot be read is reported when it is crunched.
            ignore_permission_denied=True,
        ):
            if found or ticks % _TICKS_BETWEEN_LOOKS == 0:
                yield bool(found) or ticks == 0
            ticks = 1 if found else ticks + 1
    except (OSError, RuntimeError) as error:
        raise CrunchError(
            f"{folder} cannot be watched: {error}. Fix that, or run without --watch whenever there "
            "are new files."
        ) from error


def crunch_on_change(
    folder: Path,
    changed: Iterable[bool],
    *,
    quarters: Collection[Quarter],
    crunch: Callable[[Collection[Quarter]], JobOutcome],
    on_outcome: Callable[[JobOutcome], None],
    on_failure: Callable[[BannersError], None],
) -> None:
    """Crunch every quarter, and crunch it again whenever its files have changed.

    The system does not report every change: it misses those made by another machine, and for a
    folder that is moved into place it does not say which files are in it. Therefore the files are
    listed after every reported change and every few seconds.

    A quarter that has lost its files is logged, and so is a refused one: its previous generation
    stays live. If the job itself fails, for example because the database is unreachable, the same
    quarters are tried again later.

    Args:
        folder: the folder of event files.
        changed: whether something has changed and settled, from :func:`changes`. Files that look
            different without a reported change have settled if they look the same next time.
        quarters: the quarters to watch.
        crunch: runs the job for some quarters; it skips those that are unchanged.
        on_outcome: called with the outcome of each run.
        on_failure: called with the error when the job failed.
    """
    before: dict[Quarter, Stamps] = {}
    done: dict[Quarter, Stamps] = {}
    gone: set[Quarter] = set()
    for settled in changed:
        now = stamps_by_quarter(folder)
        fresh = {
            quarter: now[quarter]
            for quarter in now.keys() & set(quarters)
            if now[quarter] != done.get(quarter)
            if settled or now[quarter] == before.get(quarter)
        }
        missing = done.keys() - now.keys()
        for quarter in sorted(missing - gone):
            if settled or quarter not in before:
                gone.add(quarter)
                _LOG.warning(
                    "Quarter %d no longer has event files; its current generation stays live.",
                    quarter,
                )
        gone &= missing
        before = now
        if not fresh:
            continue
        try:
            on_outcome(crunch(set(fresh)))
        except SourceError:
            pass  # the files are gone again
        except BannersError as error:
            on_failure(error)
            continue
        done |= fresh
