"""A time zone in which it is always the first quarter of the hour.

What a page shows depends on the quarter of the hour. A run of an hour would meet all four, with
caches emptied in the middle of what is measured; in this zone the clock is put back by a quarter
of an hour whenever the next one begins.
"""

import struct
import time
from pathlib import Path

NAME = "Bench/First"
_QUARTER_SECONDS = 900
_DAYS = 3


def variables(folder: Path) -> dict[str, str]:
    """Write the zone for the next days, and give the variables with which it is served.

    Args:
        folder: where time zones are to be looked for first.
    """
    path = folder / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_zone(int(time.time())))
    return {"PYTHONTZPATH": str(folder.resolve()), "BANNERS_TIMEZONE": NAME}


def _zone(now: int) -> bytes:
    """Write a zone as RFC 9636 has it: changes of the clock, and the four offsets there are."""
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
