"""What a closed slot is compared with: the references of closing and of the crunch."""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from banners.collect.close.account import ClosedSlot
from banners.core.events import Kind
from banners.core.figures import FIGURE_NAMES, Figures
from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.core.totals import CampaignTotals
from reference.accounting import NotGiven, treat_quarter
from reference.closing import Clicked, Converted, Event, Net, Seen, net_totals, slot_of
from support.closings import totals_in


def assert_closed_as_expected(events: Path, closed: ClosedSlot, kept: Sequence[Event]) -> None:
    """Compare the totals and the account of a slot with the references.

    Args:
        events: the folder of all events.
        closed: the slot.
        kept: everything that was recorded.
    """
    assert_totals(events, closed, kept)
    assert_account(closed, kept)


def assert_totals(events: Path, closed: ClosedSlot, kept: Sequence[Event]) -> None:
    expected = net_totals(kept, closed.slot)
    found = totals_in(events, closed.slot)
    assert {
        (each.campaign_id, each.group, banner_id): figures
        for each in found
        for banner_id, figures in each.banners.items()
    } == {
        key: Figures(net.impressions, net.clicks, net.conversions, as_micros(net.revenue))
        for key, net in expected.items()
        if replace(net, refunds=0, refunded=Decimal()) != Net()
    }
    for each in found:
        of_key = [net for key, net in expected.items() if key[:2] == (each.campaign_id, each.group)]
        whole = sum(of_key, Net())
        assert each.totals.net == Figures.sum_of(each.banners.values())
        assert (each.totals.refunds, each.totals.refund_micros) == (
            whole.refunds,
            as_micros(whole.refunded),
        )
    assert_accepted_by_the_crunch(events, closed.slot, found)


def as_micros(amount: Decimal) -> int:
    return int(amount * 1_000_000)


def assert_accepted_by_the_crunch(events: Path, slot: int, found: Sequence[CampaignTotals]) -> None:
    """Compare with what the reference of the crunch accepts of the slot's event files alone."""
    expected: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    with TemporaryDirectory() as name:
        for path in events.glob(f"[1-4]/*-{slot_name(slot)}.csv"):
            (Path(name) / path.parent.name).mkdir(exist_ok=True)
            shutil.copy(path, Path(name) / path.parent.name)
        for quarter in Quarter:
            with suppress(NotGiven):
                accepted = treat_quarter(Path(name), int(quarter))
                of_click = {each.click_id: each for each in accepted.clicks}
                for seen in accepted.impressions:
                    expected[seen.campaign_id, seen.banner_id][0] += 1
                for click in accepted.clicks:
                    expected[click.campaign_id, click.banner_id][1] += 1
                for conversion in accepted.conversions:
                    click = of_click[conversion.click_id]
                    sums = expected[click.campaign_id, click.banner_id]
                    sums[2] += 1
                    sums[3] += as_micros(conversion.revenue)
    net: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for each in found:
        for banner_id, figures in each.banners.items():
            for place, figure_name in enumerate(FIGURE_NAMES):
                net[each.campaign_id, banner_id][place] += getattr(figures, figure_name)
    assert net == expected


def assert_account(closed: ClosedSlot, kept: Sequence[Event]) -> None:
    recorded = {
        Kind.IMPRESSIONS: [
            len(each.view.banner_ids)
            for each in kept
            if isinstance(each, Seen)
            if slot_of(each) == closed.slot
        ],
        Kind.CLICKS: [
            1 for each in kept if isinstance(each, Clicked) and slot_of(each) == closed.slot
        ],
        Kind.CONVERSIONS: [
            1 for each in kept if isinstance(each, Converted) and slot_of(each) == closed.slot
        ],
    }
    assert {kind: sum(closed.account.get(kind, {}).values()) for kind in Kind} == {
        kind: sum(counts) for kind, counts in recorded.items()
    }
