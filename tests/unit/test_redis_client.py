"""The Redis client without a Redis: errors of the setting, and which side failed a fill."""

from collections.abc import Iterator
from typing import cast

import pytest

from banners.core.model import Generation, Quarter
from banners.errors import SettingsError, StoreUnavailable
from banners.serve.breaker import Breaker
from banners.serve.reader import LineupSource
from banners.serve.redis import RedisReader
from banners.serve.redis_client import connect


def test_a_url_that_the_client_cannot_read_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="BANNERS_REDIS_URL holds a value") as refused:
        connect("redis://:s3cret@localhost:port/0", seconds=0.1)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@host/0?ssl_ca_certs=/etc/passwd",
        "rediss://:s3cret@host/0?ssl_cert_reqs=sometimes",
        "redis://:s3cret@host/0?max_connections=some",
    ],
)
def test_an_option_that_does_not_fit_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="options of TLS need rediss://") as refused:
        connect(url, seconds=0.1)
    assert "s3cret" not in str(refused.value)


def test_the_options_of_a_url_reach_the_client() -> None:
    socket = connect("unix:///run/redis.sock?db=2", seconds=0.1).connection_pool.connection_kwargs
    assert (socket["path"], socket["db"], socket["protocol"]) == ("/run/redis.sock", 2, 2)
    newer = connect("redis://host/1?protocol=3", seconds=0.1).connection_pool.connection_kwargs
    assert (newer["db"], newer["protocol"], newer["socket_timeout"]) == (1, 3, 0.1)


class Gone:
    """A source that cannot be reached."""

    def records(self, _generation: Generation, _quarter: Quarter) -> Iterator[tuple[int, bytes]]:
        raise StoreUnavailable("The database is gone.")


def test_a_fill_fails_where_the_database_does() -> None:
    redis = RedisReader(
        connect("redis://localhost:1/0", seconds=0.1),
        cast("LineupSource", Gone()),
        keep_seconds=60,
        breaker=Breaker("Redis", lambda: 0.0),
        count=lambda _: None,
        clock=lambda: 0.0,
    )
    with pytest.raises(StoreUnavailable, match=r"The database is gone\."):
        redis.try_fill(Generation(1, "2026-01-31T10:00:00+00:00"), Quarter.FIRST)
