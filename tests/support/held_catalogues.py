"""Catalogues for tests: held ones, and a source in memory that keeps every version."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from banners.catalogue.versions import Version
from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.core.model import Generation, Performance, Quarter
from banners.errors import StoreUnavailable
from banners.serve.catalogue import NO_CATALOGUE, Catalogue, encode

GENERATION = Generation(3, "2026-01-31T10:00:00+00:00")


def candidates_of(
    ranked: Iterable[Performance],
    campaign_id: int = 7,
    *,
    quarter: Quarter = Quarter.FIRST,
    generation: Generation = GENERATION,
) -> Candidates:
    """Put figures, best first, into columns."""
    rows = [
        (each.banner_id, each.impressions, each.clicks, each.conversions, each.revenue_micros)
        for each in ranked
    ]
    columns = zip(*rows, strict=True) if rows else [()] * 5
    return Candidates(campaign_id, quarter, generation, *columns)


def banner(banner_id: int, name: str = "", **others: object) -> CatalogueBanner:
    """Make a banner with a name of its own."""
    return CatalogueBanner(banner_id=banner_id, name=name or f"Name {banner_id}", **others)  # type: ignore[arg-type]


def campaign(
    campaign_id: int, *banners: CatalogueBanner, name: str = "", **others: object
) -> CatalogueCampaign:
    """Make a campaign with a name of its own."""
    return CatalogueCampaign(
        campaign_id=campaign_id,
        name=name or f"Campaign name {campaign_id}",
        banners=banners,
        **others,  # type: ignore[arg-type]
    )


def version(number: int = 1, *, house: int | None = None, stamp: str = "2026") -> Version:
    """Name a version."""
    return Version(number, f"{stamp}-{number}", house)


def catalogue_of(
    *campaigns: CatalogueCampaign,
    number: int = 1,
    house: int | None = None,
    paused: Mapping[int, int] | None = None,
) -> Catalogue:
    """Hold a version of these campaigns."""
    records = {each.campaign_id: encode(each) for each in campaigns}
    return Catalogue(version(number, house=house), records, paused or {})


class Holder:
    """Holds a catalogue that a test replaces."""

    def __init__(self, held: Catalogue | None = NO_CATALOGUE) -> None:
        self.held = held

    def close(self) -> None:
        """Do nothing."""


class Versions:
    """A source that keeps every version of a catalogue.

    Args:
        versions: the campaigns of each version by their ids, the first version first.
    """

    def __init__(self, *versions: dict[int, CatalogueCampaign]) -> None:
        self.versions: Sequence[dict[int, CatalogueCampaign]] = versions
        self.current = len(versions)
        self.stamp = "2026"
        self.is_gone = False
        self.is_closed = False
        self.complete_reads = 0

    def in_force(self) -> Version | None:
        if self.is_gone:
            raise StoreUnavailable("The database is gone.")
        return version(self.current, stamp=self.stamp) if self.current else None

    def campaigns(self, version: Version) -> Iterator[CatalogueCampaign]:
        self.complete_reads += 1
        yield from self.versions[version.number - 1].values()

    def paused(self, version: Version) -> Mapping[int, int]:
        """Each since the second that is the number of the version."""
        campaigns = self.versions[version.number - 1].values()
        return {each.campaign_id: version.number for each in campaigns if not each.active}

    def changed(
        self, since: Version, version: Version
    ) -> Iterator[tuple[int, CatalogueCampaign | None]] | None:
        if not since.stamp.startswith(self.stamp):
            return None
        old, new = self.versions[since.number - 1], self.versions[version.number - 1]
        keys = sorted(old.keys() | new.keys())
        return iter([(key, new.get(key)) for key in keys if old.get(key) != new.get(key)])

    def close(self) -> None:
        self.is_closed = True
