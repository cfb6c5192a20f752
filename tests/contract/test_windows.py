"""A window of closed slots: step by step it is what it is from the event files alone."""

from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from banners.collect.close.run import close_slots
from banners.core.model import Quarter
from banners.core.slots import quarter_of, slot_name
from reference.closing import Clicked, Event, Seen
from reference.window import candidates_of, figures_of
from strategies.recorded import SLOTS, recorded
from support.closings import CLEAN, keep
from support.event_logs import SLOT, Clock, closing_of, view_of
from support.windows import Found, window_of

LATER = SLOT + 1
QUARTER = quarter_of(SLOT, UTC)


def windows(folder: Path, *, keeping: bool) -> dict[Quarter, Found]:
    """Return the window of each quarter that has event files."""
    return {
        quarter: window_of(folder, quarter, now=LATER, keep=keeping)
        for quarter in Quarter
        if (folder / str(int(quarter))).is_dir()
    }


@settings(max_examples=4)
@given(st.lists(recorded(), min_size=1, max_size=2))
def test_step_by_step_gives_what_the_files_alone_give(steps: list[list[Event]]) -> None:
    with TemporaryDirectory() as outer:
        events = Path(outer)
        stepwise = {}
        for number, kept in enumerate(steps):
            # What comes later is of any slot, and some slots stay empty.
            keep(events, kept, host=f"host-{number}")
            close_slots(closing_of(events), Clock(LATER).now, SLOTS)
            stepwise = windows(events, keeping=True)
        alone = windows(events, keeping=False)
        assert stepwise == alone
        for quarter, found in alone.items():
            figures = figures_of(events, quarter, found.slots)
            assert {row[:4]: row[4:] for row in found.by_group} == {
                (campaign, banner, group, fill == "1"): each
                for (campaign, banner, group, fill), each in figures.items()
            }
            assert found.candidates == candidates_of(figures)
            assert found.inventory == sorted({row[1] for row in found.candidates})
        of_calendar = {slot_name(SLOT - 4), slot_name(SLOT)}
        # A view may name another quarter than the calendar's, as where a zone changes its offset.
        assert of_calendar <= set(alone[QUARTER].slots) <= of_calendar | {slot_name(SLOT - 1)}


def test_fill_counts_for_the_campaign_that_its_banner_belongs_to(tmp_path: Path) -> None:
    view = view_of(77, banners=(414, 251))._replace(fill=(0, 55))
    keep(tmp_path, [Seen(view, CLEAN), Clicked(view, 2, CLEAN)])
    close_slots(closing_of(tmp_path), Clock(LATER).now)
    found = window_of(tmp_path, QUARTER, now=LATER)
    assert found.candidates == [(54, 414, 1, 0, 0, 0), (55, 251, 1, 1, 0, 0)]
    assert found.by_group == [
        (54, 414, "rule", False, 1, 0, 0, 0),
        (55, 251, "rule", True, 1, 1, 0, 0),
    ]
