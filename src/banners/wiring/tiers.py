"""Builds the tiers between memory and the database: the copies of this host, and Redis."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.model import Generation, Quarter
from banners.settings import Settings
from banners.settings.values import NOT_SHARED

if TYPE_CHECKING:
    from banners.serve.reader import LineupSource
    from banners.serve.redis import RedisReader
    from banners.serve.shared_copies import SharedCopies
    from banners.store.read.lineups import DatabaseReader


def shared_copies(settings: Settings) -> "SharedCopies | None":
    """Build the copies that the workers of this host share; None if they share none."""
    from sqlalchemy import make_url

    from banners.serve.shared_copies import SharedCopies
    from banners.store.connect import without_password

    if settings.shared == NOT_SHARED:
        return None
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        # A relative path names different files in different working directories.
        url = url.set(database=os.path.abspath(url.database))  # noqa: PTH100  # as it is named
    # `tempfile` returns a folder that it can write to now: another one if this one is full. On a
    # read-only host it finds none and fails, so that workers could not start.
    temporary = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108  # SharedCopies checks whose it is
    folder = settings.shared or Path(temporary, f"banners-{os.geteuid()}")
    return SharedCopies(Path(folder).absolute(), without_password(url))


def redis_tier(
    settings: Settings,
    source: "LineupSource",
    *,
    seconds: float,
    count: Callable[[str], None],
) -> "RedisReader":
    """Build the Redis tier in front of a source.

    Args:
        settings: name the Redis.
        source: the tier behind it.
        seconds: seconds to wait for an answer of Redis.
        count: called with the outcome of each look into Redis.
    """
    from banners.serve.breaker import Breaker
    from banners.serve.redis import RedisReader
    from banners.serve.redis_client import connect

    return RedisReader(
        connect(settings.redis_url, seconds=seconds),
        source,
        keep_seconds=settings.redis_seconds,
        breaker=Breaker("Redis", time.monotonic),
        count=count,
        clock=time.monotonic,
    )


def kept_warm(
    settings: Settings, source: "DatabaseReader"
) -> Callable[[Generation, Quarter], None]:
    """Return a function that copies a quarter into Redis; it does nothing if no Redis is set."""
    if not settings.redis_url:
        return lambda _generation, _quarter: None
    from banners.serve.redis import PUBLISH_SECONDS

    return redis_tier(
        settings, source, seconds=PUBLISH_SECONDS, count=lambda _outcome: None
    ).try_fill


def told_of_catalogue(settings: Settings) -> Callable[[int], None]:
    """Return a function that tells Redis of a new version; it does nothing if no Redis is set."""
    if not settings.redis_url:
        return lambda _number: None
    from banners.serve.catalogue_note import CatalogueNote
    from banners.serve.redis import REQUEST_SECONDS
    from banners.serve.redis_client import connect

    return CatalogueNote(connect(settings.redis_url, seconds=REQUEST_SECONDS)).try_found
