"""The counts of a run: answers, latencies and failures."""

from collections import Counter
from dataclasses import dataclass, field

from banners.stress.latency import Latencies
from banners.stress.verify import Failure, Fault


@dataclass(slots=True)
class Counts:
    """Counts the outcome of each request, in bounded memory.

    Args:
        latencies: of the complete answers, right or wrong.
        statuses: the number of answers with each HTTP status.
        faults: the number of failed requests of each kind.
        first_failures: the first failure of each kind.
        sent_again: the number of requests that met a connection which the server had just closed,
            as it may at any time; they were sent again on a new one, as browsers do.
        done: the number of requests that have ended, successfully or not.
    """

    latencies: Latencies = field(default_factory=Latencies)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    first_failures: dict[Fault, Failure] = field(default_factory=dict)
    sent_again: int = 0
    done: int = 0

    def add_failure(self, failure: Failure, requests: int = 1) -> None:
        """Count a failure of one request, or the same failure of several."""
        self.faults[failure.fault] += requests
        self.first_failures.setdefault(failure.fault, failure)

    @property
    def failed(self) -> int:
        """The number of failed requests."""
        return self.faults.total()
