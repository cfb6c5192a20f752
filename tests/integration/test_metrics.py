"""What /metrics says is right over all worker processes, also when one of them is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from banners.web.metrics import Metrics
from running import Workplace

WORKER = """
from banners.web.metrics import Metrics
metrics = Metrics()
metrics.loaded(1, generation={generation}, lineups={lineups}, seconds={seconds}, accounts=())
metrics.answered("/campaigns/{{campaign}}", 200, 0.001)
print(metrics.exposition().decode(), end="# EOF\\n", flush=True)
input()
"""


def figure(told: str, name: str, **labels: str) -> float:
    """Find one figure in what was told."""
    (found,) = (
        sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
    return float(found)


@contextmanager
def worker(folder: Path, **figures: float) -> Iterator[tuple[str, int]]:
    """Run a worker that counts in the folder; give what it tells, and its process id."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER.format(**figures)],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield "".join(iter(process.stdout.readline, "# EOF\n")), process.pid
        process.kill()


def test_what_living_workers_hold_is_told_together(tmp_path: Path) -> None:
    first = worker(tmp_path, generation=3, lineups=7, seconds=0.5)
    second = worker(tmp_path, generation=4, lineups=5, seconds=0.25)
    with first, second as (told, _):
        assert figure(told, "banners_lineups_in_memory", quarter="1") == 7 + 5
        assert figure(told, "banners_generation", quarter="1") == 3
        assert figure(told, "banners_load_seconds", quarter="1") == 0.5
        assert figure(told, "banners_requests_total") == 2


def test_what_a_killed_worker_held_is_told_no_more_but_what_it_answered_is(tmp_path: Path) -> None:
    with worker(tmp_path, generation=3, lineups=7, seconds=0.5) as (_, pid):
        os.kill(pid, signal.SIGKILL)
    with worker(tmp_path, generation=4, lineups=5, seconds=0.25) as (told, _):
        assert figure(told, "banners_lineups_in_memory", quarter="1") == 5
        assert figure(told, "banners_generation", quarter="1") == 4
        assert figure(told, "banners_load_seconds", quarter="1") == 0.25
        assert figure(told, "banners_requests_total") == 2


def test_any_worker_tells_what_all_have_answered(published: Workplace) -> None:
    with published.serving("--workers", "2") as (address, _):
        for campaign in range(1, 31):
            # each over a connection of its own, which either worker may take
            assert httpx.get(f"{address}/api/v1/campaigns/{campaign}").status_code == 200
        told = httpx.get(f"{address}/metrics").text
    answered = {"route": "/api/v1/campaigns/{campaign_id}", "status": "200"}
    assert figure(told, "banners_requests_total", **answered) == 30


def test_what_occurs_no_more_is_told_to_be_none() -> None:
    metrics = Metrics()
    for generation, rejected in enumerate(({"bad_id": 5, "bad_width": 2}, {"bad_width": 1}), 1):
        account = {
            "kind": "clicks",
            "accepted": 10,
            "duplicate": 0,
            "rejected": rejected,
            "quarantined": {},
        }
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
