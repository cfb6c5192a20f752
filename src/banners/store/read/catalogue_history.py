"""Lists versions of the catalogue, and what each of them changed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa

from banners.catalogue.compare import Difference, compare
from banners.catalogue.versions import CampaignChange, MadeVersion
from banners.core.catalogue import CatalogueCampaign
from banners.errors import UnknownVersion
from banners.store.dialects.dialect import Rows
from banners.store.read.catalogue_rows import (
    Run,
    as_banner,
    as_campaign,
    as_made,
    changed_campaigns,
    in_chunks,
    made_versions,
)
from banners.store.schema import CATALOGUE_BANNERS, CATALOGUE_CAMPAIGNS, CATALOGUE_VERSIONS


def some_versions(run: Run, *, first: int, most: int) -> Sequence[MadeVersion]:
    """Return versions, the newest first."""
    newest_first = made_versions().order_by(CATALOGUE_VERSIONS.c.version.desc())
    return list(map(as_made, run(newest_first.limit(most).offset(first))))


def one_version(run: Run, number: int) -> MadeVersion:
    """Return a version.

    Raises:
        UnknownVersion: there is no such version.
    """
    rows = run(made_versions().where(CATALOGUE_VERSIONS.c.version == number))
    if not rows:
        raise UnknownVersion(number)
    return as_made(rows[0])


def version_before(run: Run, number: int) -> MadeVersion | None:
    """Return the version that was in force before another; None for the first."""
    earlier = made_versions().where(CATALOGUE_VERSIONS.c.version < number)
    rows = run(earlier.order_by(CATALOGUE_VERSIONS.c.version.desc()).limit(1))
    return as_made(rows[0]) if rows else None


def differences(run: Run, old: int, new: int) -> Iterator[Difference]:
    """Return what differs between two versions, whichever is the later, sorted by id.

    Args:
        run: runs the queries.
        old: the version before; 0 for no campaigns.
        new: the version after.
    """
    changed = changed_campaigns(run, min(old, new), max(old, new))
    sides = [
        (campaign for _, campaign in in_chunks(run, version, changed) if campaign)
        for version in (old, new)
    ]
    return compare(*sides)


def history(run: Run, campaign_id: int, *, most: int) -> Sequence[CampaignChange]:
    """Return what versions changed of a campaign, the newest first."""
    tables = CATALOGUE_CAMPAIGNS, CATALOGUE_BANNERS
    campaign_rows, banner_rows = (
        run(sa.select(table).where(table.c.campaign_id == campaign_id)) for table in tables
    )
    numbers = {
        number
        for row in (*campaign_rows, *banner_rows)
        for number in (row.since, row.until)
        if number is not None
    }
    newest = sorted(numbers, reverse=True)[: most + 1]
    made = run(made_versions().where(CATALOGUE_VERSIONS.c.version.in_(newest)))
    by_number = {row.version: as_made(row) for row in made}
    # A version that is still being written is among the rows alone.
    return [
        CampaignChange(
            by_number[number],
            tuple(
                compare(
                    _content(campaign_rows, banner_rows, number - 1),
                    _content(campaign_rows, banner_rows, number),
                )
            ),
        )
        for number in newest
        if number in by_number
    ][:most]


def _content(campaign_rows: Rows, banner_rows: Rows, version: int) -> list[CatalogueCampaign]:
    """Return the campaign of all these rows as it is in a version; an empty list if it is not."""
    campaigns, banners = (
        [row for row in rows if row.since <= version and (row.until is None or row.until > version)]
        for rows in (campaign_rows, banner_rows)
    )
    of_campaign = sorted(map(as_banner, banners), key=lambda banner: banner.banner_id)
    return [replace(as_campaign(row), banners=tuple(of_campaign)) for row in campaigns]
