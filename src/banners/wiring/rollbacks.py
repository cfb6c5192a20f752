"""Changes which generations are live, for the buttons of the status page."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from banners.core.model import Quarter
from banners.errors import StoreUnavailable
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
        self, quarters: Collection[Quarter], to: int, *, undoes: int | None = None
    ) -> Mapping[Quarter, tuple[int, int]]:
        """See :class:`banners.web.pages.rollback.Rollbacks`."""
        from banners.store.write.rollback import roll_back

        # An operator waits, so the cache is not filled in advance.
        with self._opened() as database:
            now = partial(datetime.now, UTC)
            done = roll_back(database, quarters, to, now=now, undoes=undoes)
        self._look()
        return done.generations

    def release(self, quarters: Collection[Quarter]) -> None:
        """See :class:`banners.web.pages.rollback.Rollbacks`."""
        from banners.store.write.rollback import release

        with self._opened() as database:
            release(database, quarters)
        self._look()

    @contextmanager
    def _opened(self) -> "Iterator[Engine]":
        from banners.store.connect import dialect_of, named, open_database

        url = self._settings.database_url
        # Opening the database to write would make a new file if the old one is gone.
        there = open_database(url, create=False)
        if dialect_of(there).is_missing(there.url):
            raise StoreUnavailable(
                f"{named(there)} was not found. Restore the file, or name the right one in "
                "BANNERS_DATABASE_URL and start the server again."
            )
        database = open_database(url, create=True, hurry=True)
        try:
            yield database
        finally:
            database.dispose()
