"""When requests are sent, when their latencies begin, and how requests fail.

The clock advances only when a test says so, and the network is a list of what was written.
"""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import FillPolicy, Generation, Quarter
from banners.stress.connection import Connection
from banners.stress.expectations import QuarterExpectations, expectation_of
from banners.stress.latency import Latencies
from banners.stress.schedule import PATIENCE_SECONDS, Schedule
from banners.stress.target import Target
from banners.stress.verify import Address, Fault
from banners.stress.visitor import Crowd, Visitor
from support.picked import picked

BODY = "".join(f'<img src="/ads/static/images/image_{each}.png">' for each in range(1, 6))
RIGHT = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}".encode()
CLOSING = RIGHT.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
GENERATION = Generation(1, "2026-01-31T10:20:00+00:00")
SHOWS = {
    each: expectation_of(
        picked(each, range(1, 6), generation=GENERATION, quarter=Quarter.FIRST),
        FillPolicy.NONE,
        lambda _generation, _quarter: frozenset[int](),
    )
    for each in (27, 28)
}


class Wire(asyncio.Transport):
    """A fake network that keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        self.aborted = True


class Exact(Latencies):
    """Keeps every latency, too."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[float] = []

    def add(self, seconds: float) -> None:
        super().add(seconds)
        self.all.append(seconds)


class Scene:
    """One visitor, one connection at a time, and a clock."""

    def __init__(
        self,
        *,
        requests: int | None = None,
        duration: float | None = None,
        rate: float | None = None,
    ) -> None:
        self.time = 0.0
        self.connects = self.doubts = 0
        self.schedule = Schedule(0.0, requests=requests, duration=duration, rate=rate)
        self.crowd = Crowd(
            target=Target.parse("http://server:8000/ads"),
            address=Address.PAGE,
            expected=QuarterExpectations(Quarter.FIRST, GENERATION, SHOWS, complete=True),
            schedule=self.schedule,
            now=lambda: self.time,
            connect=self._connect,
            on_doubt=self._doubt,
            on_idle=lambda: None,
        )
        self.counts = self.crowd.counts
        self.counts.latencies = self.latencies = Exact()
        self.open()
        self.visitor = Visitor(self.crowd, self.connection)
        self.visitor.rest()

    def open(self) -> None:
        self.wire, self.connection = Wire(), Connection()
        self.connection.connection_made(self.wire)

    def answer(self, data: bytes = RIGHT) -> None:
        self.connection.data_received(data)

    def _connect(self, _: Visitor) -> None:
        self.connects += 1

    def _doubt(self) -> None:
        self.doubts += 1


def waits(rate: float, takes: Sequence[float]) -> list[float]:
    """How long each request takes from when it was due, by Lindley's recursion.

    One server with one queue: a request waits for the unfinished work of those before it.
    """
    told, undone = [], 0.0
    for each in takes:
        told.append(undone + each)
        undone = max(0.0, undone + each - 1 / rate)
    return told


@given(
    st.lists(st.floats(0.001, 3.0), min_size=1, max_size=30),
    st.sampled_from([0.5, 1.0, 4.0, 100.0]),
)
def test_in_an_open_loop_latencies_count_from_when_requests_were_due(
    takes: list[float], rate: float
) -> None:
    scene = Scene(requests=len(takes), rate=rate)
    for number, each in enumerate(takes):
        # Nothing is sent before it is due.
        scene.time = max(scene.time, number / rate)
        scene.crowd.send_due()
        scene.time += each
        scene.answer()
    assert scene.latencies.all == pytest.approx(waits(rate, takes))


def test_a_stall_counts_for_all_that_had_to_wait_and_not_for_one() -> None:
    scene = Scene(requests=100, rate=10)
    for number in range(100):
        scene.time = max(scene.time, number / 10)
        scene.crowd.send_due()
        scene.time += 5.0 if number == 0 else 0.001
        scene.answer()
    # Of a hundred, fifty were due in the five seconds of the stall, and half of these before its
    # middle: a quarter of all waited for more than half of it.
    assert scene.counts.latencies.percentile(750) == pytest.approx(2.5, rel=0.05)
    assert scene.counts.latencies.percentile(500) < 0.2


def test_in_a_closed_loop_latencies_count_from_when_requests_were_sent() -> None:
    scene = Scene(requests=3)
    for takes in (5.0, 0.25, 0.5):
        scene.time += takes
        scene.answer()
    assert scene.latencies.all == [5.0, 0.25, 0.5]


def test_requests_are_sent_one_after_another_over_all_campaigns() -> None:
    scene = Scene(requests=3)
    assert len(scene.wire.written) == 1
    scene.answer()
    scene.answer()
    scene.answer()
    paths = [each.split(b" ")[1] for each in scene.wire.written]
    assert paths == [b"/ads/campaigns/27", b"/ads/campaigns/28", b"/ads/campaigns/27"]
    assert scene.schedule.over(scene.time)
    assert scene.crowd.idle == [scene.visitor]
    assert scene.wire.written[0].endswith(b"\r\n\r\n")
    assert b"Host: server:8000\r\n" in scene.wire.written[0]


def test_an_answer_in_pieces_is_one_answer() -> None:
    scene = Scene(requests=1)
    for place in range(len(RIGHT)):
        scene.answer(RIGHT[place : place + 1])
    assert (scene.counts.done, scene.counts.failed, scene.doubts) == (1, 0, 0)


