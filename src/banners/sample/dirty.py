"""Turns the clean event files of a quarter into dirty ones, as deliveries really come.

Each kind comes in several files of different forms, with faulty rows in all of them; one of the
files comes twice. The last quarter has besides a fault for which it is refused whole.
"""

import gzip
import os
import random
import shutil
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from banners.model import Quarter
from banners.sample.faults import faulty_rows
from banners.sample.forms import COLUMNS, PLAIN, SPREADSHEET, SPREADSHEET_AGAIN, WAREHOUSE, Form
from banners.sample.truth import truth_of_rows

_FORMS = (PLAIN, SPREADSHEET, SPREADSHEET_AGAIN, WAREHOUSE)
_FAULTY_QUARTER = Quarter.FOURTH
# Which file has the fault; None where it is that there is no file.
_FAULTS: dict[str, Form | None] = {
    "empty": PLAIN,
    "cut": PLAIN,
    "not_utf8": PLAIN,
    "missing_column": PLAIN,
    "damaged_gzip": WAREHOUSE,
    "missing_kind": None,
}
# So many clean rows of each kind go from the plain file into each file of another form.
_MOVED = 200
_BLOCK = 1 << 20


class Refusal(NamedTuple):
    """Why a quarter is refused whole.

    Args:
        reason: ``empty``, ``cut``, ``not_utf8``, ``missing_column``, ``damaged_gzip`` or
            ``missing_kind``.
        kind: the kind that has the fault, in one of its files.
    """

    reason: str
    kind: str


def refusal_of(quarter: Quarter, seed: int) -> Refusal | None:
    """Tell why a quarter is refused whole; None where it is not.

    Args:
        quarter: only the last one is.
        seed: six seeds in a row give each reason once, eighteen each reason with each kind.
    """
    if quarter is not _FAULTY_QUARTER:
        return None
    kind, reason = divmod(seed, len(_FAULTS))
    return Refusal(list(_FAULTS)[reason], list(COLUMNS)[kind % len(COLUMNS)])


def forms_of(quarter: Quarter, seed: int, kind: str) -> tuple[Form, ...]:
    """List the forms in which a kind comes; there are none where it is missing."""
    return () if refusal_of(quarter, seed) == ("missing_kind", kind) else _FORMS


class DirtyQuarter:
    """One quarter of a dirty sample.

    Args:
        quarter: which one.
        seed: decides what faulty rows hold and where they stand.
        first_id: the ids of the faulty rows begin here.
        campaigns: how many campaigns the clean sample has.
        banners: every banner of it.
    """

    def __init__(
        self, quarter: Quarter, seed: int, *, first_id: int, campaigns: int, banners: Sequence[int]
    ) -> None:
        self._quarter = quarter
        self._seed = seed
        self._refusal = refusal_of(quarter, seed)
        self._planted = faulty_rows(first_id, campaigns, banners, self._source("rows"))
        self._clean_rows: dict[str, int] = {}

    def write(self, kind: str, clean: Path, files: Mapping[Form, Path]) -> None:
        """Write the files of one kind.

        Args:
            kind: what they hold.
            clean: the clean file; it is copied in blocks, so that memory does not grow with it.
            files: where the file of each form is to be.

        Raises:
            OSError: one cannot be written.
        """
        source = self._source(kind)
        lines = self._lines(kind, source)
        with clean.open("rb") as rows:
            rows.readline()
            moved = 0
            for form in (SPREADSHEET, WAREHOUSE):
                fields = [row.decode().rstrip("\n").split(",") for row in islice(rows, _MOVED)]
                moved += len(fields)
                lines[form] += map(form.line, fields)
                source.shuffle(lines[form])
                self._write_small(files[form], kind, form, lines[form])
            source.shuffle(lines[PLAIN])
            copied = self._write_plain(files[PLAIN], kind, rows, lines[PLAIN], source)
        shutil.copyfile(files[SPREADSHEET], files[SPREADSHEET_AGAIN])
        self._clean_rows[kind] = moved + copied

    def truth(self, unseen_clicks: int) -> dict[str, Any]:
        """Say what is to become of the quarter, when all of it is written.

        Args:
            unseen_clicks: clicks of the clean files whose banner was never shown.
        """
        if self._refusal:
            form = _FAULTS[self._refusal.reason]
            file = form.name(self._refusal.kind, self._quarter) if form else None
            return {"refused": {**self._refusal._asdict(), "file": file}}
        skipped = [SPREADSHEET_AGAIN.name(kind, self._quarter) for kind in COLUMNS]
        return truth_of_rows(self._clean_rows, self._planted, unseen_clicks, skipped)

    def _source(self, purpose: str) -> random.Random:
        seed = f"{self._seed}, {purpose} of quarter {self._quarter:d}"
        return random.Random(seed)  # noqa: S311 - a sample is no secret

    def _has(self, fault: str, kind: str) -> bool:
        return self._refusal == (fault, kind)

    def _lines(self, kind: str, source: random.Random) -> dict[Form, list[bytes]]:
        """Write the planted rows, each in the form of the file that it comes into."""
        lines: dict[Form, list[bytes]] = {PLAIN: [], SPREADSHEET: [], WAREHOUSE: []}
        for row in self._planted:
            if row.kind == kind:
                form = source.choice(list(lines))
                lines[form].append(form.line(row.fields, row.shape))
        if self._has("not_utf8", kind):
            lines[PLAIN].append(b"\xb2,\xb2,\xb2\n")
        for form in lines:
            lines[form] += [form.blank_line] * form.blank_lines
        return lines

    def _write_small(self, path: Path, kind: str, form: Form, lines: Sequence[bytes]) -> None:
        content = form.header(kind) + b"".join(lines)
        if form.blank_lines:
            content += form.blank_line
        if form.zipped:
            content = gzip.compress(content, mtime=0)
            if self._has("damaged_gzip", kind):
                content = content[: len(content) // 2]
        path.write_bytes(content)

    def _write_plain(
        self, path: Path, kind: str, rows: BinaryIO, lines: Sequence[bytes], source: random.Random
    ) -> int:
        """Write the file that most of the clean rows are in, and count these."""
        with path.open("wb") as out:
            if self._has("empty", kind):
                return 0
            out.write(PLAIN.header(kind, lacking=int(self._has("missing_column", kind))))
            copied = _copy_among(rows, out, lines, source)
            out.write(PLAIN.blank_line)
            if self._has("cut", kind):
                out.write(b"1")
        return copied


def _copy_among(
    rows: BinaryIO, out: BinaryIO, lines: Sequence[bytes], source: random.Random
) -> int:
    """Copy the rest of a file with other lines at random places in it; count the copied ones."""
    start = rows.tell()
    end = rows.seek(0, os.SEEK_END)
    rows.seek(start)
    copied = 0
    for place, line in zip(sorted(source.randint(start, end) for _ in lines), lines, strict=True):
        copied += _copy(rows, out, place)
        out.write(line)
    return copied + _copy(rows, out, end)


def _copy(rows: BinaryIO, out: BinaryIO, place: int) -> int:
    """Copy up to the end of the line that the place lies in, and count the lines."""
    copied = 0
    while (left := place - rows.tell()) > 0 and (block := rows.read(min(left, _BLOCK))):
        if len(block) == left:
            block += rows.readline()
        out.write(block)
        copied += block.count(b"\n")
    return copied
