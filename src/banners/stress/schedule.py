"""The moments at which requests are due."""

import math

PATIENCE_SECONDS = 10.0
"""Seconds to wait for an answer, and seconds after the end in which due requests are still sent."""


class Schedule:
    """Hands out the requests of a run, each with the moment at which it is due.

    Without a rate, a request is due as soon as a visitor is free to send it (a closed loop). With
    one, the n-th is due at ``start + n / rate`` whether or not the server keeps up (an open loop):
    its latency counts from then, so that the wait of all requests behind a stall is included.

    Args:
        start: the moment at which the run starts, in seconds.
        requests: the number of requests to send; None for as many as fit into the duration.
        duration: seconds that the run lasts; None for until all requests are sent.
        rate: requests a second, above 0; None for as fast as they are answered.
    """

    def __init__(
        self, start: float, *, requests: int | None, duration: float | None, rate: float | None
    ) -> None:
        self._start = start
        self._end = math.inf if duration is None else start + duration
        self._rate = rate
        self._requests = math.inf if requests is None else requests
        if rate is not None and duration is not None:
            self._requests = min(self._requests, math.ceil(duration * rate))
        self._stopped = False
        self.taken = 0
        """The number of requests that were handed out."""

    @property
    def open(self) -> bool:
        """Whether requests are due at a fixed rate (an open loop)."""
        return self._rate is not None

    def take(self, now: float) -> float | None:
        """Hand out the next request.

        Returns:
            the moment at which it was due; None if no request is due yet.
        """
        due = self.next_due(now)
        if due > now or self.over(now):
            return None
        self.taken += 1
        return due

    def next_due(self, now: float) -> float:
        """Return the moment at which the next request is due."""
        return now if self._rate is None else self._start + self.taken / self._rate

    def stop(self) -> None:
        """Hand out no more requests."""
        self._stopped = True

    def over(self, now: float) -> bool:
        """Return whether no more requests will be handed out."""
        last = self._end if self._rate is None else self._end + PATIENCE_SECONDS
        return self._stopped or self.taken >= self._requests or now >= last

    @property
    def never_sent(self) -> int:
        """The number of requests of an open loop that were due but not handed out.

        0 for a run that was interrupted.
        """
        if self._rate is None or self._end == math.inf or self._stopped:
            return 0
        return int(self._requests) - self.taken

    def done(self, now: float, ended: int) -> float:
        """Return the part of the run that is done, from 0 to 1.

        Args:
            now: the present moment, in seconds.
            ended: the number of requests that have ended.
        """
        by_count = ended / self._requests
        by_time = (now - self._start) / (self._end - self._start)
        return min(1.0, max(by_count, by_time))