def test_an_answer_that_is_not_as_published_is_put_aside() -> None:
    scene = Scene(requests=1)
    scene.answer(RIGHT.replace(b"image_5", b"image_6"))
    assert scene.doubts == 1
    assert [each.campaign_id for each in scene.crowd.doubtful] == [27]


def test_a_connection_that_the_server_closes_after_the_answer_is_no_failure() -> None:
    scene = Scene(requests=2)
    scene.answer(CLOSING)
    assert scene.wire.aborted
    assert scene.connects == 1
    scene.connection.connection_lost(None)
    scene.open()
    scene.visitor.connected(scene.connection)
    scene.answer()
    assert (scene.counts.done, scene.counts.failed, scene.counts.sent_again) == (2, 0, 0)


def test_a_request_that_meets_a_closing_connection_is_sent_again() -> None:
    scene = Scene(requests=2)
    scene.answer()
    scene.connection.connection_lost(None)
    assert scene.connects == 1
    scene.open()
    scene.visitor.connected(scene.connection)
    assert b"/campaigns/28 " in scene.wire.written[0]
    scene.answer()
    assert (scene.counts.done, scene.counts.failed, scene.counts.sent_again) == (2, 0, 1)


def test_a_connection_lost_while_nothing_is_asked_is_no_failure() -> None:
    scene = Scene(requests=2, rate=1)
    scene.answer()
    scene.connection.connection_lost(None)
    assert (scene.counts.done, scene.counts.failed, scene.connects) == (1, 0, 0)
    scene.time = 1.0
    scene.crowd.send_due()
    assert scene.connects == 1


def test_a_new_connection_that_is_closed_without_an_answer_is_a_failure() -> None:
    scene = Scene(requests=1)
    scene.connection.connection_lost(None)
    assert scene.counts.faults == {Fault.CUT_OFF: 1}


def test_an_answer_that_is_cut_off_is_a_failure() -> None:
    scene = Scene(requests=2)
    scene.answer()
    scene.answer(RIGHT[:-1])
    scene.connection.connection_lost(ConnectionResetError())
    assert scene.counts.faults == {Fault.CUT_OFF: 1}
    assert scene.counts.latencies.count == 1


def test_what_is_not_http_is_a_failure_and_ends_the_connection() -> None:
    scene = Scene(requests=1)
    scene.answer(b"220 mail.example ESMTP\r\n")
    assert scene.counts.faults == {Fault.MALFORMED: 1}
    assert scene.wire.aborted


def test_what_a_connection_given_up_still_says_is_not_listened_to() -> None:
    scene = Scene(requests=2)
    given_up = scene.connection
    scene.answer(b"nonsense\r\n")
    scene.open()
    scene.visitor.connected(scene.connection)
    given_up.connection_lost(None)
    scene.answer()
    assert (scene.counts.done, scene.counts.failed) == (2, 1)


def test_no_answer_in_time_is_a_failure() -> None:
    scene = Scene(requests=1)
    scene.time = PATIENCE_SECONDS
    scene.visitor.check_timeout()
    assert scene.counts.failed == 0
    scene.time += 0.1
    scene.visitor.check_timeout()
    assert scene.counts.faults == {Fault.TIMED_OUT: 1}


def test_every_request_that_finds_no_connection_is_a_failure() -> None:
    scene = Scene(requests=3)
    scene.connection.connection_lost(None)
    scene.visitor.not_connected("refused")
    scene.visitor.not_connected("refused")
    assert scene.counts.faults == {Fault.CUT_OFF: 1, Fault.NOT_CONNECTED: 2}
    assert scene.schedule.over(scene.time)


def test_a_fault_of_our_own_is_not_counted_as_the_servers() -> None:
    scene = Scene(requests=1)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    scene.crowd.answered = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(Exception, match="on_message_complete") as caught:
        scene.answer()
    assert isinstance(caught.value.__context__, ZeroDivisionError)
    assert scene.counts.failed == 0


def test_a_duration_ends_a_closed_loop() -> None:
    scene = Scene(duration=1.0)
    scene.time = 0.9
    scene.answer()
    scene.time = 1.1
    scene.answer()
    assert scene.counts.done == 2
    assert scene.schedule.over(scene.time)


def test_a_request_that_was_due_but_could_not_be_sent_is_counted() -> None:
    schedule = Schedule(0.0, requests=None, duration=2.0, rate=10.0)
    assert schedule.take(0.0) == 0.0
    assert schedule.take(0.05) is None
    assert schedule.take(2.0 + PATIENCE_SECONDS - 0.1) == pytest.approx(0.1)
    assert schedule.take(2.0 + PATIENCE_SECONDS) is None
    assert schedule.over(2.0 + PATIENCE_SECONDS)
    assert schedule.never_sent == 18


@pytest.mark.parametrize(
    ("requests", "duration", "rate", "at", "done"),
    [(4, None, None, 9.0, 0.25), (None, 10.0, None, 9.0, 0.9), (2, 10.0, None, 1.0, 0.5)],
)
def test_how_far_a_run_is_goes_by_what_ends_it_first(
    requests: int | None, duration: float | None, rate: float | None, at: float, done: float
) -> None:
    schedule = Schedule(0.0, requests=requests, duration=duration, rate=rate)
    assert schedule.done(at, 1) == done


def test_a_run_that_is_stopped_is_over_and_no_further_than_it_was() -> None:
    schedule = Schedule(0.0, requests=None, duration=2.0, rate=10.0)
    schedule.take(0.0)
    schedule.stop()
    assert schedule.over(0.5)
    assert schedule.take(0.5) is None
    assert schedule.done(0.5, 1) == 0.25
    assert schedule.never_sent == 0
