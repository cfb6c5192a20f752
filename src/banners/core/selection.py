"""Which banners a campaign shows, and in which order: chosen anew for every response.

This is the rule's random part. It does no input or output, and the random source is handed in.
"""

import random
import zlib
from collections.abc import Callable, Sequence

from banners.core import rule
from banners.core.model import FillPolicy, Lineup
from banners.core.rotation import next_banner, order
from banners.core.views import Group


class Selection:
    """Chooses the banners of a campaign's responses.

    Args:
        lineup: what the rule picked.
        policy: where the fill may come from.
        inventory: returns the ids of banners of any campaign that the fill may draw from; called
            once, and only if it does.
        source: where the randomness comes from.
        may_change: whether the lineup may change within a generation, as a catalogue changes it.
        group: why responses show these banners; their views carry it.
        is_paused: whether a banner of the lineup is off now, which views are to say.
    """

    __slots__ = (
        *("_inventory", "_policy", "_round", "_source"),
        *("group", "is_paused", "is_short", "lineup", "picked"),
    )

    def __init__(
        self,
        lineup: Lineup,
        policy: FillPolicy,
        inventory: Callable[[], Sequence[int]],
        source: random.Random,
        *,
        may_change: bool = False,
        group: Group = Group.RULE,
        is_paused: bool = False,
    ) -> None:
        self.lineup = lineup
        self.group = group
        self.is_paused = is_paused
        self.picked = tuple(banner.banner_id for banner in lineup.banners)
        self._policy = policy
        self._source = source
        self.is_short = rule.missing(lineup, policy) > 0
        """Whether responses are filled up, so that they may show other banners than ``picked``."""
        self._inventory = inventory() if rule.draws_on_inventory(lineup, policy) else ()
        # A round is of one lineup: its cookie names places in it.
        self._round = lineup.generation.number
        if may_change:
            self._round = zlib.crc32(repr((lineup.generation, self.picked)).encode())

    @property
    def shows_any(self) -> bool:
        """Whether there is a banner to show."""
        own = self.picked or (self.is_short and self.lineup.others)
        return bool(own or self._inventory)

    def take(self, _cookie: bytes = b"") -> "Selection":
        """Return what a response is made from: this, since there is only one lineup."""
        return self

    def page(self, cookie: bytes) -> tuple[list[int], bytes]:
        """Choose the banners of a page: the lineup and its fill, in random order.

        Args:
            cookie: the value of the page's cookie; empty if none was sent.

        Returns:
            The ids, the first of them another than last time if there is a choice, and the new
            value of the cookie. Both are empty if there is nothing to show.

        Source: docs/rule.md, "Random order" and "Not twice in a row".
        """
        return order(cookie, self._shown(), self._source)

    def one(self, cookie: bytes) -> tuple[int, bytes] | None:
        """Choose a single banner: the next one of the visitor's round through the lineup.

        Args:
            cookie: the value of the one-banner endpoint's cookie; empty if none was sent.

        Returns:
            The id and the new value of the cookie, or None if there is nothing to show. Without a
            lineup, the banner is one of the fill.

        Source: docs/rule.md, "Not twice in a row".
        """
        if self.picked:
            quarter = int(self.lineup.quarter)
            return next_banner(cookie, self.picked, self._round, quarter, self._source)
        shown, cookie = self.page(cookie)
        return (shown[0], cookie) if shown else None

    def _shown(self) -> tuple[int, ...]:
        if not self.is_short:
            return self.picked
        drawn = rule.fill(self.lineup, self._policy, self._inventory, self._source)
        return self.picked + drawn
