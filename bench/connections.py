"""Measure how workers share connections: ``make bench BENCH=connections``.

The workers of ``banners serve`` listen on one socket and leave connections to one another
(:mod:`banners.web.hot.sharing`). The alternative is a socket for each worker, over which the system
spreads connections by a hash (``SO_REUSEPORT``). Both serve the same result in turn, in short
rounds.
"""

import multiprocessing
import os
import signal
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median
from unittest.mock import patch
from urllib.parse import urlsplit

import click
import data
import uvicorn
import zone
from claims import FOLDER, machine, show_step, write
from ours import Ours, banners, is_answered, until
from rich.table import Table
from rounds import ADDRESSES, fetch
from wrk import CONNECTIONS, Load, run

from banners.web.hot.protocol import DeliveryProtocol

WORKERS = 2
BURSTS = 20
"""Number of bursts in each round, idle and busy."""
HUNG_CONNECTIONS = 100
"""Number of connections that are opened one after another while a worker hangs."""
PATIENCE_SECONDS = 0.5
"""Seconds after which a connection counts as unanswered; a supervisor takes ten times as long."""
_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"

Found = dict[str, list[float]]


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Number of rounds.")
@click.option("--seconds", default=2, show_default=True, help="Duration of each load.")
def connections(rounds: int, seconds: int) -> None:
    """Measure one shared socket against a socket for each worker."""
    folder = data.make("sample", impressions=150_000, campaigns=50)
    url = data.served(folder)
    always_first = zone.variables(FOLDER / "zones")
    ways: dict[str, Callable[[], AbstractContextManager[Ours]]] = {
        "shared socket": lambda: banners(url, workers=WORKERS, **always_first),
        "socket for each worker": lambda: own_sockets(url, always_first),
    }
    found: dict[str, Found] = {way: defaultdict(list) for way in ways}
    for number in range(1, rounds + 1):
        show_step(f"Round {number} of {rounds}")
        for way, serve in ways.items():
            with serve() as server:
                _measure(server, seconds, found[way])
    table = Table("figure", *ways, box=None)
    for name in next(iter(found.values())):
        table.add_row(name, *(_spread(each[name]) for each in found.values()))
    write("connections", [table], {"machine": machine(), "rounds": rounds, "ways": found}, [])


def _measure(server: Ours, seconds: float, found: Found) -> None:
    """Measure rates, the busiest worker's share of bursts, and what a hung worker costs."""
    page = server.url + ADDRESSES["page"].format(campaign=1)
    load = Load(page, seconds, headers=[f"Cookie: {fetch(page)[1]}"])
    before = server.requests()
    found["requests/s, page"].append(run(load).rate)
    counts = [after - each for after, each in zip(server.requests(), before, strict=True)]
    found["busiest worker's share of them, %"].append(100 * max(counts) / sum(counts))
    for name, held_up in (("idle", 0), ("busy", 2 * (os.cpu_count() or 1))):
        with _busy(held_up):
            found[f"busiest worker's of {CONNECTIONS} at once, {name}"] += [
                max(_burst(server)) for _ in range(BURSTS)
            ]
    os.kill(server.workers[0], signal.SIGSTOP)
    try:
        waits = [_wait(server) for _ in range(HUNG_CONNECTIONS)]
    finally:
        os.kill(server.workers[0], signal.SIGCONT)
    answered = [wait for wait in waits if wait is not None]
    found["unanswered while a worker hangs, %"].append(100 - 100 * len(answered) / len(waits))
    found["longest wait of those answered, ms"].append(1e3 * max(answered))


def _burst(server: Ours) -> list[int]:
    """Open connections at the same time; return how many each worker took."""
    place = urlsplit(server.url)
    before = [_sockets(worker) for worker in server.workers]
    with ExitStack() as burst:
        opened = [burst.enter_context(socket.socket()) for _ in range(CONNECTIONS)]
        for each in opened:
            each.setblocking(False)
            each.connect_ex((place.hostname, place.port))
        for each in opened:
            each.settimeout(None)
            each.sendall(_REQUEST)
            each.recv(65_536)
        return [
            len(_sockets(worker) - already)
            for worker, already in zip(server.workers, before, strict=True)
        ]


def _wait(server: Ours) -> float | None:
    """Connect and send a request; return the seconds to the answer, None after a timeout."""
    place = urlsplit(server.url)
    begun = time.perf_counter()
    try:
        with socket.create_connection((place.hostname, place.port), PATIENCE_SECONDS) as opened:
            opened.sendall(_REQUEST)
            opened.recv(65_536)
    except TimeoutError:
        return None
    return time.perf_counter() - begun


def _sockets(process: int) -> set[str]:
    found = set()
    for opened in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(opened.readlink()))
    return {each for each in found if each.startswith("socket:")}


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    """Keep processors busy with something else."""
    with _running([multiprocessing.Process(target=_spin) for _ in range(processes)], {}):
        yield


def _spin() -> None:
    while True:
        pass


@contextmanager
def own_sockets(database: str, variables: Mapping[str, str]) -> Iterator[Ours]:
    """Serve by workers that listen on a socket each; yield them.

    Args:
        database: the URL of what is published.
        variables: settings.
    """
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        environment = {
            "BANNERS_DATABASE_URL": database,
            "BANNERS_IMAGES": str(data.IMAGES),
            **data.OPEN,
            **variables,
        }
        start = multiprocessing.get_context("spawn").Process
        workers = [start(target=_serve, args=(port,)) for _ in range(WORKERS)]
        with _running(workers, environment):
            url = f"http://127.0.0.1:{port}"
            server = Ours(url, tuple(each.pid or 0 for each in workers))
            until(lambda: all(server.generations()), "not every worker has something to serve")
            until(lambda: is_answered(f"{url}/readyz"), "no worker answers")
            yield server


def _serve(port: int) -> None:
    config = uvicorn.Config(
        "banners.asgi:create",
        factory=True,
        http=DeliveryProtocol,
        proxy_headers=False,
        access_log=False,
        log_config=None,
        server_header=False,
        ws="none",
    )
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _running(processes: Sequence[BaseProcess], environment: Mapping[str, str]) -> Iterator[None]:
    with patch.dict(os.environ, environment):
        for each in processes:
            each.start()
    try:
        yield
    finally:
        for each in processes:
            each.terminate()
        for each in processes:
            each.join()


def _spread(figures: list[float]) -> str:
    return f"{median(figures):,.1f} ({min(figures):,.1f} to {max(figures):,.1f})"
