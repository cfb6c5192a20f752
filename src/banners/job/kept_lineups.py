"""Keeps prepared lineups for as long as the events of the views that show them.

``published/<quarter>/<generation>-<slot>.parquet`` in the folder of events has the candidates of
each campaign, best first, and in the first row of each campaign its lineups and expectations
(banners.serve.packed_lineups); the slot is that in which they were published. Evaluations read from
them how often each banner was to be shown, and what was expected of it before that.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from banners.core.model import Quarter
from banners.core.policy import PreparedLineups
from banners.core.slots import SLOT_NAME, slot_name, slot_named
from banners.crunch.scratch import locked_folder, put_in_place, writing_to_scratch
from banners.errors import InvalidSlot
from banners.serve.packed_lineups import LINEUPS_COLUMN, DamagedLineups, decode_lineups

_COLUMNS = ["campaign_id", "banner_id", LINEUPS_COLUMN]
_NAME = re.compile(f"([0-9]+)-({SLOT_NAME})[.]parquet")


@dataclass(frozen=True, slots=True, order=True)
class KeptLineups:
    """The file with the lineups of a quarter of a generation.

    Args:
        since: the slot in which they were published. Views of earlier slots that name this
            generation are of another database.
        generation: the number of the generation.
        path: the file.
    """

    since: int
    generation: int
    path: Path

    def campaigns(self) -> Iterator[tuple[PreparedLineups, tuple[int, ...]]]:
        """Yield the lineups of each campaign, and its banners in the order of their indexes.

        Raises:
            DamagedLineups: the file, or what it has of a campaign, is damaged.
        """
        try:
            table = parquet.read_table(self.path)
            ids, banners, encoded = (table.column(name).to_pylist() for name in _COLUMNS)
        except FileNotFoundError:
            return  # it was swept after it was listed
        except (OSError, KeyError, pa.ArrowException) as error:
            raise DamagedLineups(f"The file cannot be read: {error}.") from error
        starts = [place for place, each in enumerate(encoded) if each is not None]
        for start, end in pairwise([*starts, len(ids)]):
            prepared = decode_lineups(encoded[start], ids[start], end - start)
            yield prepared, tuple(banners[start:end])


class LineupsTaken:
    """Passes candidates on, and remembers those of campaigns with prepared lineups, to keep them.

    Args:
        batches: the columns of :func:`banners.job.lineups.with_lineups`; without lineups, nothing
            is taken.
    """

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = batches
        self._taken: list[pa.RecordBatch] = []

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches as they are."""
        for batch in self._batches:
            if LINEUPS_COLUMN in batch.schema.names:
                self._taken.append(batch.select(_COLUMNS))
            yield batch

    def keep(self, folder: Path, quarter: Quarter, generation: int, slot: int) -> None:
        """Write a file of what was remembered, without campaigns for which the rule alone picks.

        Args:
            folder: the folder of events.
            quarter: the quarter of the hour.
            generation: the number of the generation.
            slot: the current slot.

        Raises:
            CrunchError: the file cannot be written.
        """
        if not self._taken:
            return
        table = pa.Table.from_batches(self._taken)
        prepared = table.filter(table.column(LINEUPS_COLUMN).is_valid()).column("campaign_id")
        table = table.filter(pc.is_in(table.column("campaign_id"), prepared))
        path = _folder(folder, quarter) / f"{generation}-{slot_name(slot)}.parquet"
        with writing_to_scratch():
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked_folder(path.parent) as scratch:
                made = scratch / path.name
                parquet.write_table(table, made, compression="zstd")
                put_in_place(made, path)


def kept_lineups(folder: Path) -> Mapping[Quarter, Sequence[KeptLineups]]:
    """Return the files that are kept of each quarter, oldest first.

    Args:
        folder: the folder of events.
    """
    found: dict[Quarter, list[KeptLineups]] = defaultdict(list)
    for quarter in Quarter:
        for path in _folder(folder, quarter).glob("*.parquet"):
            if name := _NAME.fullmatch(path.name):
                with suppress(InvalidSlot):
                    found[quarter].append(KeptLineups(slot_named(name[2]), int(name[1]), path))
        found[quarter].sort()
    return found


def sweep_lineups(folder: Path, oldest: int) -> None:
    """Remove the lineups that newer ones replaced before a slot.

    Args:
        folder: the folder of events.
        oldest: the oldest slot whose events are kept.
    """
    for kept in kept_lineups(folder).values():
        for each, following in pairwise(kept):
            if following.since < oldest:
                each.path.unlink(missing_ok=True)


def _folder(events: Path, quarter: Quarter) -> Path:
    return events / "published" / str(int(quarter))
