"""Generates views."""

from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.core.views import Group, View

IDS = st.one_of(st.integers(1, 999), st.integers(1, 10**18 - 1))


@st.composite
def views(draw: st.DrawFn) -> View:
    """Generate views of 1 to 15 places, with fill of this campaign and of others."""
    places = draw(st.integers(1, 15))
    campaign_id = draw(IDS)
    fill = draw(
        st.one_of(
            st.just(()),
            st.lists(
                st.one_of(st.just(0), st.just(campaign_id), IDS), min_size=places, max_size=places
            ).map(tuple),
        )
    )
    return View(
        slot=draw(st.integers(0, 2**24 - 1)),
        quarter=draw(st.sampled_from(Quarter)),
        campaign_id=campaign_id,
        generation=draw(st.integers(0, 2**32 - 1)),
        group=draw(st.sampled_from(Group)),
        view_id=draw(st.integers(0, 2**55 - 1)),
        banner_ids=tuple(draw(st.lists(IDS, min_size=places, max_size=places, unique=True))),
        fill=fill if any(fill) else (),
        paused=draw(st.booleans()),
    )
