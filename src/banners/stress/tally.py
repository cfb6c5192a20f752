"""What became of the requests of a run."""

from collections import Counter
from dataclasses import dataclass, field

from banners.stress.check import Complaint, Fault
from banners.stress.latency import Latencies


@dataclass(slots=True)
class Tally:
    """Counts what became of each request, in bounded memory.

    Args:
        latencies: of the answers that came whole, right or wrong.
        statuses: how many answers had each HTTP status.
        faults: how many requests failed, by kind.
        examples: the first complaint of each kind.
        sent_again: how many requests met a connection that the server had just closed, as it may
            at any time, and were sent again on a new one, as browsers do.
        done: how many requests came to an end, well or badly.
    """

    latencies: Latencies = field(default_factory=Latencies)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    examples: dict[Fault, Complaint] = field(default_factory=dict)
    sent_again: int = 0
    done: int = 0

    def complain(self, complaint: Complaint, requests: int = 1) -> None:
        """Count a failure, of one request or of several alike."""
        self.faults[complaint.fault] += requests
        self.examples.setdefault(complaint.fault, complaint)

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return self.faults.total()
