"""When each request is due."""

import math

PATIENCE_SECONDS = 10.0
"""So long an answer is waited for, and so long what was due in time may still be sent."""


class Schedule:
    """Hands out the requests of a run, each with the moment at which it is due.

    Without a rate, a request is due as soon as somebody is free to send it (a closed loop). With
    one, the n-th is due at ``start + n / rate`` whether or not the server keeps up (an open loop):
    its latency counts from then, so that a server that stalls cannot hide how many had to wait.

    Args:
        start: the moment at which the run starts, in seconds.
        requests: how many requests to send; None for as many as fit into the duration.
        duration: how long to go on, in seconds; None for until all are sent.
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
        """How many requests were handed out."""

    @property
    def open(self) -> bool:
        """Whether requests are due at moments of their own."""
        return self._rate is not None

    def take(self, now: float) -> float | None:
        """Hand out the next request: the moment at which it was due; None if none is due yet."""
        due = self.next_due(now)
        if due > now or self.over(now):
            return None
        self.taken += 1
        return due

    def next_due(self, now: float) -> float:
        """Tell the moment at which the next request is due."""
        return now if self._rate is None else self._start + self.taken / self._rate

    def stop(self) -> None:
        """Hand out no more requests."""
        self._stopped = True

    def over(self, now: float) -> bool:
        """Tell whether no more requests will be handed out."""
        last = self._end if self._rate is None else self._end + PATIENCE_SECONDS
        return self._stopped or self.taken >= self._requests or now >= last

    @property
    def never_sent(self) -> int:
        """How many requests of an open loop were due in its time, and not handed out.

        What was stopped has none.
        """
        if self._rate is None or self._end == math.inf or self._stopped:
            return 0
        return int(self._requests) - self.taken

    def done(self, now: float, ended: int) -> float:
        """Tell how much of the run lies behind, from 0 to 1, with so many requests at their end."""
        by_count = ended / self._requests
        by_time = (now - self._start) / (self._end - self._start)
        return min(1.0, max(by_count, by_time))
