"""Opens the database to read from it, and says how it, the site and the time are called."""

from datetime import datetime
from typing import TYPE_CHECKING

from banners.core.addresses import PUBLIC_URL, Site
from banners.core.model import Quarter
from banners.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from banners.serve.breaker import Breaker
    from banners.store.read.lineups import DatabaseReader
    from banners.store.read.reports import DatabaseReports
    from banners.store.read.totals import DatabaseTotals


def site(settings: Settings) -> Site:
    """Return the web application as others reach it."""
    return Site(settings.public_url or PUBLIC_URL)


def quarter_now(settings: Settings) -> Quarter:
    """Return the current quarter of the hour in the configured time zone."""
    return Quarter.at(datetime.now(settings.timezone))


def opened(settings: Settings, breaker: "Breaker | None" = None) -> "Engine":
    """Open the database to read from it.

    Args:
        settings: name the database.
        breaker: for a web application, whose visitors do not wait for a server that hangs.

    Raises:
        SettingsError: the URL of the database is invalid or unsupported.
    """
    from banners.store.connect import open_database

    return open_database(settings.database_url, create=False, hurry=breaker is not None)


def started(settings: Settings) -> "Engine":
    """Open the database to read from it, when its server has started; see :func:`opened`.

    Raises:
        StoreUnavailable: the server did not start in time.
    """
    from banners.store.connect import wait_for_server

    database = opened(settings)
    wait_for_server(database, seconds=settings.wait_seconds)
    return database


def reader(settings: Settings, breaker: "Breaker | None" = None) -> "DatabaseReader":
    """Open the database to read lineups; see :func:`opened`. The caller closes it."""
    from banners.store.read.lineups import DatabaseReader

    return DatabaseReader(opened(settings, breaker), breaker)


def reports(settings: Settings, breaker: "Breaker | None" = None) -> "DatabaseReports":
    """Open the database to read reports; see :func:`opened`. The caller closes it."""
    from banners.store.read.reports import DatabaseReports

    return DatabaseReports(opened(settings, breaker), breaker)


def totals(settings: Settings, breaker: "Breaker | None" = None) -> "DatabaseTotals":
    """Open the database to read totals over time; see :func:`opened`. The caller closes it."""
    from banners.store.read.totals import DatabaseTotals

    return DatabaseTotals(opened(settings, breaker), breaker)


def database_name(settings: Settings) -> str:
    """Return the URL of the database without the password, for messages."""
    from sqlalchemy import make_url

    from banners.store.connect import without_password

    return without_password(make_url(settings.database_url))
