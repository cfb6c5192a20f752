"""Memory that the workers of a server share with the process that started them.

It is anonymous and allocated in full before the first worker starts. So it depends on no disk and
on no folder, and no worker can fail to write to it later.
"""

import mmap
import os
import secrets

from banners.web.series import AREA_BYTES, Series

NAME = "banners-workers"
"""Name under which ``/proc/PID/fd`` shows the memory on Linux; it cannot be opened by this name."""

NOT_LISTENING = -1
"""Value in place of the number of connections, for a worker that accepts none."""

WRONG_PASSWORDS = 8_194
"""Numbers to count wrong passwords with: two overall, and two for each of 4,096 places."""

FLOOD_PLACE = 4
"""Numbers that count what comes from one network address: its hash, the minute, views, clicks."""

FLOOD_PLACES_IN_ROW = 4
"""Number of places of which each address has one."""

FLOOD_ROWS = 8_192
"""Number of rows of such places: for 32,768 addresses a minute, in 1 MB."""

_NUMBER_BYTES = 8
_SALT_BYTES = 32


class SharedMemory:
    """A slot for each worker.

    Args:
        slots: the number of slots, 1 or more.

    Attributes:
        connections: the open connections of each worker, or NOT_LISTENING.
        beats: counts up while a worker's event loop runs; 0 until it serves.
        series: the metrics of each worker.
        wrong_passwords: the counts of wrong passwords, which all workers share.
        floods: the counts of views and clicks by network address, which all workers share.
        flood_salt: what the hashes of these addresses depend on; another one at each start.
    """

    def __init__(self, slots: int = 1) -> None:
        memory = memoryview(_allocate(NAME, slots * (2 * _NUMBER_BYTES + AREA_BYTES)))
        end = 2 * slots * _NUMBER_BYTES
        numbers = memory[:end].cast("q")
        self.connections, self.beats = numbers[:slots], numbers[slots:]
        self.series = [
            Series(memory[start : start + AREA_BYTES])
            for start in range(end, len(memory), AREA_BYTES)
        ]
        # Not beside the others, whose place is found from outside by the size of their memory.
        passwords = _allocate(f"{NAME}-passwords", WRONG_PASSWORDS * _NUMBER_BYTES)
        self.wrong_passwords = memoryview(passwords).cast("d")
        places = FLOOD_ROWS * FLOOD_PLACES_IN_ROW * FLOOD_PLACE
        self.floods = memoryview(_allocate(f"{NAME}-floods", places * _NUMBER_BYTES)).cast("Q")
        self.flood_salt = secrets.token_bytes(_SALT_BYTES)
        for slot in range(slots):
            self.free(slot)

    def free(self, slot: int) -> None:
        """Forget the connections and the beats of a worker that has ended."""
        self.connections[slot] = NOT_LISTENING
        self.beats[slot] = 0


def _allocate(name: str, size: int) -> mmap.mmap:
    """Return memory full of zeros that child processes share, allocated completely now."""
    if not hasattr(os, "memfd_create"):  # outside Linux
        anonymous = mmap.mmap(-1, size)
        anonymous[:] = bytes(size)
        return anonymous
    memory = os.memfd_create(name)
    try:
        os.write(memory, bytes(size))
        return mmap.mmap(memory, size)
    finally:
        os.close(memory)
