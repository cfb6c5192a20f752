"""What closes slots: the interface of every engine, and what all of them do alike."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from banners.collect.close.account import ClosedSlot
from banners.collect.segments.names import Segment
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.errors import CollectError, shorten


class Closer(Protocol):
    """Makes the event files of slots, one slot after the other."""

    def read(self, segments: Sequence[Segment], slots: Collection[int]) -> int:
        """Read the records of some slots, in place of those read before.

        Args:
            segments: the segments that may hold such records.
            slots: the slots.

        Returns:
            The number of damaged bytes at the ends of sealed segments; they are not read.

        Raises:
            CollectError: the engine fails.
            OSError: the log cannot be read, or a file cannot be written.
        """
        ...

    def close(
        self,
        slot: int,
        quarter: Quarter,
        path_of: Mapping[tuple[Kind, Quarter], Path],
        totals: Path,
    ) -> ClosedSlot:
        """Write the event files of a slot whose records were read.

        Args:
            slot: the slot.
            quarter: the quarter that it has by the calendar.
            path_of: where to write the file of each kind and quarter.
            totals: where to write the file of its totals.

        Returns:
            Its quarters and account, and the digest of its totals.

        Raises:
            CollectError: the engine fails.
            OSError: a file cannot be written.
        """
        ...


OpenCloser = Callable[[Path], AbstractContextManager[Closer]]
"""Opens an engine; the argument is a folder for temporary files, inside that of all events.

Raises a CollectError if the engine cannot be opened, or fails in the block.
"""


def quarters_of(quarter: Quarter, found: Iterable[Sequence[Any]]) -> tuple[Quarter, ...]:
    """Return the quarters that have event files of a slot.

    Args:
        quarter: the quarter that the slot has by the calendar.
        found: the rows of the statement ``quarters``.

    Raises:
        CollectError: a record names another quarter than 1 to 4.
    """
    try:
        return tuple(sorted({quarter, *(Quarter(each) for (each,) in found)}))
    except ValueError as error:
        raise other_form(str(error)) from error


def account_of(rows: Iterable[Sequence[Any]]) -> Mapping[Kind, Mapping[str, int]]:
    """Return the account of a slot from the rows of the statement ``account``."""
    account: dict[Kind, dict[str, int]] = defaultdict(dict)
    for kind, outcome, affected in rows:
        if affected:
            account[Kind(kind)][outcome] = int(affected)
    return dict(account)


class OtherFields(CollectError):
    """A record has other fields than this release writes."""


def other_form(found: str) -> OtherFields:
    """Return the error for a record whose fields are not those that this release writes.

    Args:
        found: what is wrong, in the words of the engine.
    """
    return OtherFields(
        f"A record has other fields than this release writes: {shorten(found, most=200)}. If a "
        "newer release of Banners wrote it, upgrade this one; otherwise move the segment that has "
        "it out of the event log. Then close again."
    )


def revenue_overflow() -> CollectError:
    """Return the error for revenues that are too large to be added up."""
    return CollectError(
        "The revenues of a campaign add up to more than 9,223,372,036,854.775807, the largest sum "
        "that can be counted exactly. Lower BANNERS_MOST_REVENUE, so that senders cannot report "
        "such revenues; move the segments that have them out of the event log, and close again."
    )
