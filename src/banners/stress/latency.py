"""A histogram of latencies in bounded memory."""

from array import array
from collections.abc import Iterator, Sequence

_BITS = 8
"""Number of leading bits kept of a latency in nanoseconds, for a precision of 1 in 128."""
_HALF = 1 << (_BITS - 1)
_LONGEST = (1 << 63) - 1


class Latencies:
    """Counts latencies in cells whose width grows with what they hold.

    Source: the idea of HdrHistogram; the error of a latency is at most 1 in 128.
    """

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * (_cell(_LONGEST) + 1)))
        self._largest = 0
        self.count = 0
        """The number of latencies that were added."""

    def add(self, seconds: float) -> None:
        """Count a latency."""
        nanoseconds = min(max(0, int(seconds * 1e9)), _LONGEST)
        self._counts[_cell(nanoseconds)] += 1
        self.count += 1
        self._largest = max(self._largest, nanoseconds)

    @property
    def largest(self) -> float:
        """The largest latency, in seconds; exact."""
        return self._largest / 1e9

    def percentile(self, per_mille: int) -> float:
        """Return a percentile in seconds; 0 if no latency was added.

        Args:
            per_mille: the share in thousandths, 1 to 1000: 500 asks for the median.

        Source: the nearest rank, ``ceil(share * count)``.
        """
        rank = -(-self.count * per_mille // 1000)
        below = 0
        for most, count in self._cells():
            below += count
            if below >= rank:
                return min(most, self._largest) / 1e9
        return 0.0

    def between(self, edges: Sequence[float]) -> list[int]:
        """Count the latencies up to each edge and above the one before it.

        Args:
            edges: in seconds, rising; latencies above the last are not counted.
        """
        counts = [0] * len(edges)
        place = 0
        for most, count in self._cells():
            while place < len(edges) and min(most, self._largest) > edges[place] * 1e9:
                place += 1
            if place == len(edges):
                break
            counts[place] += count
        return counts

    def _cells(self) -> Iterator[tuple[int, int]]:
        """Yield each cell that is not empty: its largest possible latency, and its count."""
        for index, count in enumerate(self._counts):
            if count:
                over = max(0, index // _HALF - 1)
                yield ((index - over * _HALF + 1) << over) - 1, count


def _cell(nanoseconds: int) -> int:
    over = nanoseconds.bit_length() - _BITS
    return nanoseconds if over <= 0 else over * _HALF + (nanoseconds >> over)
