"""Builds the Redis tier, for the web application and for the job that fills it."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from banners.core.model import Generation, Quarter
from banners.settings import Settings

if TYPE_CHECKING:
    from banners.serve.reader import LineupReader
    from banners.serve.redis import RedisReader
    from banners.store.read.lineups import DatabaseReader


def redis_tier(
    settings: Settings,
    source: "LineupReader",
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
