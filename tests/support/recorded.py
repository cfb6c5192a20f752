"""Records events in a log of a test, and makes its disk fail."""

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from banners.collect.segments.log import EventLog
from banners.core.views import Traffic
from support.event_logs import HOST, logged, view_of

CLEAN = Traffic.CLEAN


def add(log: EventLog, *numbers: int) -> None:
    for number in numbers:
        assert log.impressions(view_of(number), CLEAN)


def view_ids(events: Path, host: str = HOST) -> list[int]:
    return [int(each.split(b",")[7]) for each in logged(events, host)]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse to make files longer than this, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def failing(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")
