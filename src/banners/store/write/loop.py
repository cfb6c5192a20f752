"""What the loop keeps in the database: its lock, its sign of life, and what it has published."""

import contextlib
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.reports.loop import LoopProcess, LoopStatus
from banners.store.connect import dialect_of, translated
from banners.store.dialects.dialect import LOOP
from banners.store.read.loop import DatabaseLoop
from banners.store.schema import CATALOGUE_ACTIVE, LOOP_PROCESS
from banners.store.write.publisher import ByLoop, put_row, record_slot
from banners.store.write.turn import prepare

_LONGEST_DOING = 200


class LoopRecords:
    """What the one loop of a database keeps in it.

    Args:
        database: an open database; the caller closes it after this.
        now: returns the time in UTC.
    """

    def __init__(self, database: Engine, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._held = contextlib.ExitStack()
        self._check: Callable[[], None] | None = None

    def hold_lock(self) -> None:
        """Make sure that this is the only loop of the database; make its tables ready at first.

        It is taken again if it has been lost with a connection.

        Raises:
            LoopBusy: another loop holds the lock.
            PublisherBusy: the tables are out of date, and a run is writing.
            StoreUnavailable: the database cannot be reached.
            StoreError: it refused or failed, or a newer Banners has made its tables.
        """
        with translated(self._database):
            try:
                if self._check is None:
                    dialect = dialect_of(self._database)
                    lasting = dialect.lasting(self._database, seconds=0, lock=LOOP)
                    self._check = self._held.enter_context(lasting)
                    prepare(self._database, now=self._now, wait_seconds=0)
                self._check()
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Release the lock."""
        self._check = None
        # A connection that has broken holds nothing, and can fail once more when it is closed.
        with contextlib.suppress(Exception):
            self._held.close()

    def status(self) -> LoopStatus:
        """Return what the database knows about the loop."""
        return DatabaseLoop(self._database).loop()

    def has_catalogue(self) -> bool:
        """Return whether a version of the catalogue is in force."""
        with translated(self._database), self._database.connect() as connection:
            return (
                sa.inspect(connection).has_table(CATALOGUE_ACTIVE.name)
                and connection.scalar(sa.select(CATALOGUE_ACTIVE.c.version)) is not None
            )

    def beat(self, process: LoopProcess) -> None:
        """Replace the sign of life."""
        with translated(self._database), self._database.begin() as connection:
            values = {
                "host": process.host,
                "process": process.process,
                "started_at": process.started_at,
                "beat_at": process.beat_at,
                "doing": process.doing[:_LONGEST_DOING],
                "closed": process.closed,
                "next_at": process.next_at,
                "problem": process.problem,
            }
            put_row(connection, LOOP_PROCESS, {"pointer": 1}, values)

    def record(self, quarter: Quarter, publisher: ByLoop, seconds: int) -> None:
        """Record for which slot a quarter was published, or found unchanged."""
        with translated(self._database), self._database.begin() as connection:
            record_slot(connection, quarter, publisher, self._now().isoformat(), seconds=seconds)
