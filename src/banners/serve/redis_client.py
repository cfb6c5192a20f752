"""Connects to the Redis that a setting names."""

from typing import TYPE_CHECKING

from banners.errors import SettingsError

if TYPE_CHECKING:
    from redis import Redis


def connect(url: str, *, seconds: float) -> "Redis":
    """Return a client of Redis, which connects with its first command.

    Args:
        url: the value of BANNERS_REDIS_URL.
        seconds: time that a command waits for the connection, and again for the answer.

    Raises:
        SettingsError: the URL or one of its options is invalid, or the Redis client is
            not installed.
    """
    try:
        from redis import Redis, RedisError
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError as error:
        raise SettingsError(
            "BANNERS_REDIS_URL is set, but the Redis client is not installed. "
            "Install it with: pip install 'redis>=7.2'"
        ) from error
    try:
        client = Redis.from_url(
            url,
            socket_connect_timeout=seconds,
            socket_timeout=seconds,
            # A request cannot wait for a second try, and the database can answer it as well.
            retry=Retry(NoBackoff(), 0),
            # What older servers and proxies understand; an option of the URL can say otherwise.
            protocol=2,
            driver_info=None,
        )
        client.connection_pool.make_connection()
    except (ValueError, TypeError, RedisError) as error:
        raise SettingsError(
            "BANNERS_REDIS_URL holds a value (not shown here) that the Redis client cannot use; "
            "expected something like redis://localhost:6379/0, where options of TLS need rediss://."
        ) from error
    return client
