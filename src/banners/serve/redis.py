"""The second tier: Redis, which all workers share, and without which each can serve.

Each quarter of a generation is one hash. Its key contains the generation, so that nothing is ever
invalidated, and it expires some time after it was last served. Its fields are the campaigns, each
with a record, and two lists. Redis may be down, slow, full or filled with foreign data: what it
cannot answer is read from the tier behind it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from banners.core.candidates import Candidates
from banners.core.model import Generation, Quarter
from banners.errors import DamagedRecord, StoreError, StoreUnavailable
from banners.serve.breaker import Breaker
from banners.serve.catalogue_note import CatalogueNote
from banners.serve.codec import (
    decode_ids,
    decode_pointers,
    encode_ids,
    encode_pointers,
)
from banners.serve.lasting import Lasting
from banners.serve.packed import decode_candidates
from banners.serve.reader import LineupSource

if TYPE_CHECKING:
    from redis import Redis

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

REQUEST_SECONDS = 0.05
"""Seconds that a request waits for a connection to Redis, and again for the answer."""

PUBLISH_SECONDS = 5.0
"""Seconds that a publish waits for Redis."""

REFUSING_SECONDS = 5.0
"""Seconds after the last refusal for which Redis is said to refuse what it is asked."""

_POINTERS = "banners:active"
_CAMPAIGNS = "campaigns"
_INVENTORY = "inventory"
_BATCH = 1_000


class RedisReader:
    """A LineupReader that asks Redis first, then the source, whose answers it stores in Redis.

    Args:
        client: a client of Redis that returns bytes.
        source: the tier behind it.
        keep_seconds: seconds that Redis keeps a generation after it was last served.
        breaker: keeps requests from waiting while Redis does not answer.
        count: called with ``hit``, ``miss`` or ``damaged`` for each campaign, and with ``failed``
            or ``skipped`` for each call without an answer.
        clock: returns the time in seconds; only differences matter.
    """

    def __init__(
        self,
        client: "Redis",
        source: LineupSource,
        *,
        keep_seconds: int,
        breaker: Breaker,
        count: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._source = source
        self._keep_seconds = keep_seconds
        self._breaker = breaker
        self._count = count
        self._refusals = Lasting(clock)
        self._damages = Lasting(clock)
        self._last_active: Mapping[Quarter, Generation] = {}
        self._source_error: StoreUnavailable | None = None
        self._note = CatalogueNote(client)

    @property
    def is_down(self) -> bool:
        """Whether Redis recently failed to answer."""
        return self._breaker.is_open

    @property
    def refuses(self) -> bool:
        """Whether Redis answered recently, but refused a command."""
        return self._refusals.lasts(REFUSING_SECONDS)

    @property
    def source_error(self) -> StoreUnavailable | None:
        """The error of the source when it was last read; None if it answered."""
        return self._source_error

    def active(self) -> Mapping[Quarter, Generation]:
        """Return the live generations from the source; if that cannot be reached, from Redis."""
        try:
            active = self._source.active()
            self._source_error, self._last_active = None, active
        except StoreUnavailable as error:
            if self._last_active:
                # What this worker heard from the source is at least as new as what Redis has.
                last = self._last_active
                self._ask(lambda: self._keep(last))
                raise
            active = self._decoded(decode_pointers, lambda: self._client.get(_POINTERS)) or {}
            if not active:
                raise
            if self._source_error is None:
                _LOG.warning("Serving what Redis remembers: %s", error)
            self._source_error = error
        if active:
            self._ask(lambda: self._keep(active))
        return active

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        """Return the candidates of a campaign from Redis, or else from the source."""
        found = self.records_of(generation, quarter, [campaign_id]).get(campaign_id)
        if isinstance(found, StoreError):
            raise found
        return None if found is None else decode_candidates(found, generation, quarter, campaign_id)

    def records_of(
        self, generation: Generation, quarter: Quarter, campaign_ids: Sequence[int]
    ) -> Mapping[int, bytes | StoreError]:
        """Read the records of campaigns from Redis, and those that it lacks from the source."""
        key = _key(generation, quarter)
        kept: list[Any] = self._ask(partial(self._client.hmget, key, list(campaign_ids))) or []
        found: dict[int, bytes | StoreError] = {}
        for campaign_id, record in zip(campaign_ids, kept, strict=False):
            check = partial(decode_candidates, record, generation, quarter, campaign_id)
            if record is not None and self._checked(check) is not None:
                self._count("hit")
                found[campaign_id] = record
        missing = [each for each in campaign_ids if each not in found]
        for _ in missing:
            self._count("miss")
        if missing:
            found.update(self._from_source(generation, quarter, missing))
        return found

    def _from_source(
        self, generation: Generation, quarter: Quarter, campaign_ids: Sequence[int]
    ) -> Mapping[int, bytes | StoreError]:
        """Read the records of campaigns from the source, and write them to Redis."""
        try:
            found = self._source.records_of(generation, quarter, campaign_ids)
        except StoreError as error:
            return dict.fromkeys(campaign_ids, error)  # what Redis has is returned nevertheless
        sound = {str(each): record for each, record in found.items() if isinstance(record, bytes)}
        if sound:
            self._ask(lambda: self._write(_key(generation, quarter), sound))
        return found

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Return the inventory from the source; if that cannot be reached, from Redis."""
        return self._list(_INVENTORY, self._source.inventory, generation, quarter)

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Return the campaigns' ids from the source; if that cannot be reached, from Redis."""
        return self._list(_CAMPAIGNS, self._source.campaigns, generation, quarter)

    def records(self, generation: Generation, quarter: Quarter) -> Iterable[tuple[int, bytes]]:
        """Stream all records from the source, which is cheapest; if it fails, go on from Redis."""
        last = 0
        try:
            for campaign_id, record in self._source.records(generation, quarter):
                yield campaign_id, record
                last = campaign_id
        except StoreUnavailable:
            key = _key(generation, quarter)
            left = (each for each in self.campaigns(generation, quarter) if each > last)
            for part in _parts(left):
                kept: list[Any] | None = self._ask(partial(self._client.hmget, key, part))
                if kept is None or None in kept:
                    raise
                for campaign_id, record in zip(part, kept, strict=True):
                    check = partial(decode_candidates, record, generation, quarter, campaign_id)
                    if self._checked(check) is None:
                        raise
                    yield campaign_id, record

    def fill(self, generation: Generation, quarter: Quarter) -> None:
        """Write a complete quarter to Redis, so that cold starts do not overload the source.

        Raises:
            redis.RedisError: Redis failed; no data is lost.
        """
        key = _key(generation, quarter)
        for part in _parts(self._source.records(generation, quarter)):
            self._write(key, {str(campaign_id): record for campaign_id, record in part})
        for field, read in (
            (_INVENTORY, self._source.inventory),
            (_CAMPAIGNS, self._source.campaigns),
        ):
            self._write(key, {field: encode_ids(read(generation, quarter), f"{key} {field}")})

    def try_fill(self, generation: Generation, quarter: Quarter) -> None:
        """Write a complete quarter to Redis; if Redis fails, log it and go on.

        Raises:
            StoreError: the source failed.
        """
        try:
            self.fill(generation, quarter)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  # the client raises errors of any type
            _LOG.warning(
                "Redis could not be filled with quarter %d. Its lineups are read from the database "
                "when they are requested: %s",
                quarter,
                error,
            )

    def remembers_no_catalogue(self) -> bool:
        """Return whether a worker found a moment ago that there is no catalogue.

        What Redis has of lineups may be served alone only if it also has this: see
        :mod:`banners.serve.catalogue_note`.
        """
        return bool(self._ask(self._note.says_none))

    def note_catalogue(self, number: int) -> None:
        """Tell Redis what was just found in the database: a version's number, or 0 for none."""
        self._ask(lambda: self._note.found(number))

    def close(self) -> None:
        """Close the connections and the source."""
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
        """Return what Redis gave, decoded; if it is damaged, count that and return None."""
        try:
            return decode()
        except DamagedRecord as error:
            self._count("damaged")
            if self._damages.is_due(None):
                _LOG.warning("Redis returned a damaged value, which is ignored: %s", error)
            return None

    def _ask(self, call: Callable[[], _T]) -> _T | None:
        """Call Redis unless the breaker is open; None if there is no answer."""
        from redis import ResponseError

        if not self._breaker.lets_through():
            self._count("skipped")
            return None
        try:
            answer = call()
        except ResponseError as error:
            # It answers, but a key has another type, or Redis is full or read-only.
            self._breaker.went_well()
            self._count("damaged")
            if self._refusals.is_due(type(error)):
                _LOG.warning("Redis refuses a command, which is skipped: %s", error)
            return None
        except Exception as error:  # noqa: BLE001  # the client raises errors of any type
            # Close only idle connections: closing those in use would make other requests fail.
            self._client.connection_pool.disconnect(inuse_connections=False)
            self._count("failed")
            self._breaker.failed(error)
            return None
        self._breaker.went_well()
        return answer

    def _keep(self, active: Mapping[Quarter, Generation]) -> None:
        """Write which generations are live, and delay their expiry."""
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
    while part := list(islice(rest, _BATCH)):
        yield part
