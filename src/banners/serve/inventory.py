"""Banners of all campaigns of the catalogue that fill up a page, if the setting says so."""

import random
from dataclasses import dataclass

from banners.core.catalogue import State, Times
from banners.core.showing import OwnedBanner, first_of, next_switch
from banners.serve.catalogue import CampaignRecord, Catalogue

POOL = 20
"""Maximum number of banners in a pool. A page draws five of them at the most."""

POOL_SECONDS = 10
"""Seconds after which another pool is drawn, so that each banner of the catalogue has its turn."""

_TRIES = 10 * POOL


@dataclass(frozen=True, slots=True)
class Pool:
    """Banners that are on, to draw the fill of a page from.

    Args:
        banners: each banner once.
        until: the first later second, since 1970 in UTC, at which another pool is needed.
    """

    banners: tuple[OwnedBanner, ...]
    until: int


class Pools:
    """Keeps the pool that the fill of all campaigns is drawn from, and draws the next one.

    A pool serves every campaign of a worker, so that the work does not grow with their number.

    Args:
        source: where the randomness comes from.
    """

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._last: tuple[Catalogue, int, Pool] | None = None

    def at(self, catalogue: Catalogue, second: int) -> Pool:
        """Return the pool of a second.

        Args:
            catalogue: the catalogue.
            second: whole seconds since 1970, in UTC.
        """
        if self._last is not None:
            of, since, pool = self._last
            if of is catalogue and since <= second < pool.until:
                return pool
        drawn = draw_pool(catalogue, second, self._source)
        self._last = catalogue, second, drawn
        return drawn


def draw_pool(catalogue: Catalogue, second: int, source: random.Random) -> Pool:
    """Draw pairs of a campaign and a banner of it that are on, each equally likely.

    A pair that is off is drawn again, a limited number of times. Of a small catalogue, every pair
    is looked at. Of each pair, only the campaign's times and a few banners are decoded, so that a
    draw takes milliseconds however many banners the campaigns have.

    Args:
        catalogue: the catalogue.
        second: whole seconds since 1970, in UTC.
        source: where the randomness comes from.
    """
    records: dict[int, tuple[CampaignRecord, Times]] = {}
    found: dict[int, OwnedBanner] = {}
    changes: list[int | None] = [second + POOL_SECONDS]
    for place in source.sample(range(catalogue.pairs), min(_TRIES, catalogue.pairs)):
        campaign_id, position = catalogue.pair(place)
        if campaign_id not in records:
            record = catalogue.record(campaign_id)
            records[campaign_id] = record, record.times()
            changes.append(next_switch(records[campaign_id][1], second))
        record, campaign = records[campaign_id]
        if campaign.state(second) is not State.ON:
            continue
        banner = record.banner(position)
        changes.append(next_switch(banner, second))
        if banner.state(second) is State.ON:
            found.setdefault(banner.banner_id, OwnedBanner(campaign_id, banner))
        if len(found) == POOL:
            break
    return Pool(tuple(found.values()), first_of(changes) or second)
