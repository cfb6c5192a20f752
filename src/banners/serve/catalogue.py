"""The catalogue as a worker holds it."""

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain

from banners.catalogue.versions import Version
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign, Times
from banners.serve.banner_index import BannerIndex

# Maximum number of banners whose images are known without looking them up.
_REMEMBERED = 20_000
# Number of banners that are decoded together: one of 10,000 is then found in 0.1 ms, not in 30 ms.
_PART = 50


@dataclass(frozen=True, eq=False)
class Catalogue:
    """A version of the catalogue as a worker holds it: 2.5 kB for a campaign of ten banners.

    It never changes, so that an answer made from one does not mix two versions.

    Args:
        version: the version; None where there is no catalogue.
        records: each campaign, as :func:`encode` returns it.
        paused: since when campaigns are paused, in seconds since 1970, as far as it is known.
        index: the campaigns by their banners.
        before: the version that it was made from; None if it was read completely.
        changed: the ids of the campaigns that differ from that version.
    """

    version: Version | None
    records: Mapping[int, bytes] = field(repr=False, default_factory=dict)
    paused: Mapping[int, int] = field(repr=False, default_factory=dict)
    index: BannerIndex = field(repr=False, default_factory=lambda: BannerIndex(()))
    before: Version | None = None
    changed: frozenset[int] = frozenset()

    @property
    def exists(self) -> bool:
        """Whether there is a catalogue."""
        return self.version is not None

    @property
    def number(self) -> int:
        """The number of the version; 0 if there is no catalogue."""
        return self.version.number if self.version else 0

    @property
    def house(self) -> int | None:
        """The campaign that is shown in frames of campaigns with nothing to show."""
        return self.version.house if self.version else None

    def __contains__(self, campaign_id: int) -> bool:
        """Whether it has a campaign."""
        return campaign_id in self.records

    def campaign(self, campaign_id: int) -> CatalogueCampaign | None:
        """Return a campaign with its banners; None if the catalogue does not have it."""
        record = self.records.get(campaign_id)
        return None if record is None else CampaignRecord(record).campaign()

    def image_of(self, banner_id: int) -> str | None:
        """Return the SHA-256 of a banner's uploaded image in hexadecimal.

        Returns:
            An empty text if the catalogue has the banner without one, None if it has no such
            banner. Of several campaigns with the banner, the first that has an image counts.
        """
        known = self._images.get(banner_id, "?")
        if known == "?":
            known = self._images[banner_id] = self._find_image(banner_id)
            if len(self._images) > _REMEMBERED:
                self._images.clear()
        return known

    def _find_image(self, banner_id: int) -> str | None:
        found = None
        for campaign_id in self.index.campaigns_of(banner_id):
            campaign = self.campaign(campaign_id)
            for banner in campaign.banners if campaign else ():
                if banner.banner_id == banner_id:
                    found = found or banner.image
        return found

    @property
    def pairs(self) -> int:
        """The number of pairs of a campaign and a banner of it, whether they are shown or not."""
        _, ends = self._places
        return ends[-1] if ends else 0

    def pair(self, place: int) -> tuple[int, int]:
        """Return one of the pairs: the id of a campaign, and the position of a banner of it.

        Args:
            place: 0 to :attr:`pairs` - 1.
        """
        campaign_ids, ends = self._places
        found = bisect_right(ends, place)
        return campaign_ids[found], place - (ends[found - 1] if found else 0)

    def record(self, campaign_id: int) -> "CampaignRecord":
        """Return the record of a campaign of the catalogue, to decode parts of it."""
        return CampaignRecord(self.records[campaign_id])

    @cached_property
    def _images(self) -> dict[int, str | None]:
        return {}

    @cached_property
    def _places(self) -> tuple[list[int], list[int]]:
        """The ids of all campaigns, and after how many pairs those of each campaign end."""
        # A record begins with the number of banners.
        counts = (int(each[1 : each.index(b",")]) for each in self.records.values())
        return list(self.records), list(accumulate(counts))


NO_CATALOGUE = Catalogue(None)
"""What a worker holds where there is no catalogue."""


class CampaignRecord:
    """The record of a campaign, of which single banners can be decoded.

    Args:
        record: as :func:`encode` returns it.
    """

    def __init__(self, record: bytes) -> None:
        self._head, *self._parts = record.split(b"\n")

    def campaign(self) -> CatalogueCampaign:
        """Return the campaign with its banners."""
        rows = chain.from_iterable(map(json.loads, self._parts))
        return self._campaign(tuple(_banner(*row) for row in rows))

    def times(self) -> Times:
        """Return when the campaign is shown, without decoding its banners."""
        return self._campaign(())

    def banner(self, position: int) -> CatalogueBanner:
        """Return one banner, decoding few others.

        Args:
            position: 0 to the number of banners - 1.
        """
        part, place = divmod(position, _PART)
        return _banner(*json.loads(self._parts[part])[place])

    def find(self, banner_id: int) -> CatalogueBanner | None:
        """Return the banner with an id, decoding few others; None if the campaign lacks it."""
        # The banners are sorted, and each part begins with the id of its first one.
        after = bisect_right(self._parts, banner_id, key=_first_id)
        rows = json.loads(self._parts[after - 1]) if after else ()
        found = next((row for row in rows if row[0] == banner_id), None)
        return None if found is None else _banner(*found)

    def _campaign(self, banners: tuple[CatalogueBanner, ...]) -> CatalogueCampaign:
        _, campaign_id, name, policy, starts, ends, active = json.loads(self._head)
        return CatalogueCampaign(
            campaign_id=campaign_id,
            name=name,
            policy=policy,
            starts=starts,
            ends=ends,
            active=active,
            banners=banners,
        )


def encode(campaign: CatalogueCampaign) -> bytes:
    """Return a campaign as lines of JSON, which take a fifth of the memory of the objects.

    The first line is the campaign, and each other line some of its banners. JSON escapes the line
    breaks of names.
    """
    head = (
        *(len(campaign.banners), campaign.campaign_id, campaign.name, campaign.policy),
        *(campaign.starts, campaign.ends, campaign.active),
    )
    parts = (
        [
            (
                *(each.banner_id, each.name, each.landing_url, each.image),
                *(each.starts, each.ends, each.active),
            )
            for each in campaign.banners[first : first + _PART]
        ]
        for first in range(0, len(campaign.banners), _PART)
    )
    lines = "\n".join(map(_written, (head, *parts)))
    return lines.encode("utf-8", "surrogatepass")


_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _first_id(part: bytes) -> int:
    return int(part[2 : part.index(b",")])


def _banner(
    banner_id: int,
    name: str,
    landing_url: str,
    image: str,
    starts: int | None,
    ends: int | None,
    active: bool,
) -> CatalogueBanner:
    return CatalogueBanner(
        banner_id=banner_id,
        name=name,
        landing_url=landing_url,
        image=image,
        starts=starts,
        ends=ends,
        active=active,
    )
