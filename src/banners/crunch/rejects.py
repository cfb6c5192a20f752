"""Finds the rows that were not accepted in the event files, and writes them to a file.

The engine only counts such rows and returns the ids that it quarantined. The files are then read
again to find the lines, which are therefore the same for every engine. Memory does not grow with
the number of rejected rows; a quarantined id takes nine bytes.
"""

import csv
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from banners.core.account import Account, Accounting
from banners.core.events import Kind, Reason, bad_value
from banners.core.spreadsheet import safe_cell
from banners.crunch.engines.engine import CrunchedQuarter
from banners.crunch.files.find import QuarterSources, check_unchanged
from banners.crunch.files.place import Place
from banners.crunch.scratch import locked_folder
from banners.errors import CrunchError

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("kind", "file", "line", "reason", "text")
"""The columns of a rejects file."""

_REASONS = tuple(Reason)
_TOLD = len(_REASONS)


class UnacceptedRow(NamedTuple):
    """A row that was rejected or quarantined.

    Args:
        kind: the kind of the file that has it.
        path: the file as it was delivered.
        line: its line number there; the header is line 1.
        reason: why it was not accepted.
        text: the row as it is in the file.
    """

    kind: Kind
    path: Place
    line: int
    reason: Reason
    text: str


def unaccepted_rows(
    sources: QuarterSources, accounting: Accounting, crunched: CrunchedQuarter
) -> Iterator[UnacceptedRow]:
    """Find every row that was rejected or quarantined, in the order of the files.

    Args:
        sources: the files of the quarter.
        accounting: says which kinds have such rows; the files of the others are not read again.
        crunched: the engine's result.

    Raises:
        CrunchError: their number differs from what the engine counted, or a file has changed.
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
    """Write rows that were not accepted to a CSV file, with the cells of :func:`safe_cell`.

    Args:
        path: the file; its folder is created if it is missing.
        rows: the rows to write.
        shown: maximum number of rows to return.

    Returns:
        The first rows.

    Raises:
        CrunchError: the file cannot be written.
    """
    first: list[UnacceptedRow] = []
    shown_path = cache(safe_cell)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked_folder(path.parent) as folder:
            unfinished = folder / path.name
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                out = csv.writer(file)
                out.writerow(COLUMNS)
                for row in rows:
                    if len(first) < shown:
                        first.append(row)
                    of, text = shown_path(str(row.path)), safe_cell(row.text)
                    out.writerow((row.kind, of, row.line, row.reason, text))
            unfinished.replace(path)
    except OSError as error:
        raise CrunchError(
            f"The rejects cannot be written to {path}: {error.strerror}. Fix that, or name "
            "another folder in BANNERS_REJECTS."
        ) from error
    return first


@dataclass(slots=True)
class _Quarantine:
    """The quarantined ids of one kind and their reasons, in as little memory as possible."""

    ids: "array[int]" = field(default_factory=lambda: array("q"))
    reasons: bytearray = field(default_factory=bytearray)

    def add(self, identity: int, reason: Reason) -> None:
        """Add an id, which must be larger than those before."""
        self.ids.append(identity)
        self.reasons.append(_REASONS.index(reason))

    def arrow(self) -> "pa.Array | None":
        """Return the ids as an Arrow array, without a copy; None if there are none."""
        import pyarrow as pa

        if not self.ids:
            return None
        return pa.Array.from_buffers(pa.int64(), len(self.ids), [None, pa.py_buffer(self.ids)])

    def reason(self, identity: int) -> Reason | None:
        """Return why the next row with this id is quarantined; None if it is not."""
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
    for path, read, line, values in sources.suspects(kind, quarantine.arrow()):
        if values is None:
            reason: Reason | None = Reason.BAD_WIDTH
        else:
            reason = bad_value(read, values)
            if reason is None and kind.id_column in read:
                reason = quarantine.reason(int(values[read.index(kind.id_column)]))
        if reason is not None:
            found[reason] += 1
            yield UnacceptedRow(kind, path, line.number, reason, line.text.decode())
    expected = {**account.rejected, **account.quarantined}
    if found != expected:
        raise CrunchError(
            f"Of {kind}, the rows that were not accepted are found as {dict(found)} in the files; "
            f"expected {expected}. Did a file change during the run? Run again."
        )
