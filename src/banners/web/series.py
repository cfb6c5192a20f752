"""Numbers with names and labels in memory of a fixed size; one process writes, others read.

prometheus_client keeps such numbers in sparse files: once their disk is full, every process that
writes to them is killed. Here the writer appends a line of text for each series, which owns the
numbers that follow those of the line before; a line counts only once it is complete. A number has
eight bytes at a multiple of eight, which processors write in one step. So processes share no lock,
and each may be killed at any moment.
"""

import json
import logging
from collections.abc import Iterator
from threading import Lock

_LOG = logging.getLogger(__name__)

TEXT_BYTES = 65_528
"""Room for the names and labels, about 1,000 series; the metrics of Banners take a third of it."""

NUMBERS = 4_096
"""Room for the numbers: one for each series, and 15 for that of a histogram."""

AREA_BYTES = 8 + TEXT_BYTES + 8 * NUMBERS
"""Size of the memory."""

Key = tuple[str, tuple[str, ...]]
"""The name of a metric, and the values of its labels."""


class Series:
    """The series of one process.

    Args:
        memory: ``AREA_BYTES`` bytes: zeros, or what an earlier process left, which is continued.
    """

    def __init__(self, memory: memoryview) -> None:
        self._used = memory[:8].cast("q")
        self._text = memory[8 : 8 + TEXT_BYTES]
        self._numbers = memory[8 + TEXT_BYTES :].cast("d")
        self._lock = Lock()
        self._known: dict[Key, memoryview[float]] = {}
        self._next = 0

    def read(self) -> Iterator[tuple[Key, "memoryview[float]"]]:
        """Yield each series with its numbers.

        Raises:
            ValueError: the memory is damaged.
        """
        first = 0
        for line in bytes(self._text[: self._used[0]]).splitlines():
            name, labels, count = json.loads(line)
            yield (name, tuple(labels)), self._numbers[first : first + count]
            first += count

    def numbers(self, name: str, labels: tuple[str, ...], count: int = 1) -> "memoryview[float]":
        """Return the numbers of a series, to read and to write; all are 0 at first.

        If there is no room for the series, only this process sees the numbers, and the log says so.

        Args:
            name: the name of the metric.
            labels: the values of its labels.
            count: how many numbers the series has.
        """
        key = (name, labels)
        with self._lock:
            if not self._known:
                self._known = dict(self.read())
                self._next = sum(map(len, self._known.values()))
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._append(key, count)
        return found

    def _append(self, key: Key, count: int) -> "memoryview[float]":
        line = json.dumps([*key, count]).encode() + b"\n"
        start = self._used[0]
        end = start + len(line)
        first, after = self._next, self._next + count
        if end > TEXT_BYTES or after > NUMBERS:
            _LOG.warning("There is no room for the metric %s%s, so it is left out.", *key)
            return memoryview(bytearray(8 * count)).cast("d")
        self._text[start:end] = line
        self._used[0] = end
        self._next = after
        return self._numbers[first:after]
