"""Views: pages, frames and JSON answers as they were handed to one visitor each."""

from enum import StrEnum
from typing import NamedTuple

from banners.core.model import Quarter

MOST_PLACES = 15
"""Maximum number of banners in a view; so a place fits into four bits."""

VIEW_BITS = 55
"""Bits of a view id. With the four bits of a place, an event id stays below 10^18."""


class Group(StrEnum):
    """Why a view shows what it shows."""

    RULE = "rule"
    POLICY = "policy"
    PROBE = "probe"
    TRIAL_RULE = "trial_rule"
    TRIAL_POLICY = "trial_policy"


class Traffic(StrEnum):
    """Who asked for a view or followed a link; only ``clean`` events count."""

    CLEAN = "clean"
    CRAWLER = "crawler"
    FLOOD = "flood"


class View(NamedTuple):
    """One page, frame or JSON answer, with the banners in it in their order.

    A tuple, since one is made for every page.

    Args:
        slot: the slot in which it was served.
        quarter: the quarter of the hour whose lineup it shows.
        campaign_id: the campaign whose page it is.
        generation: the generation of the lineup; 0 if no generation knows the campaign.
        group: why it shows what it shows.
        view_id: a random number of 55 bits.
        banner_ids: 1 to 15 banners, in their order.
        fill: for each place the campaign to which a banner that is fill belongs, and 0 for a banner
            of the lineup; empty if nothing is fill.
        paused: whether a pause changed the lineup.
    """

    slot: int
    quarter: Quarter
    campaign_id: int
    generation: int
    group: Group
    view_id: int
    banner_ids: tuple[int, ...]
    fill: tuple[int, ...] = ()
    paused: bool = False

    def owner(self, position: int) -> int:
        """Return the campaign in whose report a banner counts, and whose landing page it has.

        Args:
            position: its place, from 1.
        """
        return (self.fill[position - 1] if self.fill else 0) or self.campaign_id

    def is_fill(self, position: int) -> bool:
        """Return whether the banner at a place, counted from 1, is fill."""
        return bool(self.fill and self.fill[position - 1])


def event_id(view_id: int, position: int) -> int:
    """Return the id of an impression, and of the click on it.

    Args:
        view_id: the view.
        position: the place of the banner, from 1.
    """
    return view_id << 4 | position
