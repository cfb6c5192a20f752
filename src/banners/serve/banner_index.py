"""Which campaigns of the catalogue have a banner, in little memory."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from banners.core.catalogue import CatalogueCampaign


class BannerIndex:
    """Campaigns by their banners: 16 bytes for each pair, and more for what has changed.

    It never changes. A campaign that no longer has a banner may still be named.

    Args:
        campaigns: the campaigns.
    """

    def __init__(self, campaigns: Iterable[CatalogueCampaign]) -> None:
        banners, owners = array("q"), array("q")
        for each in campaigns:
            banners.extend(banner.banner_id for banner in each.banners)
            owners.extend([each.campaign_id] * len(each.banners))
        places = sorted(range(len(banners)), key=banners.__getitem__)
        self._banners = array("q", map(banners.__getitem__, places))
        self._campaigns = array("q", map(owners.__getitem__, places))
        self._added: Mapping[int, frozenset[int]] = {}

    def followed_by(self, changed: Iterable[CatalogueCampaign]) -> "BannerIndex":
        """Return the index with campaigns that have changed; it shares what has not."""
        added = dict(self._added)
        for each in changed:
            for banner in each.banners:
                known = added.get(banner.banner_id, frozenset())
                added[banner.banner_id] = known | {each.campaign_id}
        index = BannerIndex(())
        index._banners, index._campaigns, index._added = self._banners, self._campaigns, added
        return index

    def campaigns_of(self, banner_id: int) -> Iterator[int]:
        """Yield the ids of the campaigns that have, or have had, a banner, sorted."""
        found = set(self._added.get(banner_id, ()))
        place = bisect_left(self._banners, banner_id)
        while place < len(self._banners) and self._banners[place] == banner_id:
            found.add(self._campaigns[place])
            place += 1
        yield from sorted(found)
