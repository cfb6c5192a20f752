"""A time zone in which it is always the first quarter of the hour.

What a page shows depends on the quarter of the hour. A run of an hour would pass through all four,
and caches would be emptied during a measurement. In this zone the clock is set back by a quarter of
an hour whenever the next quarter begins.
"""

import struct
import time
from pathlib import Path

NAME = "Bench/First"
_QUARTER_SECONDS = 900
_DAYS = 3


def variables(folder: Path) -> dict[str, str]:
    """Write the zone for the next days, and return the variables that select it.

    Args:
        folder: the folder for the zone, which is searched before those of the system.
    """
    path = folder / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_zone(int(time.time())))
    return {"PYTHONTZPATH": str(folder.resolve()), "BANNERS_TIMEZONE": NAME}


def _zone(now: int) -> bytes:
    """Return a zone in the format of RFC 9636: the changes of the clock, and its four offsets."""
    first = now // _QUARTER_SECONDS
    quarters = range(first, first + _DAYS * 86_400 // _QUARTER_SECONDS)
    changes = b"".join(struct.pack(">q", each * _QUARTER_SECONDS) for each in quarters)
    kinds = bytes(each % 4 for each in quarters)
    offsets = b"".join(struct.pack(">iBB", -_QUARTER_SECONDS * each, 0, 0) for each in range(4))
    name = b"BENCH\0"
    body = changes + kinds + offsets + name
    return _head(0, 0, 0) + _head(len(quarters), 4, len(name)) + body + b"\n\n"


def _head(changes: int, offsets: int, letters: int) -> bytes:
    return b"TZif2" + bytes(15) + struct.pack(">6I", 0, 0, 0, changes, offsets, letters)
