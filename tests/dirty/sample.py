"""Turns a clean sample into a dirty one, as deliveries really come.

Each kind comes in several files of different forms, with faulty rows in all of them; one of the
files comes twice. The last quarter also has a fault for which it is refused. What should become of
every row is added up from what was planted, and never read from the files.
"""

import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from banners.core.events import QUARANTINED, Kind, Reason
from banners.core.model import Quarter
from banners.sample.events import SampleSpec, banner_ids, write_events
from banners.sample.examples import EXAMPLES
from dirty.faults import Planted, faulty_rows
from dirty.forms import PLAIN, SPREADSHEET, SPREADSHEET_AGAIN, WAREHOUSE, Form
from reference.accounting import Account

_FAULTY_QUARTER = Quarter.FOURTH
# Which file has the fault; None if the fault is that there is no file.
_FILE_FAULTS: dict[str, Form | None] = {
    "empty": PLAIN,
    "cut": PLAIN,
    "not_utf8": PLAIN,
    "missing_column": PLAIN,
    "damaged_gzip": WAREHOUSE,
    "missing_kind": None,
}
# Number of clean rows of each kind that move from the plain file into each file of another form.
_MOVED = 200
# Ids of planted rows begin at a multiple of this; the ids of a clean sample for tests are smaller.
_ID_STEP = 10**15


class Refusal(NamedTuple):
    """Why a quarter is refused.

    Args:
        reason: one of the keys of _FILE_FAULTS.
        kind: the kind that has the fault, in one of its files.
        file: that file, below the folder of the sample; None if the kind is missing.
    """

    reason: str
    kind: Kind
    file: str | None


@dataclass(frozen=True)
class Truth:
    """What should become of a quarter.

    Args:
        refused: why it is refused; if it is, the rest is empty.
        accounts: what should become of the rows of each kind.
        unseen_clicks: accepted clicks without an impression of their banner and campaign.
        orphan_revenue: the revenue of the orphan conversions.
        skipped: the files that are copies of others.
    """

    refused: Refusal | None
    accounts: dict[Kind, Account]
    unseen_clicks: int
    orphan_revenue: Decimal
    skipped: list[str]


def write_dirty_sample(folder: Path, spec: SampleSpec) -> dict[Quarter, Truth]:
    """Write the event files of a dirty sample, and return the truth about each quarter.

    327 rows of each quarter are not accepted. With 30,000 impressions or more, the quarters that
    are not refused for a file are within the limits of the gate.

    Args:
        folder: made if it does not exist.
        spec: the clean sample that it is made from. Its seed also decides the faults: six seeds in
            a row refuse the last quarter for each reason once, eighteen for each reason and kind.
    """
    with TemporaryDirectory() as clean:
        write_events(Path(clean), spec)
        return {quarter: _write(folder, Path(clean), spec, quarter) for quarter in spec.quarters}


def _write(folder: Path, clean: Path, spec: SampleSpec, quarter: Quarter) -> Truth:
    refusal = _refusal(quarter, spec.seed)
    planted = faulty_rows(
        quarter * _ID_STEP, spec.campaigns, banner_ids(spec), _source(spec, quarter, "rows")
    )
    (folder / f"{quarter:d}").mkdir(parents=True, exist_ok=True)
    clean_rows = {}
    for kind in Kind:
        rows = (clean / kind.path(quarter)).read_text("ascii").splitlines()[1:]
        clean_rows[kind] = len(rows)
        fault = refusal.reason if refusal and refusal.kind is kind else None
        if fault == "missing_kind":
            continue
        source = _source(spec, quarter, kind)
        for form, lines in _lines(kind, rows, planted, source).items():
            content = _content(kind, form, lines, fault)
            (folder / form.path(kind, quarter)).write_bytes(content)
            if form is SPREADSHEET:
                (folder / SPREADSHEET_AGAIN.path(kind, quarter)).write_bytes(content)
    if refusal:
        return Truth(refusal, {}, 0, Decimal(0), [])
    return _truth(spec, quarter, planted, clean_rows)


