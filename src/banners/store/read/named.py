"""Looks up names in the catalogue that is in force: a NameReader over the database."""

from collections.abc import Collection, Mapping

from banners.core.catalogue import CatalogueCampaign
from banners.reports.named import MOST_MATCHES
from banners.store.read.catalogue import DatabaseCatalogue


class DatabaseNames:
    """A NameReader over the catalogue of a database.

    Args:
        catalogue: the catalogue; whoever opened the database closes it.
    """

    def __init__(self, catalogue: DatabaseCatalogue) -> None:
        self._catalogue = catalogue

    def has_catalogue(self) -> bool:
        """Return whether a catalogue is in force."""
        return self._catalogue.in_force() is not None

    def campaign(self, campaign_id: int) -> CatalogueCampaign | None:
        """Return a campaign with its banners; None if it is not in the catalogue."""
        version = self._catalogue.in_force()
        return self._catalogue.campaign(version, campaign_id) if version else None

    def names(self, campaign_ids: Collection[int]) -> Mapping[int, str]:
        """Return the names of those campaigns that are in the catalogue, by id."""
        version = self._catalogue.in_force()
        return self._catalogue.names(version, campaign_ids) if version else {}

    def matching(self, text: str) -> frozenset[int]:
        """Return the ids of campaigns whose name, or that of one of their banners, has a text."""
        version = self._catalogue.in_force()
        if version is None:
            return frozenset()
        return frozenset(self._catalogue.matching(version, text)[:MOST_MATCHES])
