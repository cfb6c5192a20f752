"""Finds the rows that were not accepted where they stand in the files, and writes them down.

The engine counts such rows and tells the ids that it set aside; the files are then read again, so
that lines are found, and are the same whatever engine ran. Nothing here grows with the number of
rejected rows; of a quarantined id nine bytes are kept.
"""

import csv
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from banners.crunch.engine import CrunchedQuarter
from banners.crunch.kinds import Kind, Reason, bad_value
from banners.crunch.quality import Account, Accounting
from banners.crunch.sources import QuarterSources, check_unchanged
from banners.crunch.suspects import suspect_rows
from banners.errors import CrunchError, readable

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("kind", "file", "line", "reason", "text")
"""The columns of a rejects file."""

_REASONS = tuple(Reason)
_TOLD = len(_REASONS)


class UnacceptedRow(NamedTuple):
    """A row that was rejected or quarantined.

    Args:
        kind: the kind of file that it stands in.
        path: the file as it was delivered.
        line: its line number there; the header is line 1.
        reason: why it was not accepted.
        text: the row as it stands in the file.
    """

    kind: Kind
    path: Path
    line: int
    reason: Reason
    text: str


def unaccepted_rows(
    sources: QuarterSources, accounting: Accounting, crunched: CrunchedQuarter
) -> Iterator[UnacceptedRow]:
    """Find every row that was rejected or quarantined, in the order of the files.

    Args:
        sources: the files of the quarter.
        accounting: tells which kinds have such rows; the files of others are not read again.
        crunched: the engine's result.

    Raises:
        CrunchError: there are not as many of them as the engine counted, or a file has changed.
    """
    check_unchanged(sources)
    quarantine = {kind: _Quarantine() for kind in Kind}
    if any(account.quarantined for account in accounting.accounts):
        for kind, identity, reason in crunched.quarantined_ids():
            quarantine[kind].add(identity, reason)
    for account in accounting.accounts:
        if account.unaccepted:
            yield from _find(sources, account, quarantine[account.kind])


def write_rejects(
    path: Path, rows: Iterable[UnacceptedRow], *, shown: int = 0
) -> list[UnacceptedRow]:
    """Write rows that were not accepted to a CSV file.

    Args:
        path: the file; its folder is made where it is missing.
        rows: what to write.
        shown: how many of them to give back.

    Returns:
        The first of them.

    Raises:
        CrunchError: the file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.part")
    first: list[UnacceptedRow] = []
    shown_path = cache(readable)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(COLUMNS)
            for row in rows:
                if len(first) < shown:
                    first.append(row)
                out.writerow((row.kind, shown_path(row.path), row.line, row.reason, row.text))
        unfinished.replace(path)
    except OSError as error:
        raise CrunchError(
            f"The rejects cannot be written to {path}: {error.strerror}. Mend that, or name "
            "another folder in BANNERS_REJECTS."
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return first


@dataclass(slots=True)
class _Quarantine:
    """The ids of one kind that were set aside, and why, as tightly as they can be kept."""

    ids: "array[int]" = field(default_factory=lambda: array("q"))
    reasons: bytearray = field(default_factory=bytearray)

    def add(self, identity: int, reason: Reason) -> None:
        """Take an id, which is larger than those before."""
        self.ids.append(identity)
        self.reasons.append(_REASONS.index(reason))

    def arrow(self) -> "pa.Array | None":
        """Give the ids as Arrow holds them, without a copy; None where there are none."""
        import pyarrow as pa

        if not self.ids:
            return None
        return pa.Array.from_buffers(pa.int64(), len(self.ids), [None, pa.py_buffer(self.ids)])

    def reason(self, identity: int) -> Reason | None:
        """Tell why the next row with this id is set aside; None where it is not."""
        place = bisect_left(self.ids, identity)
        if place == len(self.ids) or self.ids[place] != identity or self.reasons[place] == _TOLD:
            return None
        reason = _REASONS[self.reasons[place]]
        if reason is not Reason.CONFLICTING_ID:
            # Further rows of this id are exact copies, which are duplicates.
            self.reasons[place] = _TOLD
        return reason


def _find(
    sources: QuarterSources, account: Account, quarantine: _Quarantine
) -> Iterator[UnacceptedRow]:
    kind = account.kind
    found: Counter[Reason] = Counter()
    for file in sources.of(kind):
        for line, values in suspect_rows(file, quarantine.arrow()):
            if values is None:
                reason: Reason | None = Reason.BAD_WIDTH
            else:
                reason = bad_value(kind, values) or quarantine.reason(int(values[0]))
            if reason is not None:
                found[reason] += 1
                text = line.text.decode()
                yield UnacceptedRow(kind, file.path, line.number, reason, text)
    expected = {**account.rejected, **account.quarantined}
    if found != expected:
        raise CrunchError(
            f"Of {kind}, the rows that were not accepted are found as {dict(found)} in the files; "
            f"expected {expected}. Did a file change during the run? Run again."
        )
