"""How many connections each worker has open, in memory that all workers of a server share."""

from banners.web.shared_memory import NOT_LISTENING, SharedMemory


class ConnectionCounts:
    """The connections of this worker, and of the others by way of shared memory.

    Args:
        memory: the memory that all workers share.
        slot: the slot of this worker.
    """

    def __init__(self, memory: SharedMemory, slot: int) -> None:
        self._counts = memory.connections
        self._slot = slot
        self._mine = 0
        self._listens = False

    def start(self) -> None:
        """Record that this worker accepts connections."""
        self._listens = True
        self._publish()

    def add(self, connections: int) -> None:
        """Add to the number of this worker's open connections; a negative number subtracts."""
        self._mine += connections
        self._publish()

    def stop(self) -> None:
        """Record that this worker accepts no more connections."""
        self._listens = False
        self._publish()

    def is_ahead(self, slack: int) -> bool:
        """Return whether this worker has more connections than another that accepts some.

        Args:
            slack: the difference that does not count yet.
        """
        counts = self._counts.tolist()
        del counts[self._slot]
        others = [count for count in counts if count != NOT_LISTENING]
        return bool(others) and self._mine > min(others) + slack

    def _publish(self) -> None:
        self._counts[self._slot] = self._mine if self._listens else NOT_LISTENING
