"""Windows of closed slots for tests."""

from collections.abc import Callable, Container
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from banners.core.account import Accounting
from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.crunch.engines.engine import Engine
from banners.crunch.files.find import find_quarters
from banners.crunch.gate import Limits
from banners.job.window import ClosedSlots
from support.engines import crunch_with_duckdb

LIMITS = Limits(bad_rows=Decimal("0.01"), orphans=Decimal("0.05"), least_rows=Decimal("0.5"))
DUCKDB: Engine = crunch_with_duckdb


@dataclass
class Found:
    """A window and the sums over it, read completely.

    Args:
        digest: the digest of its events.
        slots: the names of the slots that count.
        left_out: the reasons why others do not.
        crunched: the names of the slots that were crunched for it.
        accounting: what became of its rows.
        candidates: its candidates, in order.
        inventory: their banners.
        by_group: the figures by group and fill.
    """

    digest: str
    slots: list[str]
    left_out: dict[str, list[str]]
    crunched: list[str] = field(compare=False)
    accounting: Accounting
    candidates: list[tuple[Any, ...]]
    inventory: list[int]
    by_group: list[tuple[Any, ...]]


def window_of(
    folder: Path,
    quarter: Quarter,
    *,
    now: int,
    keep: bool = True,
    window: Container[int] | None = None,
    engine: Engine = DUCKDB,
    accept: bool = False,
    limits: Limits = LIMITS,
    on_slot: Callable[[int, int], None] = lambda _place, _of: None,
) -> Found:
    """Crunch the slots of a quarter, and read the sums over its window."""
    events = ClosedSlots(folder=folder, keep=keep, window=window, now=now, memory="512MB")
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory()))
        made = events.crunch(
            quarter,
            find_quarters(folder)[quarter],
            engine=engine,
            limits=limits,
            accept=accept,
            rejects=scratch / "rejects",
            scratch=scratch,
            on_slot=on_slot,
        )
        sums = stack.enter_context(events.added_up(made, scratch))
        return Found(
            digest=made.digest,
            slots=[slot_name(each.slot) for each in made.slots if each.slot is not None],
            left_out={slot_name(slot): list(said) for slot, said in made.left_out.items()},
            crunched=list(map(slot_name, made.crunched)),
            accounting=made.accounting,
            candidates=_rows(sums.candidates()),
            inventory=[row[0] for row in _rows(sums.inventory())],
            by_group=_rows(sums.by_group()),
        )


def _rows(batches: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]
