"""The tier in the middle: Redis, which all workers share and any of them can do without.

What a generation holds in a quarter is one hash. Its key carries the generation, so that nothing is
ever invalidated, and it lives on for a while after it was last served; its fields are the
campaigns, each with a record, and two lists. Redis may be down, slow, full, or full of nonsense:
what it cannot answer is asked of the tier behind it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from banners.errors import DamagedRecord, StoreUnavailable
from banners.model import Generation, Lineup, Quarter
from banners.record import (
    decode_ids,
    decode_lineup,
    decode_pointers,
    encode_ids,
    encode_lineup,
    encode_pointers,
)
from banners.serve.breaker import Breaker
from banners.serve.reader import LineupReader

if TYPE_CHECKING:
    from redis import Redis

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

REQUEST_SECONDS = 0.05
"""So long a request waits for Redis to connect, and so long to answer."""

PUBLISH_SECONDS = 5.0
"""So long a publish waits for Redis."""

_POINTERS = "banners:active"
_CAMPAIGNS = "campaigns"
_INVENTORY = "inventory"
_AT_ONCE = 1_000


class RedisReader:
    """A LineupReader that asks Redis first, and keeps there what it had to ask for behind it.

    Args:
        client: connects to Redis, and gives bytes.
        source: the tier behind it.
        keep_seconds: how long Redis keeps what nobody serves any more.
        breaker: keeps requests from waiting for a Redis that is gone.
        count: is told of each lineup whether it was a ``hit``, a ``miss`` or ``damaged``, and of
            each call that it ``failed`` or was ``skipped``.
    """

    def __init__(
        self,
        client: "Redis",
        source: LineupReader,
        *,
        keep_seconds: int,
        breaker: Breaker,
        count: Callable[[str], None],
    ) -> None:
        self._client = client
        self._source = source
        self._keep_seconds = keep_seconds
        self._breaker = breaker
        self._count = count
        self._told: Mapping[Quarter, Generation] = {}
        self._trouble: StoreUnavailable | None = None

    @property
    def is_down(self) -> bool:
        """Whether Redis did not answer lately."""
        return self._breaker.is_open

    @property
    def trouble(self) -> StoreUnavailable | None:
        """Why what is served may be old by now: the source was out of reach when last asked."""
        return self._trouble

    def active(self) -> Mapping[Quarter, Generation]:
        """Ask the source, whose word counts; where it is out of reach, tell what it said last."""
        try:
            active = self._source.active()
            self._trouble, self._told = None, active
        except StoreUnavailable as error:
            if self._told:
                # Whoever has heard the source itself knows better than what Redis remembers.
                told = self._told
                self._ask(lambda: self._keep(told))
                raise
            active = self._decoded(decode_pointers, lambda: self._client.get(_POINTERS)) or {}
            if not active:
                raise
            if self._trouble is None:
                _LOG.warning("Serving what Redis remembers: %s", error)
            self._trouble = error
        if active:
            self._ask(lambda: self._keep(active))
        return active

    def lineup(self, generation: Generation, quarter: Quarter, campaign_id: int) -> Lineup | None:
        """Read a lineup here, or else behind."""
        key, field = _key(generation, quarter), str(campaign_id)
        lineup = self._decoded(
            lambda record: decode_lineup(record, generation, quarter, campaign_id),
            lambda: self._client.hget(key, field),
        )
        if lineup is not None:
            self._count("hit")
            return lineup
        self._count("miss")
        found = self._source.lineup(generation, quarter, campaign_id)
        if found is not None:
            self._ask(lambda: self._write(key, {field: encode_lineup(found)}))
        return found

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the inventory from behind; in need, from here."""
        return self._list(_INVENTORY, self._source.inventory, generation, quarter)

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the campaigns' ids from behind; in need, from here."""
        return self._list(_CAMPAIGNS, self._source.campaigns, generation, quarter)

    def records(self, generation: Generation, quarter: Quarter) -> Iterable[tuple[int, bytes]]:
        """Stream all lineups from behind, which takes the least work; in need, from here."""
        try:
            yield from self._source.records(generation, quarter)
        except StoreUnavailable:
            key = _key(generation, quarter)
            for part in _parts(self.campaigns(generation, quarter)):
                kept: list[Any] | None = self._ask(partial(self._client.hmget, key, part))
                if kept is None or None in kept:
                    raise
                for campaign_id, record in zip(part, kept, strict=True):
                    check = partial(decode_lineup, record, generation, quarter, campaign_id)
                    if self._checked(check) is None:
                        raise
                    yield campaign_id, record

    def fill(self, generation: Generation, quarter: Quarter) -> None:
        """Bring a whole quarter here, so that a cold start does not storm the source.

        Raises:
            redis.RedisError: Redis failed; nothing but time is lost.
        """
        key = _key(generation, quarter)
        for part in _parts(self._source.records(generation, quarter)):
            self._write(key, {str(campaign_id): record for campaign_id, record in part})
        for field, read in (
            (_INVENTORY, self._source.inventory),
            (_CAMPAIGNS, self._source.campaigns),
        ):
            self._write(key, {field: encode_ids(read(generation, quarter), f"{key} {field}")})

    def close(self) -> None:
        """Let go of the connections, and close the source."""
        self._client.close()
        self._source.close()

    def _list(
        self,
        field: str,
        behind: Callable[[Generation, Quarter], Sequence[int]],
        generation: Generation,
        quarter: Quarter,
    ) -> Sequence[int]:
        try:
            return behind(generation, quarter)
        except StoreUnavailable:
            key = _key(generation, quarter)
            kept = self._decoded(
                lambda record: decode_ids(record, f"{key} {field}"),
                lambda: self._client.hget(key, field),
            )
            if kept is None:
                raise
            return kept

    def _decoded(self, decode: Callable[[bytes], _T], call: Callable[[], Any]) -> _T | None:
        record = self._ask(call)
        return None if record is None else self._checked(lambda: decode(record))

    def _checked(self, decode: Callable[[], _T]) -> _T | None:
        """Decode what Redis gave; None, and counted, where it is not what was asked for."""
        try:
            return decode()
        except DamagedRecord as error:
            self._count("damaged")
            _LOG.warning("Redis holds something that is not ours, and is not used: %s", error)
            return None

    def _ask(self, call: Callable[[], _T]) -> _T | None:
        """Ask Redis, unless it is known to be gone; None where it does not answer."""
        from redis import ResponseError

        if not self._breaker.lets_through():
            self._count("skipped")
            return None
        try:
            answer = call()
        except ResponseError as error:
            # It does answer, but something else lies there than what we would have written.
            self._breaker.went_well()
            self._count("damaged")
            _LOG.warning("Redis refuses what is asked of it, which is done without: %s", error)
            return None
        except Exception as error:  # noqa: BLE001  # its client raises all sorts at odd replies
            # Not those that others are waiting at: one slow answer would be a failure of them all.
            self._client.connection_pool.disconnect(inuse_connections=False)
            self._count("failed")
            self._breaker.failed(error)
            return None
        self._breaker.went_well()
        return answer

    def _keep(self, active: Mapping[Quarter, Generation]) -> None:
        """Remember what is served, and keep it alive."""
        with self._client.pipeline(transaction=False) as pipeline:
            pipeline.set(_POINTERS, encode_pointers(active))
            for quarter, generation in active.items():
                pipeline.expire(_key(generation, quarter), self._keep_seconds)
            pipeline.execute()

    def _write(self, key: str, fields: Mapping[Any, Any]) -> None:
        with self._client.pipeline(transaction=False) as pipeline:
            pipeline.hset(key, mapping=fields)
            pipeline.expire(key, self._keep_seconds)
            pipeline.execute()


def _key(generation: Generation, quarter: Quarter) -> str:
    return f"banners:{generation.number}:{generation.stamp}:{int(quarter)}"


def _parts(items: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(items)
    while part := list(islice(rest, _AT_ONCE)):
        yield part
