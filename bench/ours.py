"""Run ``banners serve``, and inspect its workers from outside."""

import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from data import BANNERS, IMAGES, OPEN, environment

from banners.web.series import AREA_BYTES, Series
from banners.web.shared_memory import NAME

PATIENCE_SECONDS = 120
_PAUSE_SECONDS = 0.005


@dataclass(slots=True)
class Ours:
    """A running server.

    Args:
        url: its address.
        workers: the ids of the worker processes.
        ready_seconds: the time from its start until every worker has loaded a generation.
    """

    url: str
    workers: tuple[int, ...]
    ready_seconds: float = 0

    def requests(self) -> list[int]:
        """Return how many requests each of several workers has answered."""
        return self._sums("banners_requests")

    def generations(self) -> list[int]:
        """Return which generation each of several workers serves."""
        return self._sums("banners_generation")

    def memory_mb(self) -> list[float]:
        """Return the resident memory of each worker, in MiB."""
        return [_status(worker, "VmRSS") / 1024 for worker in self.workers]

    def peak_mb(self) -> list[float]:
        """Return the peak memory of each worker, in MiB."""
        return [_status(worker, "VmHWM") / 1024 for worker in self.workers]

    def private_mb(self) -> list[float]:
        """Return the memory that each worker shares with no other process, in MiB."""
        return [_private(worker) / 1024 for worker in self.workers]

    def _sums(self, name: str) -> list[int]:
        """Return the sum of a metric in each worker."""
        memories = dict(map(_memory, self.workers))  # one for all, or one for each
        return [
            int(sum(sum(numbers) for (metric, _), numbers in found if metric == name))
            for memory in memories.values()
            for series in _slots(memory.read_bytes())
            if (found := list(series.read()))
        ]


def _memory(worker: int) -> tuple[int, Path]:
    """Return the number and the path of the memory in which a worker counts."""
    return next(
        (opened.stat().st_ino, opened)
        for opened in Path(f"/proc/{worker}/fd").iterdir()
        if opened.readlink().name.startswith(f"memfd:{NAME} ")
    )


def _slots(memory: bytes) -> list[Series]:
    start = len(memory) % AREA_BYTES  # of what is not metrics
    return [
        Series(memoryview(memory)[each : each + AREA_BYTES])
        for each in range(start, len(memory), AREA_BYTES)
    ]


@contextmanager
def banners(database: str, *, workers: int, **variables: str) -> Iterator[Ours]:
    """Serve what is published in a database, and yield the server.

    Args:
        database: its URL.
        workers: the number of worker processes.
        variables: settings.

    Raises:
        SystemExit: it ended, or is not ready after two minutes.
    """
    own = {"BANNERS_DATABASE_URL": database, "BANNERS_IMAGES": str(IMAGES), **OPEN, **variables}
    with tempfile.TemporaryDirectory(prefix="banners-bench-") as folder:
        log = Path(folder, "log")
        words: list[str | Path] = [BANNERS, "serve", "--port", "0", "--workers", str(workers)]
        begun = time.perf_counter()
        with log.open("wb") as file:
            process = subprocess.Popen(
                words, env={**environment(), **own, "TMPDIR": folder}, stdout=file, stderr=file
            )
        try:
            url = _ready(process, log)
            ours = Ours(url, _workers(process.pid))
            until(lambda: all(ours.generations()), "not every worker has something to serve")
            ours.ready_seconds = time.perf_counter() - begun
            yield ours
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)


def _ready(process: "subprocess.Popen[bytes]", log: Path) -> str:
    url = ""

    def is_ready() -> bool:
        nonlocal url
        if process.poll() is not None:
            raise SystemExit(f"banners serve has ended: {log.read_text(encoding='utf-8')}")
        _, _, rest = log.read_text(encoding="utf-8").partition("Banners is at ")
        url, _, complete = rest.partition("/ ")
        return bool(complete) and is_answered(f"{url}/readyz")

    until(is_ready, "banners serve has nothing to serve")
    return url


def until(is_true: Callable[[], bool], lacking: str) -> None:
    """Wait until a condition is true.

    Args:
        is_true: the condition.
        lacking: what is wrong while it is false, for the error.

    Raises:
        SystemExit: it is still false after two minutes.
    """
    pause, end = Event(), time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        if time.monotonic() > end:
            raise SystemExit(f"After {PATIENCE_SECONDS} seconds, {lacking}.")
        pause.wait(_PAUSE_SECONDS)


def is_answered(url: str) -> bool:
    """Return whether an address is answered without an error."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310  # ours
            return bool(answer.status < 400)  # noqa: PLR2004  # of errors
    except (urllib.error.URLError, OSError):
        return False


def _workers(supervisor: int) -> tuple[int, ...]:
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return tuple(map(int, children))


def _private(process: int) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def _status(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
