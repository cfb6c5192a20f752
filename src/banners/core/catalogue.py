"""Campaigns and banners as the team maintains them: names, landing pages, dates, on or off.

Times are whole seconds since 1970 in UTC, so that they are compared without a time zone. All
intervals are half open: a banner that starts at a second is shown from that second on, and one that
ends at a second is no longer shown in it.
"""

from dataclasses import dataclass
from enum import StrEnum

CAMPAIGNS = "campaigns.csv"
BANNERS = "banners.csv"
"""The files of a catalogue in a folder."""


class State(StrEnum):
    """Whether a campaign or a banner is shown at a moment."""

    ON = "on"
    PAUSED = "paused"
    STARTS = "starts"
    """It is on, and its start is still to come."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When something of the catalogue may be shown.

    Args:
        starts: the first second in which it is shown; None for no beginning.
        ends: the first second in which it is no longer shown; None for no end.
        active: False while it is paused.
    """

    starts: int | None = None
    ends: int | None = None
    active: bool = True

    def state(self, second: int) -> State:
        """Return its state at a second: an end counts most, then a pause, then a start to come."""
        if self.ends is not None and second >= self.ends:
            return State.ENDED
        if not self.active:
            return State.PAUSED
        if self.starts is not None and second < self.starts:
            return State.STARTS
        return State.ON

    def next_change(self, second: int) -> int | None:
        """Return the first later second at which its state changes; None if it never does."""
        match self.state(second):
            case State.ENDED:
                return None
            case State.STARTS:
                return min(each for each in (self.starts, self.ends) if each is not None)
            case _:
                return self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueBanner(Times):
    """A banner of a campaign.

    Args:
        banner_id: 1 to 18 digits. A banner may belong to several campaigns.
        name: what people call it, and the alternative text of its image.
        landing_url: where a click leads; empty for nowhere.
        image: SHA-256 of its uploaded image in hexadecimal; empty if its image is a file in
            ``BANNERS_IMAGES``.
    """

    banner_id: int
    name: str
    landing_url: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueCampaign(Times):
    """A campaign and its banners.

    Args:
        campaign_id: 1 to 18 digits.
        name: what people call it.
        policy: what picks its lineups; empty for the default.
        banners: its banners, sorted by id.
    """

    campaign_id: int
    name: str
    policy: str = ""
    banners: tuple[CatalogueBanner, ...] = ()
