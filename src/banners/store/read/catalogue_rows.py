"""Reads campaigns and banners of a version of the catalogue, over any connection."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from banners.catalogue.versions import MadeVersion, Version
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.store.dialects.dialect import Rows
from banners.store.schema import (
    CATALOGUE_ACTIVE,
    CATALOGUE_BANNERS,
    CATALOGUE_CAMPAIGNS,
    CATALOGUE_VERSIONS,
)

Run = Callable[[sa.Select[*tuple[Any, ...]]], Rows]
"""Runs a SELECT and returns all rows; none if there is no catalogue yet."""

CAMPAIGNS_AT_ONCE = 500
"""Maximum number of campaigns per query, so that one takes little memory and blocks others
briefly."""

_NEVER = 2**63 - 1
_CAMPAIGNS, _BANNERS = CATALOGUE_CAMPAIGNS.c, CATALOGUE_BANNERS.c


def is_in(table: sa.Table, version: int) -> sa.ColumnElement[bool]:
    """Return the condition that a row belongs to a version."""
    # Neither bound may be looked up in an index: nearly all rows are within both, and a search
    # reads an index that has the names instead.
    return sa.and_(table.c.since + 0 <= version, sa.func.coalesce(table.c.until, _NEVER) > version)


def made_versions() -> sa.Select[*tuple[Any, ...]]:
    """Return the query of all complete versions."""
    return sa.select(
        CATALOGUE_VERSIONS,
        CATALOGUE_VERSIONS.c.version.in_(sa.select(CATALOGUE_ACTIVE.c.version)).label("in_force"),
    ).where(CATALOGUE_VERSIONS.c.state == "complete")


def as_made(row: Any) -> MadeVersion:
    """Return a row of :func:`made_versions` as a version."""
    version = Version(row.version, row.made_at, row.house)
    return MadeVersion(version, row.made_by, row.what, in_force=bool(row.in_force))


def version_in_force(run: Run) -> MadeVersion | None:
    """Return the version that visitors see; None if there is no catalogue."""
    active = sa.select(CATALOGUE_ACTIVE.c.version)
    rows = run(made_versions().where(CATALOGUE_VERSIONS.c.version.in_(active)))
    return as_made(rows[0]) if rows else None


def all_campaigns(run: Run, version: int) -> Iterator[CatalogueCampaign]:
    """Return the whole catalogue of a version, sorted by id, read a few campaigns at a time."""
    last = 0
    query = (
        sa.select(CATALOGUE_CAMPAIGNS)
        .where(is_in(CATALOGUE_CAMPAIGNS, version))
        .order_by(_CAMPAIGNS.campaign_id)
        .limit(CAMPAIGNS_AT_ONCE)
    )
    while rows := run(query.where(_CAMPAIGNS.campaign_id > last)):
        first, last = rows[0].campaign_id, rows[-1].campaign_id
        yield from _with_banners(run, version, rows, _BANNERS.campaign_id.between(first, last))


def some_campaigns(
    run: Run, version: int, campaign_ids: Collection[int]
) -> dict[int, CatalogueCampaign]:
    """Return those of some campaigns that are in a version, by id."""
    found: dict[int, CatalogueCampaign] = {}
    for ids in chunks(sorted(campaign_ids)):
        rows = run(
            sa.select(CATALOGUE_CAMPAIGNS)
            .where(is_in(CATALOGUE_CAMPAIGNS, version), _CAMPAIGNS.campaign_id.in_(ids))
            .order_by(_CAMPAIGNS.campaign_id)
        )
        of_them = _with_banners(run, version, rows, _BANNERS.campaign_id.in_(ids))
        found |= {campaign.campaign_id: campaign for campaign in of_them}
    return found


def paused_campaigns(run: Run, version: int) -> dict[int, str]:
    """Return since when the campaigns of a version that are paused are so: the stamp of a version.

    That is the version after the last one in which the campaign was active, or else its first:
    whatever else was changed since counts for nothing.
    """
    now = sa.select(_CAMPAIGNS.campaign_id).where(
        is_in(CATALOGUE_CAMPAIGNS, version), _CAMPAIGNS.active == 0
    )
    last_active = sa.func.max(sa.case((_CAMPAIGNS.active == 1, _CAMPAIGNS.until)))
    began = (
        sa.select(
            _CAMPAIGNS.campaign_id,
            sa.func.coalesce(last_active, sa.func.min(_CAMPAIGNS.since)).label("version"),
        )
        .where(_CAMPAIGNS.since <= version, _CAMPAIGNS.campaign_id.in_(now))
        .group_by(_CAMPAIGNS.campaign_id)
        .subquery()
    )
    made = CATALOGUE_VERSIONS.c
    query = sa.select(began.c.campaign_id, made.made_at).join(
        CATALOGUE_VERSIONS, made.version == began.c.version
    )
    return {row.campaign_id: row.made_at for row in run(query)}


def changed_campaigns(run: Run, since: int, version: int) -> Sequence[int]:
    """Return the ids of the campaigns that differ, or whose banners differ, between two versions.

    Args:
        run: runs the query.
        since: the earlier version.
        version: the later version.
    """
    queries = [
        sa.select(table.c.campaign_id).where(bound > since, bound <= version)
        for table in (CATALOGUE_CAMPAIGNS, CATALOGUE_BANNERS)
        for bound in (table.c.since, table.c.until)
    ]
    changed = sa.union(*queries).subquery()
    return [row.campaign_id for row in run(sa.select(changed.c.campaign_id).order_by(sa.text("1")))]


def in_chunks(
    run: Run, version: int, campaign_ids: Sequence[int]
) -> Iterator[tuple[int, CatalogueCampaign | None]]:
    """Return campaigns of a version, None for each that is not in it, read a few at a time."""
    for ids in chunks(campaign_ids):
        found = some_campaigns(run, version, ids)
        for campaign_id in ids:
            yield campaign_id, found.get(campaign_id)


def as_campaign(row: Any, banners: Sequence[CatalogueBanner] = ()) -> CatalogueCampaign:
    """Return a row of ``catalogue_campaigns`` as a campaign."""
    return CatalogueCampaign(
        campaign_id=row.campaign_id,
        name=row.name,
        policy=row.policy,
        starts=row.starts,
        ends=row.ends,
        active=bool(row.active),
        banners=tuple(banners),
    )


def as_banner(row: Any) -> CatalogueBanner:
    """Return a row of ``catalogue_banners`` as a banner."""
    return CatalogueBanner(
        banner_id=row.banner_id,
        name=row.name,
        landing_url=row.landing_url,
        image=row.image,
        starts=row.starts,
        ends=row.ends,
        active=bool(row.active),
    )


def _with_banners(
    run: Run, version: int, rows: Rows, condition: sa.ColumnElement[bool]
) -> Iterator[CatalogueCampaign]:
    banners: Mapping[int, list[CatalogueBanner]] = {
        campaign_id: list(map(as_banner, of_campaign))
        for campaign_id, of_campaign in groupby(
            run(
                sa.select(CATALOGUE_BANNERS)
                .where(is_in(CATALOGUE_BANNERS, version), condition)
                .order_by(_BANNERS.campaign_id, _BANNERS.banner_id)
            ),
            key=_campaign_id,
        )
    }
    for row in rows:
        yield as_campaign(row, banners.get(_campaign_id(row), ()))


def _campaign_id(row: Any) -> int:
    campaign_id: int = row.campaign_id
    return campaign_id


def chunks(campaign_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut ids into as many as one query takes."""
    for start in range(0, len(campaign_ids), CAMPAIGNS_AT_ONCE):
        yield campaign_ids[start : start + CAMPAIGNS_AT_ONCE]
