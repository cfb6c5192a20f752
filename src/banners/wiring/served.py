"""What a worker of the web application serves from: the tiers, the catalogue, and their states."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from banners.errors import StoreError, listed
from banners.settings import Settings
from banners.wiring.catalogue import catalogue
from banners.wiring.database import reader
from banners.wiring.tiers import redis_tier, shared_copies

if TYPE_CHECKING:
    from banners.serve.breaker import Breaker
    from banners.serve.catalogue import Catalogue
    from banners.serve.memory import Shelf
    from banners.web.metrics import Metrics

_LOG = logging.getLogger(__name__)


class Served:
    """The tiers and the catalogue of a worker, which :meth:`look` keeps up to date.

    Args:
        settings: name the database and Redis.
        breaker: fails queries immediately while the database does not answer.
        metrics: the metrics of this worker.

    Raises:
        SettingsError: the URL of the database or of Redis is invalid or unsupported.
    """

    def __init__(self, settings: Settings, breaker: "Breaker", metrics: "Metrics") -> None:
        from banners.serve.catalogue_copy import CatalogueCopy
        from banners.serve.memory import MemoryReader
        from banners.serve.redis import REQUEST_SECONDS

        self._metrics = metrics
        self._database = reader(settings, breaker)
        self._redis = None
        if settings.redis_url:
            self._redis = redis_tier(
                settings,
                self._database,
                seconds=REQUEST_SECONDS,
                count=metrics.count_redis,
            )
        self.memory = MemoryReader(
            self._redis or self._database,
            most_lineups=settings.memory_lineups,
            copies=shared_copies(settings),
            on_load=self._on_load,
        )
        self.copy = CatalogueCopy(
            catalogue(settings, breaker),
            on_load=self._on_catalogue,
            is_known_absent=self._redis.remembers_no_catalogue if self._redis else lambda: False,
        )
        self.on_uploads: Callable[[Sequence[int]], None] = lambda _banner_ids: None
        """Called with the banners whose uploaded images are new or may have changed."""

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names of all tiers, in the order in which they are asked."""
        return ("memory", "redis", "database") if self._redis else ("memory", "database")

    def out_of_reach(self) -> list[str]:
        """Return the tiers that cannot be reached."""
        redis = self._redis
        error = self.memory.source_error or (redis.source_error if redis else None)
        is_gone = bool(self.copy.source_error or (error and not self.memory.is_damaged))
        gone = {"redis": redis is not None and redis.is_down, "database": is_gone}
        return [tier for tier, is_gone in gone.items() if is_gone]

    def impaired(self) -> dict[str, str]:
        """Return the tiers that answer but do not work correctly, each with the reason."""
        states = {}
        if self._redis and self._redis.refuses and not self._redis.is_down:
            states["redis"] = "refuses commands"
        if self.memory.is_damaged:
            states["database"] = "holds a damaged quarter"
        return states

    def look(self) -> bool:
        """Take what is new; return whether the live generations have changed."""
        before = self.memory.numbers()
        self.copy.load()
        if self._redis and self.copy.held is not None and self.copy.source_error is None:
            self._redis.note_catalogue(self.copy.held.number)
        # Before it is known whether there is a catalogue, what is loaded must not be shown.
        if self.copy.held is not None:
            self.memory.load()
        numbers = self.memory.numbers()
        if numbers != before:
            _LOG.info("Serving %s.", _by_generation(numbers))
        damaged = ["database"] if self.memory.is_damaged else []
        self._metrics.looked([*self.out_of_reach(), *damaged])
        return numbers != before

    def _on_load(self, shelf: "Shelf", seconds: float) -> None:
        outcome = None
        with suppress(StoreError):
            outcome = self._database.outcome(shelf.generation, shelf.quarter)
        self._metrics.loaded(
            int(shelf.quarter),
            generation=shelf.generation.number,
            lineups=len(shelf.records or ()),
            seconds=seconds,
            accounts=outcome.accounts if outcome else (),
        )

    def _on_catalogue(self, held: "Catalogue", uploaded: Sequence[int]) -> None:
        self._metrics.catalogue_loaded(held.number)
        self.on_uploads(uploaded)


def _by_generation(numbers: Mapping[int, int]) -> str:
    """Return the live generations, each with its quarters, as text."""
    quarters: dict[int, list[int]] = {}
    for quarter, number in sorted(numbers.items()):
        quarters.setdefault(number, []).append(quarter)
    return ", ".join(f"generation {each} in {listed(of)}" for each, of in quarters.items())
