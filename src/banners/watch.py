"""Crunches a quarter again when its event files change."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from banners.crunch.sources import Look, check_folder, looks
from banners.errors import BannersError, CrunchError, SourceError
from banners.job_report import JobReport
from banners.model import Quarter

_LOG = logging.getLogger(__name__)

SETTLED_SECONDS = 1.0
"""Files are taken to be whole when nothing in the folder has changed for so long."""

_LONGEST_SECONDS = 60.0
_TICK_SECONDS = 1.0
_TICKS_BETWEEN_LOOKS = 5


def changes(folder: Path) -> Iterator[bool]:
    """Wait for changes in a folder, until interrupted.

    Args:
        folder: what to watch, with all that is in it.

    Returns:
        True at first, when no change can escape any more, and then whenever something has changed
        and has settled; False every few seconds in which nothing was heard of.

    Raises:
        SourceError: it is no folder.
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
            # What cannot be read is said when it is to be crunched.
            ignore_permission_denied=True,
        ):
            if found or ticks % _TICKS_BETWEEN_LOOKS == 0:
                yield bool(found) or ticks == 0
            ticks = 1 if found else ticks + 1
    except (OSError, RuntimeError) as error:
        raise CrunchError(
            f"{folder} cannot be watched: {error}. Mend that, or run without --watch when there "
            "are new files."
        ) from error


def follow(
    folder: Path,
    changed: Iterable[bool],
    *,
    quarters: Collection[Quarter],
    crunch: Callable[[Collection[Quarter]], JobReport],
    on_report: Callable[[JobReport], None],
    on_failure: Callable[[BannersError], None],
) -> None:
    """Crunch every quarter, and then each of them again when its files look different.

    The system does not tell of every change: of none that another machine makes, and of a folder
    that is moved into place not which files are in it. So whenever it tells of any, and every few
    seconds, it is looked which files there are.

    A quarter whose files have gone is said to have none. A refused quarter is reported, and what
    was published of it before is served on. Where the job itself fails, say because the database is
    away, the same quarters are tried again later.

    Args:
        folder: the folder of event files.
        changed: whether something has changed and settled, as :func:`changes` tells it. Of what
            looks different though nothing was told, the next look decides whether it has settled.
        quarters: the quarters to look after.
        crunch: runs the job for some quarters; it leaves alone those that are unchanged.
        on_report: is told what became of a run.
        on_failure: is told why the job failed.
    """
    before: dict[Quarter, Look] = {}
    done: dict[Quarter, Look] = {}
    gone: set[Quarter] = set()
    for settled in changed:
        now = looks(folder)
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
                    "Quarter %d has no event files any more; what is published of it is served on.",
                    quarter,
                )
        gone &= missing
        before = now
        if not fresh:
            continue
        try:
            on_report(crunch(set(fresh)))
        except SourceError:
            pass  # the files have gone again
        except BannersError as error:
            on_failure(error)
            continue
        done |= fresh
