"""The ports of the catalogue: to follow it, look things up, compare versions and change it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from banners.catalogue.compare import Difference
from banners.catalogue.versions import (
    CampaignChange,
    Edit,
    FoundCampaigns,
    MadeVersion,
    Search,
    Version,
)
from banners.core.catalogue import CatalogueCampaign


class CatalogueReader(Protocol):
    """Follows the catalogue, as those who show banners do.

    Every method raises ``StoreUnavailable`` if the store cannot be reached, and ``StoreError`` if
    it fails.
    """

    def in_force(self) -> Version | None:
        """Return the version that visitors see; None if there is no catalogue."""
        ...

    def campaigns(self, version: Version) -> Iterator[CatalogueCampaign]:
        """Return the whole catalogue of a version, sorted by id, a few campaigns at a time."""
        ...

    def paused(self, version: Version) -> Mapping[int, int]:
        """Return when the paused campaigns were paused, by id, in seconds since 1970."""
        ...

    def changed(
        self, since: Version, version: Version
    ) -> Iterator[tuple[int, CatalogueCampaign | None]] | None:
        """Return the campaigns that differ between two versions.

        Args:
            since: the version that the caller has.
            version: the version that the caller wants.

        Returns:
            The id of each such campaign and its content in ``version``, None if it has none there;
            and None altogether if ``since`` is unknown here, so that everything must be read.
        """
        ...

    def close(self) -> None:
        """Close it; later calls raise ``StoreClosed``."""
        ...


class CatalogueBrowser(Protocol):
    """Looks things up in the catalogue, as operators do; raises as :class:`CatalogueReader` does.

    A ``version`` is usually the one in force, which the caller reads once for everything that it
    shows together.
    """

    def campaign(self, version: Version, campaign_id: int) -> CatalogueCampaign | None:
        """Return a campaign with its banners; None if it is not in the version."""
        ...

    def campaigns_among(
        self, version: Version, campaign_ids: Collection[int]
    ) -> Mapping[int, CatalogueCampaign]:
        """Return those campaigns that are in the version, with their banners, by id."""
        ...

    def names(self, version: Version, campaign_ids: Collection[int]) -> Mapping[int, str]:
        """Return the names of those campaigns that are in the version, by id."""
        ...

    def search(self, version: Version, wanted: Search) -> FoundCampaigns:
        """Return some of the campaigns that match."""
        ...

    def matching(self, version: Version, text: str) -> Sequence[int]:
        """Return the ids of all campaigns that match a text, as :meth:`search` finds them."""
        ...

    def free_ids(self) -> tuple[int, int]:
        """Return an id for a new campaign and one for a new banner.

        Both are larger than every id of the catalogue, of any version, and of live generations.

        Raises:
            CatalogueError: none is left, since the largest id has been used.
        """
        ...


class CatalogueWriter(Protocol):
    """Changes the catalogue. Every change makes a new version, which is in force immediately.

    Every method returns the version that it made, and raises

    - ``CatalogueBusy`` if somebody else is changing the catalogue;
    - ``StoreUnavailable`` if the store cannot be reached, ``StoreError`` if it fails.

    Args ``by``: who makes the change, at most 100 characters.
    """

    def replace(
        self,
        campaigns: Sequence[CatalogueCampaign],
        *,
        by: str,
        what: str,
        stop: Callable[[], None] = lambda: None,
    ) -> MadeVersion | None:
        """Make a version of exactly these campaigns.

        The uploaded image of a banner is kept, since no file names it; the house campaign too, if
        it is still there.

        Args:
            campaigns: checked campaigns, sorted by id, with their banners sorted by id.
            by: who makes the change.
            what: where they come from, in a few words.
            stop: called at intervals; an error that it raises ends the work, and the version in
                force stays.

        Returns:
            None if nothing differs from the version in force, which then stays.
        """
        ...

    def edit(self, edits: Sequence[Edit], *, seen: int | None, by: str) -> MadeVersion:
        """Change, add or remove single campaigns and banners, all or none.

        Returns the version in force, and makes none, if nothing differs.

        Args:
            edits: the new contents.
            seen: the number of the version that the editor saw; None if there was none.
            by: who makes the change.

        Raises:
            EditOvertaken: one of them has been changed since that version.
            CatalogueError: an edit is impossible, such as a banner for an unknown campaign.
            InvalidValue: a value is invalid.
        """
        ...

    def choose_house(self, campaign_id: int | None, *, seen: int | None, by: str) -> MadeVersion:
        """Choose the house campaign; None for none. Raises as :meth:`edit` does."""
        ...

    def undo(self, number: int, *, by: str) -> MadeVersion:
        """Take back what one version changed, and nothing else.

        Raises:
            UnknownVersion: there is no such version.
            EditOvertaken: some of it has been changed again since.
        """
        ...

    def roll_back(self, number: int, *, by: str) -> MadeVersion:
        """Make a new version with the content of an earlier one.

        Raises:
            UnknownVersion: there is no such version.
        """
        ...

    def close(self) -> None:
        """Close it; later calls raise ``StoreClosed``."""
        ...


class CatalogueHistory(Protocol):
    """Lists and compares versions of the catalogue; raises as :class:`CatalogueReader` does."""

    def version(self, number: int) -> MadeVersion:
        """Return a version.

        Raises:
            UnknownVersion: there is no such version.
        """
        ...

    def differences(self, old: Version, new: Version) -> Iterator[Difference]:
        """Return what differs between two versions, sorted by id."""
        ...

    def versions(self, *, first: int = 0, most: int = 100) -> Sequence[MadeVersion]:
        """Return versions, the newest first."""
        ...

    def history(self, campaign_id: int, *, most: int = 100) -> Sequence[CampaignChange]:
        """Return what versions changed of a campaign, the newest first."""
        ...
