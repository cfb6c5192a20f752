"""Visitors: each sends one request at a time over a connection of its own."""

from collections.abc import Callable, Iterator
from itertools import cycle

from banners.stress.connection import Connection
from banners.stress.counts import Counts
from banners.stress.expectations import QuarterExpectations
from banners.stress.schedule import PATIENCE_SECONDS, Schedule
from banners.stress.target import Target
from banners.stress.verify import Address, Answer, Failure, Fault, verify


class Crowd:
    """What the visitors of a run share: what to request and when, and the counts.

    Args:
        target: where requests go.
        address: the address of the campaigns that is requested.
        expected: what is live at the start; its campaigns are requested in turn.
        schedule: when each request is due.
        now: a monotonic clock, in seconds.
        connect: starts to open a connection for a visitor, and calls the visitor when done.
        on_doubt: called when an answer differs from what is expected.
        on_idle: called when a visitor has nothing to do.
    """

    def __init__(
        self,
        *,
        target: Target,
        address: Address,
        expected: QuarterExpectations,
        schedule: Schedule,
        now: Callable[[], float],
        connect: "Callable[[Visitor], None]",
        on_doubt: Callable[[], None],
        on_idle: Callable[[], None],
    ) -> None:
        self.address = address
        self.request = target.request(address)
        self._prefix = target.root
        self.schedule = schedule
        self.now = now
        self.connect = connect
        self.counts = Counts()
        self.idle: list[Visitor] = []
        """Visitors that wait until a request is due."""
        self.doubtful: list[Answer] = []
        """Answers that differ from what is expected; verified again after the next reading."""
        self._on_doubt = on_doubt
        self._on_idle = on_idle
        self.expect(expected)

    def expect(self, expected: QuarterExpectations) -> None:
        """Set what is expected from now on."""
        self.expected = expected
        if expected.campaigns:
            self._campaigns: Iterator[int] = cycle(expected.campaigns)

    def next_campaign(self) -> int:
        """Return the campaign to request next."""
        return next(self._campaigns)

    def rest(self, visitor: "Visitor") -> None:
        """Add a visitor to those that wait until a request is due."""
        self.idle.append(visitor)
        self._on_idle()

    def send_due(self) -> None:
        """Let idle visitors send the requests that are due."""
        while self.idle and (due := self.schedule.take(self.now())) is not None:
            self.idle.pop().visit(due)

    def answered(self, answer: Answer, due: float) -> None:
        """Count and verify an answer.

        Args:
            answer: the answer.
            due: the moment at which its request was due.
        """
        counts = self.counts
        counts.done += 1
        counts.latencies.add(answer.received - due)
        counts.statuses[answer.status] += 1
        expected = self.expected
        expectation = expected.campaigns.get(answer.campaign_id)
        if verify(answer, expected, expectation, self._prefix) is not None:
            self.doubtful.append(answer)
            self._on_doubt()

    def failed(self, failure: Failure) -> None:
        """Count a request that got no answer."""
        self.counts.done += 1
        self.counts.add_failure(failure)


class Visitor:
    """Sends requests over one connection, which is opened again whenever it is lost.

    Args:
        crowd: what it shares with the others.
        connection: an open connection.
    """

    def __init__(self, crowd: Crowd, connection: Connection) -> None:
        self._crowd = crowd
        self._waiting = False
        self._due = self._sent = 0.0
        self._campaign_id = 0
        self._connection: Connection | None = connection
        connection.client = self

    def rest(self) -> None:
        """Send the next request, or wait until one is due."""
        crowd = self._crowd
        due = crowd.schedule.take(crowd.now())
        if due is None:
            crowd.rest(self)
        else:
            self.visit(due)

    def visit(self, due: float) -> None:
        """Send a request.

        Args:
            due: the moment at which it was due.
        """
        self._due = due
        self._campaign_id = self._crowd.next_campaign()
        self._waiting = True
        self._sent = self._crowd.now()
        self._send()

    def check_timeout(self) -> None:
        """Count the request as failed if its answer has taken too long."""
        if self._connection is None or not self._waiting:
            return
        if self._crowd.now() - self._sent > PATIENCE_SECONDS:
            self._fail(Fault.TIMED_OUT, f"no answer within {PATIENCE_SECONDS:.0f} seconds")

    def connected(self, connection: Connection) -> None:
        """Take a new connection, and send the waiting request over it."""
        connection.client = self
        self._connection = connection
        self._send()

    def not_connected(self, reason: str) -> None:
        """Count the request as failed because no connection could be opened."""
        self._fail(Fault.NOT_CONNECTED, reason)

    def answered(self, connection: Connection) -> None:
        """Pass on the answer, and continue with the next request."""
        if connection is not self._connection or not self._waiting:
            return
        crowd = self._crowd
        answer = Answer(
            crowd.address,
            self._campaign_id,
            connection.status,
            connection.body,
            connection.location,
            self._sent,
            crowd.now(),
        )
        self._waiting = False
        if not connection.stays:
            self._drop()
        crowd.answered(answer, self._due)
        self.rest()

    def malformed(self, connection: Connection, reason: str) -> None:
        """Count the request as failed because the answer is not HTTP."""
        if connection is self._connection:
            self._fail(Fault.MALFORMED, reason)

    def lost(self, connection: Connection) -> None:
        """Send the request again or count it as failed, because the connection was closed."""
        if connection is not self._connection:
            return
        self._connection = None
        if not self._waiting:
            return
        if connection.fresh or connection.begun:
            self._fail(Fault.CUT_OFF, "the connection was closed before the answer was complete")
        else:
            # A server may close an idle connection at any time; RFC 9112, 9.3.1 says to try again.
            self._crowd.counts.sent_again += 1
            self._send()

    def _send(self) -> None:
        crowd = self._crowd
        if self._connection is None:
            crowd.connect(self)
        else:
            self._connection.send(crowd.request % self._campaign_id)

    def _fail(self, fault: Fault, reason: str) -> None:
        waited, self._waiting = self._waiting, False
        self._drop()
        if waited:
            self._crowd.failed(Failure(fault, self._campaign_id, reason))
            self.rest()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
