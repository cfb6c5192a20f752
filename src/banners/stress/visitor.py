"""Visitors: each asks over a connection of its own, one request at a time."""

from collections.abc import Callable, Iterator
from itertools import cycle

from banners.stress.check import Address, Answer, Complaint, Fault, check
from banners.stress.connection import Connection
from banners.stress.schedule import PATIENCE_SECONDS, Schedule
from banners.stress.shows import QuarterShows
from banners.stress.tally import Tally
from banners.stress.target import Target


class Crowd:
    """What the visitors of a run share: what to ask for and when, and what became of it.

    Args:
        target: where requests go.
        address: which address of the campaigns.
        expected: what is served at the start, whose campaigns are asked for in turn.
        schedule: when each request is due.
        now: a clock that never goes back, in seconds.
        connect: starts to open a connection for a visitor, and tells it of the end.
        on_doubt: is told when answers are doubtful.
        on_idle: is told when a visitor has nothing to do.
    """

    def __init__(
        self,
        *,
        target: Target,
        address: Address,
        expected: QuarterShows,
        schedule: Schedule,
        now: Callable[[], float],
        connect: "Callable[[Visitor], None]",
        on_doubt: Callable[[], None],
        on_idle: Callable[[], None],
    ) -> None:
        self.address = address
        self.request = target.request(address)
        self.schedule = schedule
        self.now = now
        self.connect = connect
        self.tally = Tally()
        self.idle: list[Visitor] = []
        """Visitors with nothing to do, since nothing is due."""
        self.doubtful: list[Answer] = []
        """Answers that do not fit what was published at the last look; the next will tell."""
        self._on_doubt = on_doubt
        self._on_idle = on_idle
        self.expect(expected)

    def expect(self, expected: QuarterShows) -> None:
        """Take note of what is served from now on."""
        self.expected = expected
        if expected.campaigns:
            self._campaigns: Iterator[int] = cycle(expected.campaigns)

    def next_campaign(self) -> int:
        """Tell which campaign is to be asked for next."""
        return next(self._campaigns)

    def rest(self, visitor: "Visitor") -> None:
        """Take note that a visitor has nothing to do until something is due."""
        self.idle.append(visitor)
        self._on_idle()

    def send_due(self) -> None:
        """Let visitors who are idle send what is due."""
        while self.idle and (due := self.schedule.take(self.now())) is not None:
            self.idle.pop().visit(due)

    def answered(self, answer: Answer, due: float) -> None:
        """Count an answer that was due at some moment, and check it."""
        tally = self.tally
        tally.done += 1
        tally.latencies.add(answer.received - due)
        tally.statuses[answer.status] += 1
        expected = self.expected
        if check(answer, expected, expected.campaigns.get(answer.campaign_id)) is not None:
            self.doubtful.append(answer)
            self._on_doubt()

    def failed(self, complaint: Complaint) -> None:
        """Count a request that got no answer."""
        self.tally.done += 1
        self.tally.complain(complaint)


class Visitor:
    """Asks over one connection, which is opened anew whenever it is lost.

    Args:
        crowd: what it shares with the others.
        connection: a connection that is open.
    """

    def __init__(self, crowd: Crowd, connection: Connection) -> None:
        self._crowd = crowd
        self._waiting = False
        self._due = self._sent = 0.0
        self._campaign_id = 0
        self._connection: Connection | None = connection
        connection.asker = self

    def rest(self) -> None:
        """Send the next request, or wait until one is due."""
        crowd = self._crowd
        due = crowd.schedule.take(crowd.now())
        if due is None:
            crowd.rest(self)
        else:
            self.visit(due)

    def visit(self, due: float) -> None:
        """Send a request that was due at some moment."""
        self._due = due
        self._campaign_id = self._crowd.next_campaign()
        self._waiting = True
        self._sent = self._crowd.now()
        self._send()

    def lose_patience(self) -> None:
        """Count the request as failed if its answer takes too long."""
        if self._connection is None or not self._waiting:
            return
        if self._crowd.now() - self._sent > PATIENCE_SECONDS:
            self._fail(Fault.TIMED_OUT, f"no answer within {PATIENCE_SECONDS:.0f} seconds")

    def connected(self, connection: Connection) -> None:
        """Take a new connection, and send what is to be sent over it."""
        connection.asker = self
        self._connection = connection
        self._send()

    def not_connected(self, reason: str) -> None:
        """Count the request as failed, since no connection could be opened for it."""
        self._fail(Fault.NOT_CONNECTED, reason)

    def answered(self, connection: Connection) -> None:
        """Hand over the answer, and go on."""
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

    def spoiled(self, connection: Connection, reason: str) -> None:
        """Count the request as failed, since what came is not HTTP."""
        if connection is self._connection:
            self._fail(Fault.MALFORMED, reason)

    def lost(self, connection: Connection) -> None:
        """Notice that the connection is gone, and with it perhaps an answer."""
        if connection is not self._connection:
            return
        self._connection = None
        if not self._waiting:
            return
        if connection.fresh or connection.begun:
            self._fail(Fault.CUT_OFF, "the connection was closed before the answer was whole")
        else:
            # A server may close at any time what it keeps open; RFC 9112, 9.3.1 says to try again.
            self._crowd.tally.sent_again += 1
            self._send()

    def _send(self) -> None:
        crowd = self._crowd
        if self._connection is None:
            crowd.connect(self)
        else:
            self._connection.ask(crowd.request % self._campaign_id)

    def _fail(self, fault: Fault, reason: str) -> None:
        waited, self._waiting = self._waiting, False
        self._drop()
        if waited:
            self._crowd.failed(Complaint(fault, self._campaign_id, reason))
            self.rest()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
