"""Loads a server with wrk."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

CONNECTIONS = 32
_SCRIPT = Path(__file__).with_name("wrk.lua")
_PAUSE_MS = 4
_ADMINISTRATORS = ":/usr/sbin:/sbin"


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked, and how much of it.

    Args:
        url: the address; with ``ids``, an ``@`` in it stands for an id.
        seconds: for so long.
        connections: so many requests at a time.
        headers: what each request says besides.
        ids: a file of ids, one a line, which take turns.
        pause_ms: so long a connection pauses before each request, on average.
    """

    url: str
    seconds: float
    connections: int = CONNECTIONS
    headers: Sequence[str] = ()
    ids: Path | None = None
    pause_ms: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a load.

    Args:
        requests: that were answered.
        seconds: it took.
        refused: those of them with a status of 400 or more.
        broken: connections that failed, broke or timed out.
        p50_ms: the median of the latencies.
        p99_ms: the latency that one in a hundred exceeds.
        max_ms: the longest.
    """

    requests: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def start(load: Load) -> "subprocess.Popen[str]":
    """Start to load a server; :func:`answered` waits for the end."""
    words: list[str | Path] = [program("wrk"), "-t1", f"-c{load.connections}"]
    words += [f"-d{max(1, round(load.seconds))}s", "-s", _SCRIPT]
    for header in load.headers:
        words += ["-H", header]
    words += [load.url, "--", load.ids or "-", str(load.pause_ms)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def answered(loading: "subprocess.Popen[str]") -> Answered:
    """Wait for the end of a load.

    Raises:
        SystemExit: wrk failed.
    """
    said, _ = loading.communicate()
    if loading.returncode:
        raise SystemExit(f"wrk failed with {loading.returncode}: {said}")
    return Answered(**json.loads(said.splitlines()[-1]))


def run(load: Load) -> Answered:
    """Load a server."""
    return answered(start(load))


def paced(load: Load, rate: float) -> Load:
    """Change a load to one of about so many requests a second, by pauses.

    Connections are as many as it takes; how long answers take hardly matters, as long as that is
    little beside the pauses. Latencies count from when a request is sent.
    """
    connections = max(1, round(rate * _PAUSE_MS / 1e3))
    short = replace(load, connections=connections, pause_ms=_PAUSE_MS, seconds=1)
    found = run(short).rate
    return replace(
        short, seconds=load.seconds, connections=max(1, round(connections * rate / found))
    )


def program(name: str) -> str:
    """Find a program.

    Raises:
        SystemExit: it is not there.
    """
    found = shutil.which(name, path=os.environ.get("PATH", "") + _ADMINISTRATORS)
    if found is None:
        raise SystemExit(f"Found no {name}. Install it with: make services services-bench")
    return found
