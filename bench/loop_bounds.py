"""Measure what recording takes: memory, open files, and bytes of the event log."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from loop_rounds import LoopSite, write_tokens
from ours import Ours, until
from wrk import Load, run

CONNECTIONS = 500
_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Bounds:
    """What recording takes.

    Args:
        worker_mb: resident memory of a worker that records nothing, in MiB.
        recording_mb: that of a worker that has recorded for a while.
        connection_kb: resident memory of a connection that has had an answer, in KiB.
        more_files: open files of a worker that records, without those of one that does not.
        view_bytes: bytes of the event log for a view that was seen.
        click_bytes: bytes of the event log for a click.
    """

    worker_mb: float
    recording_mb: float
    connection_kb: float
    more_files: int
    view_bytes: float
    click_bytes: float


def bounds(site: LoopSite) -> Bounds:
    """Measure what recording takes, with one worker."""
    with site.serving(recording=False, workers=1) as ours:
        _ask(ours, site.page)
        without_mb, without_files = ours.memory_mb()[0], _open_files(ours)
    with site.serving(workers=1) as ours:
        seen, clicks = write_tokens(ours.url + site.page, site.events)
        view_bytes = _bytes_of_each(site, Load(f"{ours.url}/e/@", _SECONDS, ids=seen))
        click_bytes = _bytes_of_each(site, Load(f"{ours.url}/c/@", _SECONDS, ids=clicks))
        with_mb, with_files = ours.memory_mb()[0], _open_files(ours)
        with _connected(ours, site.page):
            connected_mb = ours.memory_mb()[0]
    return Bounds(
        worker_mb=without_mb,
        recording_mb=with_mb,
        connection_kb=(connected_mb - with_mb) * 1024 / CONNECTIONS,
        more_files=with_files - without_files,
        view_bytes=view_bytes,
        click_bytes=click_bytes,
    )


def _ask(ours: Ours, path: str) -> None:
    """Load a worker for a moment, so that it has everything in memory that it needs."""
    run(Load(ours.url + path, _SECONDS))


def _bytes_of_each(site: LoopSite, load: Load) -> float:
    before = _log_bytes(site)
    answered = run(load)
    return (_log_bytes(site) - before) / answered.requests


def _log_bytes(site: LoopSite) -> int:
    return sum(path.stat().st_size for path in (site.events / "log").rglob("*") if path.is_file())


def _open_files(ours: Ours) -> int:
    """Return the open files of the worker without its connections."""
    found = [each.readlink().name for each in Path(f"/proc/{ours.workers[0]}/fd").iterdir()]
    return sum(not name.startswith("socket:") for name in found)


@contextmanager
def _connected(ours: Ours, path: str) -> Iterator[None]:
    """Hold connections open that have each had an answer."""
    place = urlsplit(ours.url)
    request = f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode()
    with ExitStack() as opened:
        for _ in range(CONNECTIONS):
            each = opened.enter_context(
                socket.create_connection((place.hostname, place.port), timeout=10)
            )
            each.sendall(request)
            answer = b""

            def is_complete(each: socket.socket = each) -> bool:
                nonlocal answer
                answer += each.recv(65_536)
                return b"</html>" in answer

            until(is_complete, "a page did not come completely")
        yield
