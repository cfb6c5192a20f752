"""What people call campaigns and banners, looked up in the catalogue for reports and lists."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

from banners.core.catalogue import CatalogueCampaign

MOST_MATCHES = 10_000
"""Maximum number of campaigns that a search by name finds; the others are left out."""


class NameReader(Protocol):
    """Looks up names in the catalogue that is in force.

    Each method raises StoreUnavailable if the database cannot be reached, and finds nothing where
    there is no catalogue.
    """

    def has_catalogue(self) -> bool:
        """Return whether a catalogue is in force."""
        ...

    def campaign(self, campaign_id: int) -> CatalogueCampaign | None:
        """Return a campaign with its banners; None if it is not in the catalogue."""
        ...

    def names(self, campaign_ids: Collection[int]) -> Mapping[int, str]:
        """Return the names of those campaigns that are in the catalogue, by id."""
        ...

    def matching(self, text: str) -> frozenset[int]:
        """Return the ids of campaigns whose name, or that of one of their banners, has a text."""
        ...


def banner_names(campaign: CatalogueCampaign | None) -> Mapping[int, str]:
    """Return the names of a campaign's banners by id; none without a campaign."""
    return {banner.banner_id: banner.name for banner in campaign.banners} if campaign else {}


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a whole catalogue, for tables of all campaigns.

    Args:
        campaigns: the name of each campaign, by id.
        banners: the names of each campaign's banners by their ids, by the campaign's id.
    """

    campaigns: Mapping[int, str] = field(default_factory=dict)
    banners: Mapping[int, Mapping[int, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Iterable[CatalogueCampaign]) -> Self:
        """Return the names in a catalogue."""
        campaigns: dict[int, str] = {}
        banners: dict[int, Mapping[int, str]] = {}
        for each in catalogue:
            campaigns[each.campaign_id] = each.name
            banners[each.campaign_id] = banner_names(each)
        return cls(campaigns, banners)


NO_NAMES = Names()
"""The names where there is no catalogue."""
