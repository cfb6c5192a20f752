"""Reads the lineups that a worker does not hold, in batches, and caches those used last.

The first lineup that is missed is read immediately. Those that are missed during a lookup wait
until it ends, but at most ``LONGEST_WAIT``; then they are read with one command of Redis and one
query of the database.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from cachetools import LRUCache

from banners.core.candidates import Candidates
from banners.core.model import Generation, Quarter
from banners.errors import StoreError, StoreUnavailable
from banners.serve.packed import decode_candidates

LINEUP_BYTES = 1_000
"""Size of a record that counts as one lineup; a larger one counts as several, since a campaign may
have very many candidates."""

THREADS = 8
"""Number of threads for lineups that the event loop asks for, so that slow lookups do not block
others. Requests through the framework read in their own threads."""

MOST_TOGETHER = 200
"""Maximum number of lineups that are read together, so that a lookup blocks Redis only briefly."""

MOST_BYTES = 8 << 20
"""Bytes that the lineups that are read together may have, if they are as large as the last ones."""

LONGEST_WAIT = 0.02
"""Maximum number of seconds that a lineup waits for a lookup that is running. After that the lookup
may be hanging, and another thread reads the waiting lineups."""

Found = Mapping[int, bytes | StoreError]
_Key = tuple[Generation, Quarter, int]


class Lookups:
    """Reads the candidates of campaigns from the next tier, each by one lookup at a time.

    Args:
        read: reads the records of some campaigns (banners.serve.reader.LineupSource.records_of).
        most_lineups: maximum number of lineups that are kept; a large campaign counts as several.
    """

    def __init__(
        self, read: Callable[[Generation, Quarter, Sequence[int]], Found], most_lineups: int
    ) -> None:
        self._read = read
        self._changed = threading.Condition()
        self._kept: LRUCache[_Key, bytes | None] = LRUCache(max(1, most_lineups), weight)
        self._asked: dict[_Key, Future[Candidates | None]] = {}
        """Futures of the keys that are being read, or wait to be."""
        self._waiting: list[_Key] = []
        """Keys that no lookup has taken yet."""
        self._is_due = False
        """Whether a lookup has been started that has not taken the waiting keys yet."""
        self._running = 0
        self._most_together = MOST_TOGETHER
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="read")

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        """Return the candidates of a campaign, read by this thread unless another one does.

        Args:
            generation: the generation.
            quarter: the quarter of the hour.
            campaign_id: the campaign.

        Raises:
            StoreError: the record is damaged, or the tier behind cannot be read.
        """
        key = generation, quarter, campaign_id
        with self._changed:
            future, is_new = self._find(key)
        if is_new:
            self._look([key])
        return future.result()

    def ask(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> "Future[Candidates | None]":
        """Return a future of what :meth:`candidates` returns, or raises; do not wait."""
        key = generation, quarter, campaign_id
        with self._changed:
            future, is_new = self._find(key)
            if is_new:
                self._waiting.append(key)
                self._start()
        return future

    def _find(self, key: _Key) -> "tuple[Future[Candidates | None], bool]":
        """Return the future of a campaign's candidates, and whether they are still to be read."""
        known = self._asked.get(key)
        if known is not None:
            return known, False
        future: Future[Candidates | None] = Future()
        # Several callers may share this future, so none of them may cancel it.
        future.set_running_or_notify_cancel()
        if key in self._kept:
            future.set_result(_decoded(key, self._kept[key]))
            return future, False
        self._asked[key] = future
        return future, True

    def _start(self) -> None:
        """Start a lookup for the waiting keys, unless one has been started already."""
        if not self._waiting or self._is_due:
            return
        try:
            self._threads.submit(self._look_for_waiting)
            self._is_due = True
        except RuntimeError as error:  # the system has no thread left
            if not self._running:  # otherwise the end of a lookup starts the next one
                waiting, self._waiting = self._waiting, []
                for key in waiting:
                    self._asked.pop(key).set_exception(
                        StoreUnavailable(f"No thread to read lineups can be started: {error}.")
                    )

    def _look_for_waiting(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._running, LONGEST_WAIT)
            self._is_due = False
            if not self._waiting:  # they were told that no thread could be started
                return
            first = self._waiting[0][:2]
            same = [key for key in self._waiting if key[:2] == first][: self._most_together]
            taken = set(same)
            self._waiting = [key for key in self._waiting if key not in taken]
            self._running += 1
            self._start()
        try:
            self._look(same)
        finally:
            with self._changed:
                self._running -= 1
                self._start()
                self._changed.notify()

    def _look(self, keys: Sequence[_Key]) -> None:
        """Read campaigns of one quarter, and tell those who asked for them."""
        generation, quarter, _ = keys[0]
        found: Mapping[int, bytes | BaseException]
        try:
            found = self._read(generation, quarter, [campaign_id for _, _, campaign_id in keys])
        except BaseException as error:  # noqa: BLE001  # else those who wait would wait for ever
            found = dict.fromkeys((campaign_id for _, _, campaign_id in keys), error)
        answers = [(key, *_answer(key, found.get(key[2]))) for key in keys]
        sizes = [len(record) for _, record, _ in answers if record]
        with self._changed:
            if sizes:
                self._most_together = max(
                    1, min(MOST_TOGETHER, MOST_BYTES * len(sizes) // sum(sizes))
                )
            for key, record, answer in answers:
                if not isinstance(answer, BaseException):
                    with suppress(ValueError):  # it is larger than all that may be kept
                        self._kept[key] = record
            told = [(self._asked.pop(key), answer) for key, _, answer in answers]
        for future, answer in told:
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def weight(record: bytes | None) -> int:
    """Return how many lineups a record counts as."""
    return 1 + len(record or b"") // LINEUP_BYTES


def _answer(
    key: _Key, found: bytes | BaseException | None
) -> tuple[bytes | None, Candidates | BaseException | None]:
    """Return a record, and its candidates or the error."""
    if isinstance(found, BaseException):
        return None, found
    try:
        return found, _decoded(key, found)
    except Exception as error:  # noqa: BLE001  # else whoever waits would wait for ever
        return None, error


def _decoded(key: _Key, record: bytes | None) -> Candidates | None:
    generation, quarter, campaign_id = key
    return None if record is None else decode_candidates(record, generation, quarter, campaign_id)
