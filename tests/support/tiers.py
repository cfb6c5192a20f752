"""Tiers as the tests combine them, and one that records what it was asked."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import redis

from banners.core.candidates import Candidates
from banners.core.model import Generation, Lineup, Quarter
from banners.core.rule import line_up
from banners.errors import StoreError, StoreUnavailable
from banners.reports.reader import CampaignReader
from banners.serve.breaker import Breaker
from banners.serve.reader import LineupReader, LineupSource
from banners.serve.redis import RedisReader
from support.servers import RedisServer

KEEP_SECONDS = 600


class Asked:
    """A tier that passes everything on, records what it was asked, and can be made to fail.

    Args:
        source: the tier behind it.
    """

    def __init__(self, source: LineupSource) -> None:
        self._source = source
        self.asked: list[str] = []
        self.gone = False

    def active(self) -> Mapping[Quarter, Generation]:
        return self._ask("active").active()

    def candidates(self, *key: Any) -> Candidates | None:
        return self._ask("candidates").candidates(*key)

    def records_of(self, *key: Any) -> Mapping[int, bytes | StoreError]:
        return self._ask("records_of").records_of(*key)

    def inventory(self, *key: Any) -> Sequence[int]:
        return self._ask("inventory").inventory(*key)

    def campaigns(self, *key: Any) -> Sequence[int]:
        return self._ask("campaigns").campaigns(*key)

    def records(self, *key: Any) -> Iterable[tuple[int, bytes]]:
        return self._ask("records").records(*key)

    def close(self) -> None:
        self._source.close()

    def _ask(self, name: str) -> LineupSource:
        self.asked.append(name)
        if self.gone:
            raise StoreUnavailable("It is gone.")
        return self._source


def lineup_of(reader: LineupReader | CampaignReader, *key: Any) -> Lineup | None:
    """The lineup that the rule makes of a campaign's candidates; None if there are none."""
    candidates = reader.candidates(*key)
    return None if candidates is None else line_up(candidates)


def the(reader: LineupReader, quarter: Quarter = Quarter.FIRST) -> Generation:
    """The active generation of a quarter."""
    return reader.active()[quarter]


def redis_reader(
    server: RedisServer,
    source: LineupSource,
    *,
    count: Callable[[str], None] = lambda _outcome: None,
    clock: Callable[[], float] = time.monotonic,
    seconds: float = 5.0,
) -> RedisReader:
    """Put Redis in front of a tier; by default with longer timeouts than those of a request."""
    return RedisReader(
        redis.Redis.from_url(server.url, socket_timeout=seconds, socket_connect_timeout=seconds),
        source,
        keep_seconds=KEEP_SECONDS,
        breaker=Breaker("Redis", clock),
        count=count,
        clock=clock,
    )
