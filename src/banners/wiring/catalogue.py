"""Opens the catalogue of the database, to read it or to change it."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from banners.errors import StoreError
from banners.settings import Settings
from banners.wiring.database import opened, reports, started
from banners.wiring.tiers import told_of_catalogue

if TYPE_CHECKING:
    from banners.images.store import ImageStore
    from banners.reports.named import Names
    from banners.serve.breaker import Breaker
    from banners.store.read.catalogue import DatabaseCatalogue
    from banners.store.write.catalogue import DatabaseCatalogueWriter
    from banners.web.catalogue.editing import Editing

EDITOR_SECONDS = 5
"""Seconds that somebody who edits on a page waits for another writer."""


def catalogue(
    settings: Settings, breaker: "Breaker | None" = None, *, wait: bool = False
) -> "DatabaseCatalogue":
    """Open the catalogue to read it; the caller closes it.

    Args:
        settings: see :func:`banners.wiring.database.opened`.
        breaker: see there.
        wait: whether a server that is still starting is waited for.
    """
    from banners.store.read.catalogue import DatabaseCatalogue

    database = started(settings) if wait else opened(settings, breaker)
    return DatabaseCatalogue(database, breaker)


def catalogue_writer(settings: Settings, *, hurry: bool = False) -> "DatabaseCatalogueWriter":
    """Open the catalogue to change it; the caller closes it.

    Args:
        settings: name the database.
        hurry: whether somebody waits for a page: then neither a server that does not answer nor
            another writer is waited for long.

    Raises:
        SettingsError: the URL of the database or of Redis is invalid or unsupported.
        StoreUnavailable: the server did not start in time, which is waited for without ``hurry``.
    """
    from banners.store.connect import open_database, wait_for_server
    from banners.store.write.catalogue import DatabaseCatalogueWriter

    database = open_database(settings.database_url, create=True, hurry=hurry)
    if not hurry:
        wait_for_server(database, seconds=settings.wait_seconds)
    seconds = EDITOR_SECONDS if hurry else settings.wait_seconds
    return DatabaseCatalogueWriter(
        database,
        now=partial(datetime.now, UTC),
        wait_seconds=seconds,
        on_made=told_of_catalogue(settings),
    )


def names_of(settings: Settings) -> "Names":
    """Return the names of the catalogue in force; none where there is no catalogue.

    Args:
        settings: name the database, which need not exist.

    Raises:
        SettingsError: the URL of the database is invalid or unsupported.
        StoreError: the database cannot be reached, or is damaged.
    """
    from banners.reports.named import NO_NAMES, Names

    with closing(catalogue(settings)) as read:
        version = read.in_force()
        return Names.of(read.campaigns(version)) if version else NO_NAMES


def published_campaigns(settings: Settings) -> Sequence[int] | None:
    """Return the ids of all campaigns that are published, sorted.

    None if that is not known: the database cannot be reached, or an older Banners wrote it.

    Args:
        settings: name the database, which need not exist.

    Raises:
        SettingsError: the URL of the database is invalid or unsupported.
    """
    with closing(reports(settings)) as opened:
        try:
            return opened.published()
        except StoreError:
            return None


def editing(
    settings: Settings,
    images: "ImageStore",
    now: Callable[[], datetime],
    breaker: "Breaker | None",
) -> "Editing":
    """Open the catalogue for the pages on which operators edit it; the caller closes it.

    Args:
        settings: name the database.
        images: where uploaded images are kept; closed by the caller.
        now: returns the local time.
        breaker: keeps those who wait for a page from waiting for a server that hangs.

    Raises:
        SettingsError: the URL of the database is invalid or unsupported.
        StoreUnavailable: the folder of an SQLite file cannot be created.
    """
    from banners.web.catalogue.editing import Editing

    return Editing(
        catalogue(settings, breaker), catalogue_writer(settings, hurry=True), images, now
    )
