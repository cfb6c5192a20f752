"""Writes one version of the catalogue: the rows that differ, then the pointer."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from banners.catalogue.compare import Difference, Kind
from banners.catalogue.sentences import MOST_TOLD
from banners.catalogue.values import folded
from banners.catalogue.versions import MadeVersion, Version
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.errors import StoreError, readable
from banners.store.schema import (
    CATALOGUE_ACTIVE,
    CATALOGUE_BANNERS,
    CATALOGUE_CAMPAIGNS,
    CATALOGUE_VERSIONS,
)
from banners.store.write.quarter import insert

_DIFFERENCES_AT_ONCE = 500
_ROWS_A_TRANSACTION = 20_000
"""Maximum number of rows that a transaction changes: others who write to an SQLite file wait for
it."""
_MOST_BY = 100
_MOST_WHAT = 10_000


@dataclass(slots=True)
class Told:
    """What is known of the differences that were written, to summarise them.

    Args:
        first: the first few.
        campaigns: the number of all campaigns among them, by kind.
        banners: the number of all banners among them, by kind.
    """

    first: list[Difference] = field(default_factory=list)
    campaigns: Counter[Kind] = field(default_factory=Counter)
    banners: Counter[Kind] = field(default_factory=Counter)

    def add(self, differences: Sequence[Difference]) -> None:
        """Take some more."""
        for difference in differences:
            counted = self.campaigns if difference.banner_id is None else self.banners
            counted[difference.kind] += 1
        self.first.extend(differences[: MOST_TOLD - len(self.first)])


@dataclass(frozen=True, slots=True)
class Making:
    """Who makes a version, and when.

    Args:
        by: who makes it.
        made_at: the time in UTC, ISO 8601.
        house: the house campaign from now on; None for none.
    """

    by: str
    made_at: str
    house: int | None


def write_version(
    connection: Connection,
    making: Making,
    differences: Iterable[Difference],
    what: Callable[[Told], str],
) -> MadeVersion:
    """Write a version and put it in force.

    The rows are written in transactions of bounded size. Nobody reads them until the last of these
    sets the pointer; a small version takes just that one.

    Args:
        connection: the connection that holds the lock of the catalogue, outside a transaction.
        making: who makes it.
        differences: what differs from the version in force; each key once.
        what: called at the end, to say what changed.

    Raises:
        StoreError: the database does not hold what was written; the version before stays in force.
    """
    told, pending, opened, closed = Told(), 0, 0, 0
    try:
        number = _begin(connection, making)
        for some in _slices(differences):
            if pending >= _ROWS_A_TRANSACTION:
                connection.commit()
                pending = 0
            closed += _close(connection, number, some)
            opened += _open(connection, number, some)
            pending += len(some)
            told.add(some)
        _check(connection, number, opened=opened, closed=closed)
        text = readable(what(told))[:_MOST_WHAT]
        connection.execute(
            sa.update(CATALOGUE_VERSIONS)
            .where(CATALOGUE_VERSIONS.c.version == number)
            .values(state="complete", what=text)
        )
        _point(connection, number)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    version = Version(number, making.made_at, making.house)
    return MadeVersion(version, _by(making), text, in_force=True)


def _by(making: Making) -> str:
    return readable(making.by)[:_MOST_BY]


def _begin(connection: Connection, making: Making) -> int:
    result = connection.execute(
        sa.insert(CATALOGUE_VERSIONS).values(
            state="writing",
            made_at=making.made_at,
            made_by=_by(making),
            what="",
            house=making.house,
        )
    )
    (number,) = cast("sa.Row[int]", result.inserted_primary_key)
    return number


def _slices(differences: Iterable[Difference]) -> Iterator[Sequence[Difference]]:
    stream = iter(differences)
    while some := list(islice(stream, _DIFFERENCES_AT_ONCE)):
        yield some


def _close(connection: Connection, number: int, differences: Sequence[Difference]) -> int:
    """End the rows of what was changed or removed, and return their number."""
    ended = [each for each in differences if each.old is not None]
    campaigns = [each.campaign_id for each in ended if each.banner_id is None]
    closed = 0
    if campaigns:
        named = CATALOGUE_CAMPAIGNS.c.campaign_id.in_(campaigns)
        closed += _end(connection, CATALOGUE_CAMPAIGNS, number, named)
    of_banners = [each for each in ended if each.banner_id is not None]
    for campaign_id, banners in groupby(of_banners, key=lambda each: each.campaign_id):
        condition = sa.and_(
            CATALOGUE_BANNERS.c.campaign_id == campaign_id,
            CATALOGUE_BANNERS.c.banner_id.in_([each.banner_id for each in banners]),
        )
        closed += _end(connection, CATALOGUE_BANNERS, number, condition)
    if closed != len(ended):
        raise StoreError(
            f"The catalogue was not changed: {len(ended):,} rows of the version in force were to "
            f"be replaced, and the database holds {closed:,} of them. Restore a back-up, or import "
            "the catalogue again."
        )
    return closed


def _end(
    connection: Connection, table: sa.Table, number: int, condition: sa.ColumnElement[bool]
) -> int:
    return connection.execute(
        sa.update(table).where(condition, table.c.until.is_(None)).values(until=number)
    ).rowcount


def _open(connection: Connection, number: int, differences: Sequence[Difference]) -> int:
    """Insert the rows of what was added or changed, and return their number."""
    campaigns, banners = [], []
    for each in differences:
        if isinstance(each.new, CatalogueCampaign):
            campaigns.append(_campaign_row(number, each.new))
        elif each.new is not None:
            banners.append(_banner_row(number, each.campaign_id, each.new))
    insert(connection, CATALOGUE_CAMPAIGNS, campaigns)
    insert(connection, CATALOGUE_BANNERS, banners)
    return len(campaigns) + len(banners)


def _campaign_row(number: int, campaign: CatalogueCampaign) -> tuple[object, ...]:
    return (
        campaign.campaign_id,
        number,
        None,
        campaign.name,
        folded(campaign.name),
        campaign.policy,
        campaign.starts,
        campaign.ends,
        int(campaign.active),
    )


def _banner_row(number: int, campaign_id: int, banner: CatalogueBanner) -> tuple[object, ...]:
    return (
        campaign_id,
        banner.banner_id,
        number,
        None,
        banner.name,
        folded(banner.name),
        banner.landing_url,
        banner.image,
        banner.starts,
        banner.ends,
        int(banner.active),
    )


def _check(connection: Connection, number: int, *, opened: int, closed: int) -> None:
    """Refuse to put a version in force that the database does not hold."""
    for name, expected in (("since", opened), ("until", closed)):
        found = sum(
            connection.execute(
                sa.select(sa.func.count()).where(table.c[name] == number)
            ).scalar_one()
            for table in (CATALOGUE_CAMPAIGNS, CATALOGUE_BANNERS)
        )
        if found != expected:
            raise StoreError(
                f"Version {number} of the catalogue was not put in force: the database holds "
                f"{found:,} rows of the {expected:,} written. Try again."
            )


def _point(connection: Connection, number: int) -> None:
    changed = connection.execute(sa.update(CATALOGUE_ACTIVE).values(version=number))
    if changed.rowcount == 0:
        connection.execute(sa.insert(CATALOGUE_ACTIVE).values(pointer=1, version=number))
