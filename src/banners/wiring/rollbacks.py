"""Changes which generations are live, for the buttons of the status page."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from banners.core.model import Quarter
from banners.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


class PageRollbacks:
    """Rolls back and releases, while an operator waits for the page.

    Args:
        settings: name the database.
        look: reads again what is live and kept, so that pages show it.
    """

    def __init__(self, settings: Settings, look: Callable[[], None]) -> None:
        self._settings = settings
        self._look = look

    def look(self) -> None:
        """See :class:`banners.web.pages.rollback.Rollbacks`."""
        self._look()

    def roll_back(
        self, quarters: Collection[Quarter], to: int
    ) -> Mapping[Quarter, tuple[int | None, int]]:
        """See :class:`banners.web.pages.rollback.Rollbacks`."""
        from banners.job.rollback import roll_back
        from banners.store.read.lineups import DatabaseReader

        with self._opened() as database:
            changed = roll_back(
                DatabaseReader(database),
                database,
                quarters,
                to,
                now=partial(datetime.now, UTC),
                # An operator waits, so the cache is not filled in advance.
                warm=lambda _generation, _quarter: None,
            )
        self._look()
        return changed.generations

    def release(self, quarters: Collection[Quarter]) -> None:
        """See :class:`banners.web.pages.rollback.Rollbacks`."""
        from banners.store.write.rollback import release

        with self._opened() as database:
            release(database, quarters)
        self._look()

    @contextmanager
    def _opened(self) -> "Iterator[Engine]":
        from banners.store.connect import open_database

        database = open_database(self._settings.database_url, create=True, hurry=True)
        try:
            yield database
        finally:
            database.dispose()
