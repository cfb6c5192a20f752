"""Runs ``banners serve``, and looks at its workers from outside."""

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

from data import BANNERS, IMAGES, environment
from prometheus_client.mmap_dict import MmapedDict

PATIENCE_SECONDS = 120
_PAUSE_SECONDS = 0.005


@dataclass(slots=True)
class Ours:
    """A server that has something to serve.

    Args:
        url: where it is.
        workers: the processes that serve.
        folder: where its workers count.
        ready_seconds: the time from its start until every worker has something to serve.
    """

    url: str
    workers: tuple[int, ...]
    folder: Path
    ready_seconds: float = 0

    def requests(self) -> list[int]:
        """Tell how many requests each of several workers has answered."""
        return [
            int(self._sum(worker, "counter", "banners_requests_total")) for worker in self.workers
        ]

    def generations(self) -> list[int]:
        """Tell which generation each of several workers serves."""
        return [
            int(self._sum(worker, "gauge_livemin", "banners_generation")) for worker in self.workers
        ]

    def memory_mb(self) -> list[float]:
        """Tell the memory of each worker, in MiB."""
        return [_status(worker, "VmRSS") / 1024 for worker in self.workers]

    def peak_mb(self) -> list[float]:
        """Tell the most memory that each worker has taken, in MiB."""
        return [_status(worker, "VmHWM") / 1024 for worker in self.workers]

    def _sum(self, worker: int, kind: str, name: str) -> float:
        """Add up what a worker has counted, in the files that the workers count in together."""
        found = 0.0
        for path in self.folder.glob(f"banners-workers-*/{kind}_{worker}.db"):
            values = MmapedDict.read_all_values_from_file(str(path))  # type: ignore[no-untyped-call]  # the library's
            found += sum(value for key, value, *_ in values if f'"{name}"' in key)
        return found


@contextmanager
def banners(database: str, *, workers: int, **variables: str) -> Iterator[Ours]:
    """Serve what is published in a database.

    Args:
        database: its URL.
        workers: how many processes serve.
        variables: settings.

    Raises:
        SystemExit: it has nothing to serve after two minutes, or has ended.
    """
    own = {"BANNERS_DATABASE_URL": database, "BANNERS_IMAGES": str(IMAGES), **variables}
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
            pids = _workers(process.pid) if workers > 1 else (process.pid,)
            ours = Ours(url, pids, Path(folder))
            if workers > 1:
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
    """Wait for something to become true.

    Raises:
        SystemExit: it did not within two minutes.
    """
    pause, end = Event(), time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        if time.monotonic() > end:
            raise SystemExit(f"After {PATIENCE_SECONDS} seconds, {lacking}.")
        pause.wait(_PAUSE_SECONDS)


def is_answered(url: str) -> bool:
    """Tell whether an address is answered, and with no error."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310  # ours
            return bool(answer.status < 400)  # noqa: PLR2004  # of errors
    except (urllib.error.URLError, OSError):
        return False


def _workers(supervisor: int) -> tuple[int, ...]:
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return tuple(
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    )


def _status(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
