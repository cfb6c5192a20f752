"""Spans of time in words."""

from datetime import timedelta

from banners.errors import counted


def in_words(span: timedelta) -> str:
    """Return a time in its largest usual unit, such as ``20 seconds`` or ``3 hours``."""
    seconds = int(span.total_seconds())
    # Two minutes say less than 100 seconds.
    for unit, name in ((3_600, "hour"), (60, "minute")):
        if seconds >= 2 * unit:
            return counted(seconds // unit, name)
    return counted(seconds, "second")
