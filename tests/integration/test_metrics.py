"""/metrics is right for all worker processes together, even when one of them is killed."""

import os
import signal
from collections.abc import Callable

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from banners.core.account import Account
from banners.core.events import Kind, Reason
from banners.web import series
from banners.web.metrics import Metrics, withdraw
from banners.web.series import Series
from banners.web.shared_memory import SharedMemory
from support.running import Workplace

SLOTS = 2


def figure(told: str, name: str, **labels: str) -> float:
    """Return one figure of an exposition."""
    (found,) = (
        sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
    return float(found)


def told_by(memory: SharedMemory, slot: int = 0) -> str:
    return Metrics(memory, slot).exposition().decode() + "# EOF\n"


def in_a_worker(work: Callable[[], None]) -> None:
    """Do something in a process of its own, which is killed as soon as it has done it."""
    worker = os.fork()
    if worker == 0:
        try:
            work()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    _, status = os.waitpid(worker, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def work(memory: SharedMemory, slot: int, generation: int, lineups: int, seconds: float) -> None:
    def serve() -> None:
        metrics = Metrics(memory, slot)
        metrics.loaded(1, generation=generation, lineups=lineups, seconds=seconds, accounts=())
        metrics.answered("/campaigns/{campaign}", 200, 0.001)

    in_a_worker(serve)


def test_figures_cover_all_living_workers() -> None:
    memory = SharedMemory(SLOTS)
    work(memory, 0, generation=3, lineups=7, seconds=0.5)
    work(memory, 1, generation=4, lineups=5, seconds=0.25)
    told = told_by(memory)
    assert figure(told, "banners_lineups_in_memory", quarter="1") == 7 + 5
    assert figure(told, "banners_generation", quarter="1") == 3
    assert figure(told, "banners_load_seconds", quarter="1") == 0.5
    assert figure(told, "banners_requests_total") == 2
    assert figure(told, "banners_request_seconds_count") == 2
    assert figure(told, "banners_request_seconds_bucket", le="0.001") == 2
    assert figure(told, "banners_request_seconds_bucket", le="0.0005") == 0
    assert figure(told, "banners_request_seconds_sum") == 0.002


def test_a_killed_worker_no_longer_counts_but_its_answers_do() -> None:
    memory = SharedMemory(SLOTS)
    work(memory, 0, generation=3, lineups=7, seconds=0.5)
    withdraw(memory.series[0])
    work(memory, 1, generation=4, lineups=5, seconds=0.25)
    told = told_by(memory, 1)
    assert figure(told, "banners_lineups_in_memory", quarter="1") == 5
    assert figure(told, "banners_generation", quarter="1") == 4
    assert figure(told, "banners_load_seconds", quarter="1") == 0.25
    assert figure(told, "banners_requests_total") == 2


def test_a_worker_counts_on_from_where_the_one_before_it_was_killed() -> None:
    memory = SharedMemory(SLOTS)
    for _ in range(3):
        work(memory, 0, generation=3, lineups=7, seconds=0.5)
        withdraw(memory.series[0])
    told = told_by(memory, 1)
    assert figure(told, "banners_requests_total") == 3
    assert figure(told, "banners_request_seconds_count") == 3
    assert "banners_generation{" not in told


@pytest.mark.parametrize("limit", ["TEXT_BYTES", "NUMBERS"])
def test_more_metrics_than_there_is_room_for_are_left_out_and_harm_nothing(
    limit: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    memory = SharedMemory(SLOTS)
    metrics = Metrics(memory)
    metrics.answered("/before", 200, 0.001)
    monkeypatch.setattr(series, limit, 0)
    for _ in range(3):
        metrics.answered("/beyond", 200, 0.001)
    metrics.answered("/before", 200, 0.001)
    monkeypatch.undo()
    told = told_by(memory, 1)
    assert figure(told, "banners_requests_total") == 2
    assert "/beyond" not in told
    # once for the counter, once for the histogram
    assert len([each for each in caplog.messages if "There is no room for" in each]) == 2


def test_damaged_metrics_of_one_worker_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    memory = SharedMemory(SLOTS)
    work(memory, 0, generation=3, lineups=7, seconds=0.5)
    work(memory, 1, generation=4, lineups=5, seconds=0.25)
    metrics = Metrics(memory, 1)
    memory.series[0] = Damaged(memoryview(bytearray(series.AREA_BYTES)))
    told = metrics.exposition().decode()
    assert figure(told, "banners_requests_total") == 1
    assert "left out" in caplog.text


class Damaged(Series):
    """Metrics whose memory another program has written to."""

    def __init__(self, memory: memoryview) -> None:
        memory[:24] = bytes([16, *bytes(7)]) + b"?" * 16
        super().__init__(memory)


def test_any_worker_returns_the_answers_of_all(published: Workplace) -> None:
    with published.serving("--workers", "2") as (address, _):
        for campaign in range(1, 31):
            # each over a connection of its own, which either worker may take
            assert httpx.get(f"{address}/api/v1/campaigns/{campaign}").status_code == 200
        told = httpx.get(f"{address}/metrics").text
    answered = {"route": "/api/v1/campaigns/{campaign_id}", "status": "200"}
    assert figure(told, "banners_requests_total", **answered) == 30


FAULTS: tuple[dict[Reason, int], ...] = (
    {Reason.BAD_ID: 5, Reason.BAD_WIDTH: 2},
    {Reason.BAD_WIDTH: 1},
)


def test_an_outcome_that_no_longer_occurs_is_zero() -> None:
    metrics = Metrics()
    for generation, rejected in enumerate(FAULTS, 1):
        rows = 10 + sum(rejected.values())
        account = Account(Kind.CLICKS, rows, 10, 0, rejected, {})
        metrics.loaded(1, generation=generation, lineups=1, seconds=0.1, accounts=[account])
    told = metrics.exposition().decode() + "# EOF\n"
    found = {
        outcome: figure(told, "banners_event_rows", quarter="1", outcome=outcome)
        for outcome in ("accepted", "bad_id", "bad_width")
    }
    assert found == {"accepted": 10, "bad_id": 0, "bad_width": 1}


def test_an_address_is_counted_by_one_name_however_it_is_answered(published: Workplace) -> None:
    with published.serving() as (address, _):
        for path in ("/campaigns/1", "/campaigns/abc", "/campaigns/999"):
            httpx.get(address + path)
        told = httpx.get(f"{address}/metrics").text
    found = {
        status: figure(
            told, "banners_requests_total", route="/campaigns/{campaign_id}", status=status
        )
        for status in ("200", "400", "404")
    }
    assert found == {"200": 1, "400": 1, "404": 1}
    assert ":anything" not in told


def test_the_openapi_document_is_counted_as_itself(published: Workplace) -> None:
    with published.serving() as (address, _):
        assert httpx.get(f"{address}/openapi.json").status_code == 200
        assert httpx.head(f"{address}/openapi.json").status_code == 200
        assert httpx.post(f"{address}/openapi.json").status_code == 405
        told = httpx.get(f"{address}/metrics").text
    answered = figure(told, "banners_requests_total", route="/openapi.json", status="200")
    assert (answered, 'route="none"' in told) == (2, False)
