"""``banners serve`` as a process: its options and settings reach whatever answers."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from os import kill
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from support.running import Workplace
from support.servers import suspend

# 5 hours and 45 minutes beside UTC: at no moment are both in the same quarter of the hour.
KATHMANDU = "Asia/Kathmandu"
PATIENCE_SECONDS = 60
BURST = 32


def in_the_same_quarter(utc: Callable[[], int], elsewhere: Callable[[], int]) -> tuple[int, int]:
    """Ask both for their quarter, again if that of UTC has changed in between."""
    while True:
        before, there, after = utc(), elsewhere(), utc()
        if before == after:
            return before, there


def quarter_served(address: str) -> int:
    return int(httpx.get(f"{address}/api/v1/campaigns/1").raise_for_status().json()["quarter"])


def quarter_shown(workplace: Workplace) -> int:
    return int(json.loads(workplace.run("show", "1", "--json").stdout)["quarter"])


def quarter_before(quarter: int) -> int:
    return 4 if quarter == 1 else quarter - 1


@pytest.fixture
def kathmandu(published: Workplace) -> Workplace:
    """What is published, seen from another time zone."""
    return Workplace(published.folder, {"BANNERS_TIMEZONE": KATHMANDU})


def test_the_time_zone_decides_which_quarter_is_served(
    published: Workplace, kathmandu: Workplace
) -> None:
    with published.serving() as (utc, _), kathmandu.serving() as (elsewhere, _):
        here, there = in_the_same_quarter(
            lambda: quarter_served(utc), lambda: quarter_served(elsewhere)
        )
    assert there == quarter_before(here)


def test_the_time_zone_decides_which_quarter_is_shown(
    published: Workplace, kathmandu: Workplace
) -> None:
    here, there = in_the_same_quarter(
        lambda: quarter_shown(published), lambda: quarter_shown(kathmandu)
    )
    assert there == quarter_before(here)


def test_every_worker_serves_the_database_that_was_given(
    published: Workplace, workplace: Workplace
) -> None:
    url = f"sqlite:///{published.folder / 'var' / 'banners.db'}"
    with workplace.serving("--workers", "2", "--database", url) as (address, running):
        first_answer = httpx.get(f"{address}/readyz", timeout=PATIENCE_SECONDS)
        assert first_answer.status_code == 200
        one, other = workers(running.pid)
        for idle in (one, other):
            with stopped(idle):
                answer = httpx.get(f"{address}/readyz", timeout=PATIENCE_SECONDS)
                assert answer.json()["generations"] == {"1": 1, "2": 1, "3": 1, "4": 1}


def test_workers_share_the_connections_of_a_burst(published: Workplace) -> None:
    with published.serving("--workers", "2") as (address, running):
        both = workers(running.pid)
        for idle in both:
            with stopped(idle):
                assert httpx.get(f"{address}/healthz", timeout=PATIENCE_SECONDS).status_code == 200
        # On one processor, the worker that runs first would take them all.
        for worker in both:
            on_one_processor(worker)
        # Again, since one that is held up for long loses its share of some bursts.
        assert any(
            sum(min(shares(address, both)) for _ in range(10)) >= 10 * BURST * 3 // 8
            for _ in range(20)
        )


def shares(address: str, workers: list[int]) -> list[int]:
    """Open a burst of connections; return how many each worker took."""
    before = [sockets(worker) for worker in workers]
    with ExitStack() as burst:
        connections = [burst.enter_context(socket.socket()) for _ in range(BURST)]
        for connection in connections:
            connection.setblocking(False)
            connection.connect_ex((urlsplit(address).hostname, urlsplit(address).port))
        for connection in connections:
            connection.settimeout(PATIENCE_SECONDS)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        return [
            len(sockets(worker) - already) for worker, already in zip(workers, before, strict=True)
        ]


def on_one_processor(process: int) -> None:
    first = min(os.sched_getaffinity(process))
    for thread in Path(f"/proc/{process}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {first})


def sockets(process: int) -> set[str]:
    """List the sockets that a process has open."""
    found = set()
    for opened in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(opened.readlink()))
    return {each for each in found if each.startswith("socket:")}


def workers(supervisor: int) -> list[int]:
    """Find the processes that serve, among the children of the one that was started."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [int(child) for child in children]


@contextmanager
def stopped(process: int) -> Iterator[None]:
    """Let a process hang, so that only others can answer."""
    suspend(process)
    try:
        yield
    finally:
        kill(process, signal.SIGCONT)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, None), ({"BANNERS_PUBLIC_URL": "https://b.example/"}, "https://b.example")],
    ids=["where it listens", "where it is said to be"],
)
def test_the_snippet_to_embed_a_banner_names_where_the_server_is_reached(
    published: Workplace, variables: dict[str, str], expected: str | None
) -> None:
    with Workplace(published.folder, variables).serving("--workers", "2") as (address, _):
        page = httpx.get(f"{address}/campaigns/1").raise_for_status().text
        assert f'&lt;img src="{expected or address}/campaigns/1/banner"' in page


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_stopped_by_a_signal_has_not_failed(published: Workplace, workers: str) -> None:
    with published.serving("--workers", workers) as (_, running):
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_stopped_as_soon_as_it_says_its_address_has_not_failed(
    published: Workplace, number: signal.Signals
) -> None:
    with published.start("serve", "--port", "0") as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("Banners is at ")
        running.send_signal(number)
        assert "Stopped" not in running.stdout.read()
    assert running.returncode == 0


def test_a_redis_that_cannot_be_meant_is_refused_before_workers_start(published: Workplace) -> None:
    wrong = Workplace(published.folder, {"BANNERS_REDIS_URL": "redis://localhost:70000/0"})
    ended = wrong.run("serve", "--port", "0", "--workers", "2")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Error: BANNERS_REDIS_URL holds a value")


def test_a_secret_in_a_file_is_not_put_into_the_environment(
    published: Workplace, tmp_path: Path
) -> None:
    secret = tmp_path / "url"
    secret.write_text(f"sqlite:///{published.folder / 'var' / 'banners.db'}")
    workplace = Workplace(tmp_path, {"BANNERS_DATABASE_URL_FILE": str(secret)})
    with workplace.serving("--workers", "2") as (address, running):
        assert httpx.get(f"{address}/readyz", timeout=PATIENCE_SECONDS).status_code == 200
        for worker in workers(running.pid):
            assert secret.read_bytes() not in Path(f"/proc/{worker}/environ").read_bytes()
