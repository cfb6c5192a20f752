"""The second, and the quarter of the hour, in which a request came, passed on with the request."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from starlette.requests import HTTPConnection
from starlette.types import Scope

from banners.core.model import Quarter

Moment = tuple[float, Quarter]
"""Seconds since 1970 in UTC, and the quarter of the hour."""

_MINUTE = 60


class QuarterClock:
    """Reads the time; the quarter is worked out once a minute, since that takes longer.

    Args:
        seconds: returns the seconds since 1970 in UTC.
        zone: the time zone that the quarters are counted in. Its offset changes, if at all, at the
            beginning of a minute.
    """

    def __init__(self, seconds: Callable[[], float], zone: tzinfo) -> None:
        self._seconds = seconds
        self._zone = zone
        self._begins = self._ends = 0.0
        self._quarter = Quarter.FIRST

    def __call__(self) -> Moment:
        """Return the time."""
        second = self._seconds()
        if not self._begins <= second < self._ends:
            self._begins = second // _MINUTE * _MINUTE
            self._ends = self._begins + _MINUTE
            self._quarter = Quarter.at(datetime.fromtimestamp(self._begins, self._zone))
        return second, self._quarter


def reading(now: Callable[[], datetime]) -> Callable[[], Moment]:
    """Return a clock that reads another one.

    Args:
        now: returns the local time, whose minute decides the quarter.
    """

    def clock() -> Moment:
        time = now()
        return time.timestamp(), Quarter.at(time)

    return clock


def zone_of(now: Callable[[], datetime]) -> tzinfo:
    """Return the time zone of a clock.

    Args:
        now: returns the local time.

    Raises:
        ValueError: it tells times without a zone.
    """
    zone = now().tzinfo
    if zone is None:
        raise ValueError("The clock tells times without a zone.")
    return zone


def at_moment(scope: Scope, moment: Moment) -> Scope:
    """Return the scope of a request (ASGI) with the moment in which it came."""
    second, quarter = moment
    state = {**scope.get("state", {}), "second": int(second), "quarter": quarter}
    return {**scope, "state": state}


def quarter_of(request: HTTPConnection) -> Quarter:
    """Return the quarter of the hour in which a request came."""
    quarter: Quarter = request.state.quarter
    return quarter


def second_of(request: HTTPConnection) -> int:
    """Return the second in which a request came, since 1970 in UTC."""
    second: int = request.state.second
    return second
