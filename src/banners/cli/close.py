"""``banners close``: turns the event log into event files."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from banners import wiring
from banners.cli.options import database_option, settings_from
from banners.cli.stopping import stoppable
from banners.cli.streams import echo, keep_status
from banners.core.events import Kind
from banners.core.slots import slot_name, slot_named
from banners.errors import CollectError, InvalidSlot, counted, readable

if TYPE_CHECKING:
    from banners.collect.close.account import ClosedSlot
    from banners.collect.close.run import Closed


class SlotType(click.ParamType[int]):
    """A slot by its name, such as 20261126T1445Z."""

    name = "SLOT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse the name of a slot; anything else is wrong usage."""
        try:
            return slot_named(str(value))
        except InvalidSlot as error:
            self.fail(str(error), param, ctx)


@click.command(
    epilog="""\b
Examples:
  banners close
  banners close 20261126T1445Z 20261126T1500Z
  banners close --forget web-2

A slot is a quarter of an hour, named by its beginning in UTC. Its event files
appear together in the folders 1 to 4 of BANNERS_EVENTS. Closing it again adds what
has arrived since; if nothing has, the files stay the same. Slots that have left the
window are archived. See docs/closing.md.

The totals of slots are written to the database. If it is out of reach, slots are
closed all the same, and the next run writes what the database lacks.

Exit status: 0 done, 1 a slot could not be closed or its totals not written,
2 wrong usage.""",
)
@click.argument(
    "slots",
    metavar="[SLOT ...]",
    nargs=-1,
    type=SlotType(),
    help="Close these slots, whether or not they have new records. Default: every slot of the "
    "window that has new records, or has ended without any.",
)
@click.option(
    "--forget",
    "host",
    metavar="HOST",
    help="Stop waiting for a host, then close. What it has recorded still counts.",
)
@database_option()
def close(slots: tuple[int, ...], host: str | None, database_url: str | None) -> None:
    """Make event files from the event log."""
    settings = settings_from(database_url=database_url)
    if host is not None:
        wiring.forget_host(settings, host)
    with stoppable() as check:
        closed = wiring.close(settings, slots, lambda _: check())
    keep_status("The slots are closed.")
    for line in _lines(closed):
        echo(line)
    if closed.problems:
        raise CollectError(*closed.problems)


def _lines(closed: "Closed") -> Iterator[str]:
    for each in closed.slots:
        yield _line(each)
    if not closed.slots and not closed.problems:
        yield "No slot has anything new."
    if earlier := set(closed.written) - {each.slot for each in (*closed.slots, *closed.recounted)}:
        yield f"Totals that the database lacked: {counted(len(earlier), 'slot')}."
    if closed.archived:
        count = counted(len(closed.archived), "slot")
        yield f"Archived, since they have left the window: {count}."
    if closed.late:
        yield f"Too late for the files of archived slots: {counted(closed.late, 'record')}."
    if closed.uncounted:
        yield f"Too late for the totals of their days: {counted(closed.uncounted, 'record')}."
    if closed.torn:
        yield f"Damaged, and left out: {counted(closed.torn, 'byte')} of segments."
    if closed.removed:
        yield f"Removed, since nothing needs them any more: {counted(closed.removed, 'segment')}."


def _line(closed: "ClosedSlot") -> str:
    quarters = " and ".join(str(int(quarter)) for quarter in closed.quarters)
    counts = ", ".join(counted(closed.count(kind, "kept"), kind.removesuffix("s")) for kind in Kind)
    left_out = sum(
        count
        for outcomes in closed.account.values()
        for outcome, count in outcomes.items()
        if outcome != "kept"
    )
    filtered = f"; {left_out:,} repeated or left out" if left_out else ""
    missing = f". Records are still missing from: {', '.join(map(readable, closed.missing))}"
    return (
        f"{slot_name(closed.slot)} (quarter {quarters}): {counts}{filtered}"
        f"{missing if closed.missing else ''}."
    )