def _source(spec: SampleSpec, quarter: Quarter, purpose: str) -> Random:
    return Random(f"{spec.seed}, {purpose} of quarter {quarter:d}")


def _refusal(quarter: Quarter, seed: int) -> Refusal | None:
    if quarter is not _FAULTY_QUARTER:
        return None
    kinds, reasons = list(Kind), list(_FILE_FAULTS)
    place, reason = divmod(seed, len(reasons))
    kind = kinds[place % len(kinds)]
    form = _FILE_FAULTS[reasons[reason]]
    return Refusal(reasons[reason], kind, form.path(kind, quarter) if form else None)


def _lines(
    kind: Kind, clean_rows: Sequence[str], planted: Sequence[Planted], source: Random
) -> dict[Form, list[bytes]]:
    """Divide the rows of a kind between the forms, with faulty and blank lines anywhere in each."""
    rows = [row.split(",") for row in clean_rows]
    clean = {
        SPREADSHEET: rows[:_MOVED],
        WAREHOUSE: rows[_MOVED : 2 * _MOVED],
        PLAIN: rows[2 * _MOVED :],
    }
    lines = {form: [form.line(fields) for fields in moved] for form, moved in clean.items()}
    added: dict[Form, list[bytes]] = {form: [form.blank_line] * form.blank_lines for form in lines}
    for row in planted:
        if row.kind is kind:
            form = source.choice(list(lines))
            added[form].append(form.line(row.fields, row.shape))
    for form, several in added.items():
        for line in several:
            lines[form].insert(source.randint(0, len(lines[form])), line)
    return lines


def _content(kind: Kind, form: Form, lines: Sequence[bytes], fault: str | None) -> bytes:
    if fault is None or _FILE_FAULTS[fault] is not form:
        fault = None
    if fault == "empty":
        return b""
    content = form.header(kind, lacking=int(fault == "missing_column")) + b"".join(lines)
    if fault == "not_utf8":
        content += b"\xb2,\xb2,\xb2\n"
    if form.blank_lines:
        content += form.blank_line
    if fault == "cut":
        content += b"1"
    if not form.zipped:
        return content
    zipped = gzip.compress(content, mtime=0)
    return zipped[: len(zipped) // 2] if fault == "damaged_gzip" else zipped


def _truth(
    spec: SampleSpec,
    quarter: Quarter,
    planted: Sequence[Planted],
    clean_rows: dict[Kind, int],
) -> Truth:
    has_examples = quarter is Quarter.FIRST and not spec.has_own_banners
    orphans = [row.fields[2] for row in planted if row.treatment == Reason.ORPHAN_CONVERSION]
    return Truth(
        refused=None,
        accounts={
            kind: _account(rows, Counter(row.treatment for row in planted if row.kind is kind))
            for kind, rows in clean_rows.items()
        },
        unseen_clicks=sum(row.unseen for row in planted)
        + (_unseen_clicks_of_examples() if has_examples else 0),
        orphan_revenue=sum(map(Decimal, orphans), Decimal("0.000000")),
        skipped=sorted(SPREADSHEET_AGAIN.path(kind, quarter) for kind in Kind),
    )


def _account(clean_rows: int, planted: Counter[str]) -> Account:
    rejected = [reason for reason in Reason if reason not in QUARANTINED]
    return Account(
        rows=clean_rows + planted.total(),
        accepted=clean_rows + planted["accepted"],
        duplicate=planted["duplicate"],
        rejected={reason.value: planted[reason] for reason in rejected if planted[reason]},
        quarantined={reason.value: planted[reason] for reason in QUARANTINED if planted[reason]},
    )


def _unseen_clicks_of_examples() -> int:
    shown = (each for banners in EXAMPLES.values() for each in banners)
    return sum(each.clicks for each in shown if not each.impressions)
