"""Records the conversions of a CSV file."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from banners.collect.conversions.check import Checked, Conversions, Refusal, Verdict
from banners.collect.conversions.senders import Sender
from banners.collect.segments.log import EventLog
from banners.core.conversions import MOST_CONVERSIONS
from banners.errors import CollectError

COLUMNS = ("conversion_id", "click", "revenue")
"""The columns that the file must have, in any order."""

MOST_NAMED = 20
"""Maximum number of refused lines that are named."""

_Row = tuple[int, Mapping[str | None, object]]


@dataclass(slots=True)
class Taken:
    """What became of the rows of a file.

    Args:
        verdicts: how many rows had each verdict.
        refused: the first refused rows, by the number of their line.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    refused: dict[int, Refusal] = field(default_factory=dict)


def record_file(
    path: Path,
    log: EventLog,
    conversions: Conversions,
    sender: Sender,
    on_rows: Callable[[int], None] = lambda _: None,
) -> Taken:
    """Record the conversions of a file; each batch would survive a loss of power before the next.

    Args:
        path: a CSV file, with the columns of :data:`COLUMNS`.
        log: where to record them.
        conversions: checks them.
        sender: who reports them.
        on_rows: called with the number of rows so far, after each batch.

    Raises:
        CollectError: the file cannot be read, or conversions cannot be kept. Those of earlier
            batches are kept, and repeating the file does no harm.
    """
    taken = Taken()
    rows = _rows(path)
    while batch := list(islice(rows, MOST_CONVERSIONS)):
        checked = conversions.check((row for _, row in batch), sender)
        _keep(log, conversions, checked, batch[0][0])
        for (line, _), each in zip(batch, checked, strict=True):
            taken.verdicts[each.verdict] += 1
            if each.refusal and len(taken.refused) < MOST_NAMED:
                taken.refused[line] = each.refusal
        on_rows(taken.verdicts.total())
    return taken


def _keep(log: EventLog, conversions: Conversions, checked: list[Checked], first_line: int) -> None:
    accepted = [each.conversion for each in checked if each.conversion]
    if not accepted:
        return
    recorded = [log.conversion(*each) for each in accepted]
    if not (all(recorded) and log.flush() and log.sync()):
        raise CollectError(
            f"The conversions from line {first_line} on cannot be kept: "
            f"{log.reason or 'the disk failed'}. Free space on the disk of BANNERS_EVENTS, and "
            "send the file again: what is in the log already counts once."
        )
    conversions.remember(accepted)


def _rows(path: Path) -> Iterator[_Row]:
    """Yield the rows of a file with the numbers of their lines.

    Raises:
        CollectError: the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise CollectError(
                    f"{path} has no column {' and '.join(lacking)}; expected a first line with "
                    f"{','.join(COLUMNS)}."
                )
            for row in reader:
                # A row with too many fields has these under None, and is refused.
                yield reader.line_num, {} if None in row else row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CollectError(
            f"{path} cannot be read as a CSV file in UTF-8: {reason}. Correct it, and send it "
            "again: what is in the log already counts once."
        ) from error
