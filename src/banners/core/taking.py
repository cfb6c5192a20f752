"""Takes one of the lineups that a policy prepared, at random for every response."""

import math
import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Lineup, Performance
from banners.core.policy import PreparedLineups
from banners.core.rotation import round_of
from banners.core.rule import LEAST_SHOWN, count_picked, draws_on_inventory
from banners.core.selection import Selection
from banners.core.views import Group

_NO_FIGURES = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ShownLineup:
    """A prepared lineup as it is shown now.

    Args:
        banner_ids: its banners.
        filled: how many of these, the last ones, are the fill of a lineup of the rule.
        group: why it shows what it shows.
        is_paused: whether a banner of it is off, so that another one has its place.
    """

    banner_ids: tuple[int, ...]
    filled: int
    group: Group
    is_paused: bool


def shown_lineups(ranked: Candidates, shown: Candidates) -> list[ShownLineup]:
    """Return the prepared lineups of a campaign, without the banners that are off.

    Each gap is filled with the banner of the campaign that is expected to earn most, of those that
    the lineup does not have. So is a lineup of less than five, if there are more banners by now.

    Args:
        ranked: the candidates as they were published, with prepared lineups.
        shown: those that may be shown now; some of them may not have been published.

    Source: docs/policies.md, "Pauses".
    """
    prepared = ranked.prepared
    if prepared is None:
        return []
    ids, on = ranked.banner_ids, set(shown.banner_ids)
    by_revenue = best_first(prepared, ranked, shown)
    picked_by_rule = count_picked(ranked)
    found = []
    for lineup, group in zip(prepared.lineups, prepared.groups, strict=True):
        filled = max(0, len(lineup) - picked_by_rule) if group is Group.RULE else 0
        kept = tuple(ids[each] for each in lineup if ids[each] in on)
        gaps = max(len(lineup), LEAST_SHOWN) - len(kept)
        added = tuple(islice((each for each in by_revenue if each not in kept), gaps))
        if added or len(kept) < len(lineup):
            found.append(ShownLineup(kept + added, 0, group, is_paused=True))
        else:
            found.append(ShownLineup(kept, filled, group, is_paused=False))
    return found


def best_first(prepared: PreparedLineups, ranked: Candidates, shown: Candidates) -> list[int]:
    """Return the banners that may be shown, those that are expected to earn most first.

    Banners of which nothing is expected come last, in the order of the rule.

    Args:
        prepared: the lineups.
        ranked: the candidates as they were published.
        shown: those that may be shown.
    """
    # Both are of the candidates, or there are no expectations.
    expected = dict(zip(ranked.banner_ids, prepared.micros(), strict=False))
    return sorted(shown.banner_ids, key=lambda each: -expected.get(each, -math.inf))


class PreparedSelection:
    """Chooses the banners of a campaign's responses from prepared lineups.

    Args:
        lineup: what the rule picks of the banners that may be shown, which says whether a page has
            to be filled from elsewhere.
        lineups: the prepared lineups, one or more.
        policy: where the fill may come from.
        inventory: returns the ids of banners of any campaign that the fill may draw from; called
            once, and only if it does.
        source: where the randomness comes from.
    """

    __slots__ = ("_count", "_round", "_source", "_taken", "picked", "shows_any")

    def __init__(
        self,
        lineup: Lineup,
        lineups: Sequence[ShownLineup],
        policy: FillPolicy,
        inventory: Callable[[], Sequence[int]],
        source: random.Random,
    ) -> None:
        self._count = len(lineups)
        self._source = source
        self._round = zlib.crc32(repr((lineup.generation, tuple(lineups))).encode()) * self._count
        self.picked = tuple(dict.fromkeys(each for one in lineups for each in one.banner_ids))
        """All banners that any of the lineups has."""
        # A lineup is only shorter than five if the campaign has no other banner to show.
        own = self.picked[:LEAST_SHOWN]
        banners = tuple(Performance(*_NO_FIGURES, banner_id=each) for each in own)
        short = replace(lineup, banners=banners, others=())
        pool = inventory() if draws_on_inventory(short, policy) else ()
        # Made now, so that taking one costs a response next to nothing.
        self._taken = tuple(
            TakenLineup(each, self._round + number, short, policy, pool, source)
            for number, each in enumerate(lineups)
        )
        self.shows_any = bool(self.picked or pool)
        """Whether there is a banner to show."""

    def take(self, cookie: bytes = b"") -> "TakenLineup":
        """Return one of the lineups, each with the same probability.

        Args:
            cookie: the value of the one-banner endpoint's cookie. Until its round is over, the
                visitor stays with the lineup that it is of.
        """
        number = int(self._source.random() * self._count)
        if cookie:
            unfinished = round_of(cookie)
            if unfinished is not None and 0 <= unfinished - self._round < self._count:
                number = unfinished - self._round
        return self._taken[number]


class TakenLineup(Selection):
    """A prepared lineup, as responses take it.

    Args:
        shown: the lineup.
        number: distinguishes its rounds from those of other lineups.
        short: up to five banners of the lineups, without figures; the fill is drawn for it.
        policy: where the fill may come from.
        inventory: the ids that the fill may draw from.
        source: where the randomness comes from.
    """

    __slots__ = ("_own",)

    def __init__(
        self,
        shown: ShownLineup,
        number: int,
        short: Lineup,
        policy: FillPolicy,
        inventory: Sequence[int],
        source: random.Random,
    ) -> None:
        own = shown.banner_ids
        self._own = own
        self.lineup = short
        self.group = shown.group
        self.is_paused = shown.is_paused
        self.picked = own[: len(own) - shown.filled]
        self.is_short = bool(shown.filled or inventory)
        self._policy = policy
        self._source = source
        self._inventory = inventory
        self._round = number

    def _shown(self) -> tuple[int, ...]:
        if not self._inventory:
            return self._own
        return super()._shown()
