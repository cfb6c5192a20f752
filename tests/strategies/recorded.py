"""Generates what workers record: views of a few slots, their clicks and conversions."""

from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.core.views import Group, Traffic, View
from reference.closing import Clicked, Converted, Event, Seen
from support.event_logs import SLOT

SLOTS = (SLOT, SLOT - 1, SLOT - 4)


@st.composite
def views_of_slots(draw: st.DrawFn, view_id: int) -> View:
    """Generate a view of one of the slots, which may have another quarter than the calendar's."""
    slot = draw(st.sampled_from(SLOTS))
    places = draw(st.integers(1, 4))
    owners = st.sampled_from([0, 0, 54, 55])
    fill = draw(st.one_of(st.just([0]), st.lists(owners, min_size=places, max_size=places)))
    return View(
        slot=slot,
        quarter=Quarter((slot + draw(st.sampled_from([0, 0, 0, 1]))) % 4 + 1),
        campaign_id=draw(st.sampled_from([54, 55, 10**18 - 1])),
        generation=3,
        group=draw(st.sampled_from(Group)),
        view_id=view_id,
        banner_ids=tuple(range(400, 400 + places)),
        fill=tuple(fill) if any(fill) else (),
        paused=draw(st.booleans()),
    )


@st.composite
def recorded(draw: st.DrawFn) -> list[Event]:
    """Generate events with repetitions, all kinds of traffic, and conversions of every kind."""
    view_ids = draw(st.lists(st.integers(0, 2**55 - 1), min_size=1, max_size=6, unique=True))
    views = [draw(views_of_slots(view_id)) for view_id in view_ids]
    traffic = st.sampled_from([Traffic.CLEAN, Traffic.CLEAN, *Traffic])
    chosen = st.sampled_from(views)
    events: list[Event] = draw(st.lists(st.builds(Seen, chosen, traffic), max_size=10))
    clicks = [
        Clicked(view, draw(st.integers(1, len(view.banner_ids))), draw(traffic))
        for view in draw(st.lists(chosen, max_size=8))
    ]
    of_clicks = [(each.view.slot, each.click_id) for each in clicks] + [(SLOT, 17)]
    for slot, click_id in draw(st.lists(st.sampled_from(of_clicks), max_size=8)):
        # Its id is a hash of the click's, so a conversion never has two clicks.
        events.append(
            Converted(
                slot,
                click_id * 2 % 10**17 + draw(st.sampled_from([1, 2])),
                click_id,
                draw(st.sampled_from(["0.5", "0.50", "-0.5", "7.000000", "999999999999.123456"])),
                draw(st.sampled_from([0, 0, 54, 55])),
            )
        )
    return (
        events
        + clicks
        + draw(
            st.lists(st.sampled_from([*events, *clicks]), max_size=5)
            if events or clicks
            else st.just([])
        )
    )
