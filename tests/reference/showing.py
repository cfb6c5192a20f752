"""Which banners a campaign of the catalogue may show: docs/rule.md, "With a catalogue".

It looks at every second one after the other, and so needs no arithmetic on dates.
"""

from collections.abc import Sequence

from banners.core.catalogue import CatalogueCampaign, Times
from banners.core.model import Performance


def is_shown(times: Times, second: int) -> bool:
    """Return whether something is "on" and within "its dates", which are half open."""
    begun = times.starts is None or times.starts <= second
    over = times.ends is not None and times.ends <= second
    return times.active and begun and not over


def word_for(times: Times, second: int) -> str:
    """Return the state of a campaign: what has ended stays so, whether it is paused or not."""
    if times.ends is not None and times.ends <= second:
        return "ended"
    if not times.active:
        return "paused"
    return "on" if is_shown(times, second) else "starts"


def eligible(
    events: Sequence[Performance], campaign: CatalogueCampaign, second: int
) -> list[Performance]:
    """List the candidates at a second, best first.

    "A banner of the catalogue without any event is a candidate with zeros"; "a banner with events
    that the catalogue does not assign to this campaign is not a candidate"; "a banner that is off,
    or outside its dates, is not shown from the next second on"; "a campaign that is off" shows
    nothing.
    """
    found = []
    if is_shown(campaign, second):
        for banner in campaign.banners:
            if is_shown(banner, second):
                own = [each for each in events if each.banner_id == banner.banner_id]
                found += own or [Performance(0, 0, 0, 0, banner_id=banner.banner_id)]
    # It says: "rank the candidates by revenue (most first), clicks (most first), banner id".
    found.sort(key=lambda each: each.banner_id)
    found.sort(key=lambda each: each.clicks, reverse=True)
    found.sort(key=lambda each: each.revenue_micros, reverse=True)
    return found


def first_change(
    events: Sequence[Performance], campaign: CatalogueCampaign, second: int, last: int
) -> int | None:
    """Return the first later second at which the state or the candidates differ, up to ``last``."""
    now = word_for(campaign, second), eligible(events, campaign, second)
    for later in range(second + 1, last + 1):
        if (word_for(campaign, later), eligible(events, campaign, later)) != now:
            return later
    return None
