"""Load a server with wrk."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

CONNECTIONS = 32
VISITS = Path(__file__).with_name("visit.lua")
"""Script that visits pages with the small image that each ends in; a request is then a visit."""

_SCRIPT = Path(__file__).with_name("wrk.lua")
_PAUSE_MS = 4
_ADMINISTRATORS = ":/usr/sbin:/sbin"


@dataclass(frozen=True, slots=True)
class Load:
    """The requests to send.

    Args:
        url: the address; with ``ids``, each request replaces ``@`` in it by an id.
        seconds: the duration.
        connections: the number of connections.
        headers: additional headers of each request.
        ids: a file of ids, one a line, which are used in turn.
        skipped: the number of ids to begin after.
        pause_ms: the mean pause of a connection before each request.
        script: what decides which requests are sent; of ``VISITS``, no other field than the URL,
            the time and the connections has an effect.
    """

    url: str
    seconds: float
    connections: int = CONNECTIONS
    headers: Sequence[str] = ()
    ids: Path | None = None
    skipped: int = 0
    pause_ms: int = 0
    script: Path = _SCRIPT


@dataclass(frozen=True, slots=True)
class Answered:
    """The answers to a load.

    Args:
        requests: the number of answered requests.
        seconds: the duration.
        refused: the number of answers with a status of 400 or more.
        broken: the number of connections that failed, broke or timed out.
        p50_ms: the median of the latencies.
        p99_ms: the 99th percentile of the latencies.
        max_ms: the largest latency.
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
    """Start wrk; :func:`answered` waits for its end."""
    words: list[str | Path] = [program("wrk"), "-t1", f"-c{load.connections}"]
    words += [f"-d{max(1, round(load.seconds))}s", "-s", load.script]
    for header in load.headers:
        words += ["-H", header]
    words += [load.url, "--", load.ids or "-", str(load.skipped), str(load.pause_ms)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def answered(loading: "subprocess.Popen[str]") -> Answered:
    """Wait for the end of a load, and return its answers.

    Raises:
        SystemExit: wrk failed.
    """
    said, _ = loading.communicate()
    if loading.returncode:
        raise SystemExit(f"wrk failed with {loading.returncode}: {said}")
    return Answered(**json.loads(said.splitlines()[-1]))


def run(load: Load) -> Answered:
    """Load a server, and return its answers."""
    return answered(start(load))


def paced(load: Load, rate: float) -> Load:
    """Return a load of about a given rate, which pauses before each request.

    It opens as many connections as the rate needs. The time of answers hardly matters as long as it
    is short against the pauses. Latencies are measured from when a request is sent.

    Args:
        load: the load.
        rate: requests a second.
    """
    connections = max(1, round(rate * _PAUSE_MS / 1e3))
    short = replace(load, connections=connections, pause_ms=_PAUSE_MS, seconds=1)
    found = run(short).rate
    return replace(
        short, seconds=load.seconds, connections=max(1, round(connections * rate / found))
    )


def program(name: str) -> str:
    """Return the path of a program.

    Raises:
        SystemExit: it is not installed.
    """
    found = shutil.which(name, path=os.environ.get("PATH", "") + _ADMINISTRATORS)
    if found is None:
        raise SystemExit(f"Found no {name}. Install it with: make services services-bench")
    return found
