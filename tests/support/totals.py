"""Writes totals of closed slots into a database, as closing does."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime

from sqlalchemy.engine import Engine

from banners.core.figures import Figures
from banners.core.slots import SLOT_SECONDS
from banners.core.totals import CampaignTotals, SlotState, Totals
from banners.core.views import Group
from banners.store.write.totals import TotalsWriter, turn_to_write_totals

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def totals_turn(
    database: Engine, *, wait_seconds: float = 10
) -> AbstractContextManager[TotalsWriter]:
    return turn_to_write_totals(database, now=lambda: NOON, wait_seconds=wait_seconds)


def day_of(slot: int) -> date:
    """The day of a slot in UTC."""
    return datetime.fromtimestamp(slot * SLOT_SECONDS, UTC).date()


def around(slot: int, slots: int = 10) -> range:
    """The slots shortly before a slot, itself, and those shortly after it."""
    return range(slot - slots, slot + slots)


def write_slot(
    database: Engine, slot: int, campaigns: Iterable[CampaignTotals], digest: str = "d1"
) -> None:
    """Write the totals of one slot, whose day is that of UTC."""
    with totals_turn(database) as writer:
        writer.write(SlotState(slot=slot, digest=digest), day_of(slot), campaigns)


def campaign_totals(
    campaign_id: int,
    banners: dict[int, Figures],
    *,
    group: Group = Group.RULE,
    left_out: Figures | None = None,
    refunds: int = 0,
    refund_micros: int = 0,
) -> CampaignTotals:
    """Totals of a campaign whose banners have figures that count, beside what was left out."""
    net = Figures.sum_of(banners.values())
    gross = Figures.sum_of([net, left_out]) if left_out else net
    return CampaignTotals(campaign_id, group, Totals(gross, net, refunds, refund_micros), banners)
