"""Reads the catalogue from the database: implements three of its ports."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.catalogue.compare import Difference
from banners.catalogue.versions import (
    CampaignChange,
    FoundCampaigns,
    MadeVersion,
    Search,
    Version,
)
from banners.core.catalogue import CatalogueCampaign
from banners.core.model import LARGEST_ID
from banners.errors import CatalogueError
from banners.store.read import catalogue_history, catalogue_search
from banners.store.read.catalogue_rows import (
    all_campaigns,
    as_made,
    changed_campaigns,
    chunks,
    in_chunks,
    is_in,
    made_versions,
    paused_campaigns,
    some_campaigns,
    version_in_force,
)
from banners.store.read.queries import Breaker, Queries
from banners.store.schema import (
    ACTIVE_GENERATIONS,
    CANDIDATES,
    CATALOGUE_ACTIVE,
    CATALOGUE_BANNERS,
    CATALOGUE_CAMPAIGNS,
    CATALOGUE_VERSIONS,
    INVENTORY,
)


class DatabaseCatalogue:
    """The catalogue of a database: ``CatalogueReader``, ``CatalogueBrowser``, ``CatalogueHistory``.

    Args:
        database: an open database, which may have no tables yet; it is closed with this.
        breaker: fails queries immediately while the database does not answer.
    """

    def __init__(self, database: Engine, breaker: Breaker | None = None) -> None:
        self._queries = Queries(database, breaker, CATALOGUE_ACTIVE)
        self._of_generations = Queries(database, breaker)
        self._run = self._queries.rows

    def close(self) -> None:
        """Close the database; later calls raise ``StoreClosed``."""
        self._queries.close()

    def in_force(self) -> Version | None:
        """Return the version that visitors see; None if there is no catalogue."""
        made = version_in_force(self._run)
        return made.version if made else None

    def campaigns(self, version: Version) -> Iterator[CatalogueCampaign]:
        """Return the whole catalogue of a version, sorted by id, a few campaigns at a time."""
        return all_campaigns(self._run, version.number)

    def with_policy(self, version: Version) -> Iterator[CatalogueCampaign]:
        """Return the campaigns of a version for which it names a policy."""
        rows = self._run(
            sa.select(CATALOGUE_CAMPAIGNS.c.campaign_id).where(
                is_in(CATALOGUE_CAMPAIGNS, version.number), CATALOGUE_CAMPAIGNS.c.policy != ""
            )
        )
        ids = [row.campaign_id for row in rows]
        yield from some_campaigns(self._run, version.number, ids).values()

    def with_uploads(self, version: Version) -> frozenset[int]:
        """Return the ids of the banners of a version whose image was uploaded."""
        rows = self._run(
            sa.select(CATALOGUE_BANNERS.c.banner_id).where(
                is_in(CATALOGUE_BANNERS, version.number), CATALOGUE_BANNERS.c.image != ""
            )
        )
        return frozenset(row.banner_id for row in rows)

    def paused(self, version: Version) -> Mapping[int, int]:
        """Return since when campaigns are paused: see ``CatalogueReader``."""
        stamps = paused_campaigns(self._run, version.number)
        return {
            campaign_id: int(datetime.fromisoformat(stamp).timestamp())
            for campaign_id, stamp in stamps.items()
        }

    def changed(
        self, since: Version, version: Version
    ) -> Iterator[tuple[int, CatalogueCampaign | None]] | None:
        """Return the campaigns that differ between two versions: see ``CatalogueReader``."""
        numbers = [since.number, version.number]
        known = self._run(made_versions().where(CATALOGUE_VERSIONS.c.version.in_(numbers)))
        if not {since, version} <= {as_made(row).version for row in known}:
            return None
        ids = changed_campaigns(self._run, min(numbers), max(numbers))
        return in_chunks(self._run, version.number, ids)

    def campaign(self, version: Version, campaign_id: int) -> CatalogueCampaign | None:
        """Return a campaign with its banners; None if it is not in the version."""
        return some_campaigns(self._run, version.number, [campaign_id]).get(campaign_id)

    def campaigns_among(
        self, version: Version, campaign_ids: Collection[int]
    ) -> Mapping[int, CatalogueCampaign]:
        """Return those campaigns that are in the version, with their banners, by id."""
        return some_campaigns(self._run, version.number, campaign_ids)

    def names(self, version: Version, campaign_ids: Collection[int]) -> Mapping[int, str]:
        """Return the names of those campaigns that are in the version, by id."""
        columns = CATALOGUE_CAMPAIGNS.c
        query = sa.select(columns.campaign_id, columns.name).where(
            is_in(CATALOGUE_CAMPAIGNS, version.number)
        )
        return {
            row.campaign_id: row.name
            for ids in chunks(sorted(campaign_ids))
            for row in self._run(query.where(columns.campaign_id.in_(ids)))
        }

    def search(self, version: Version, wanted: Search) -> FoundCampaigns:
        """Return some of the campaigns that match."""
        return catalogue_search.search(self._run, version.number, wanted)

    def matching(self, version: Version, text: str) -> Sequence[int]:
        """Return the ids of all campaigns that match a text, as ``search`` finds them."""
        return catalogue_search.matching(self._run, version.number, text)

    def free_ids(self) -> tuple[int, int]:
        """Return an id for a new campaign and one for a new banner: see ``CatalogueBrowser``."""
        run = self._run
        campaigns = sa.func.max(CATALOGUE_CAMPAIGNS.c.campaign_id).label("most")
        banners = sa.func.max(CATALOGUE_BANNERS.c.banner_id).label("most")
        used = [[row.most or 0 for row in run(sa.select(most))] for most in (campaigns, banners)]
        for ids, of_generations in zip(used, self._ids_of_generations(), strict=True):
            ids.extend(of_generations)
        next_ids = tuple(max(ids, default=0) + 1 for ids in used)
        if max(next_ids) > LARGEST_ID:
            raise CatalogueError(
                f"There is no free id: {LARGEST_ID}, which is the largest, is in use. Choose one "
                "of your own, and import it: banners catalogue import DIR"
            )
        return next_ids[0], next_ids[1]

    def versions(self, *, first: int = 0, most: int = 100) -> Sequence[MadeVersion]:
        """Return versions, the newest first."""
        return catalogue_history.some_versions(self._run, first=first, most=most)

    def version(self, number: int) -> MadeVersion:
        """Return a version: see ``CatalogueHistory``."""
        return catalogue_history.one_version(self._run, number)

    def differences(self, old: Version, new: Version) -> Iterator[Difference]:
        """Return what differs between two versions, sorted by id."""
        return catalogue_history.differences(self._run, old.number, new.number)

    def history(self, campaign_id: int, *, most: int = 100) -> Sequence[CampaignChange]:
        """Return what versions changed of a campaign, the newest first."""
        return catalogue_history.history(self._run, campaign_id, most=most)

    def _ids_of_generations(self) -> tuple[list[int], list[int]]:
        """Return ids of campaigns and of banners in live generations, among them the largest."""

        def live(table: sa.Table) -> list[sa.ColumnElement[bool]]:
            active = ACTIVE_GENERATIONS.c
            return [table.c.generation == active.generation, table.c.quarter == active.quarter]

        run = self._of_generations.rows
        campaigns = run(
            sa.select(sa.func.max(CANDIDATES.c.campaign_id).label("most")).where(*live(CANDIDATES))
        )
        # The ids are sorted, so the last part of each quarter has its largest.
        key = INVENTORY.c.generation, INVENTORY.c.quarter
        last = (
            sa.select(*key, sa.func.max(INVENTORY.c.part).label("part"))
            .where(*live(INVENTORY))
            .group_by(*key)
            .subquery()
        )
        parts = run(
            sa.select(INVENTORY.c.banner_ids).where(
                *(INVENTORY.c[name] == last.c[name] for name in ("generation", "quarter", "part"))
            )
        )
        return (
            [row.most for row in campaigns if row.most],
            [number for row in parts for number in json.loads(row.banner_ids)],
        )
