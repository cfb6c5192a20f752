"""A server told to stop while visitors come: nobody is cut off, and it ends in time."""

import signal
import socket
import time
from pathlib import Path

import pytest

from banners.cli.serve import GRACE_SECONDS, address, listen, serve_here
from banners.model import Quarter
from banners.settings import load_settings
from banners.store.connect import open_database
from faults.commands import Started, start_function
from faults.load import Load
from publishing import publish
from running import Workplace
from servers import until

PATHS = ["/campaigns/5", "/api/v1/campaigns/6/banners", "/healthz"]
STOPS = 4


def serve(listener: socket.socket) -> None:
    """Serve behind a socket that others serve behind too."""
    serve_here(listener, load_settings(), workers=1)


def started_behind(listener: socket.socket, workplace: Workplace) -> Started:
    """Start one more server behind a socket, and wait until it has something to serve."""
    started = start_function(workplace, serve, listener)
    until(lambda: "up to date" in started.said)
    return started


@pytest.mark.slow
@pytest.mark.parametrize("keep_alive", [True, False])
def test_nobody_is_cut_off_by_a_server_that_stops(tmp_path: Path, keep_alive: bool) -> None:
    url = f"sqlite:///{tmp_path / 'banners.db'}"
    publish(open_database(url, create=True), 1_000, *Quarter)
    workplace = Workplace(tmp_path, {"BANNERS_DATABASE_URL": url})
    with listen("127.0.0.1", 0) as listener:
        servers = [started_behind(listener, workplace)]
        with Load(address(listener), PATHS, visitors=8, keep_alive=keep_alive) as load:
            for _ in range(STOPS):
                servers.append(started_behind(listener, workplace))
                load.go_on(500)
                stopped = time.monotonic()
                servers[-2].signal(signal.SIGTERM)
                servers[-2].wait()
                assert time.monotonic() - stopped < GRACE_SECONDS
        servers[-1].kill()
    assert [each.text for each in load.failed] == []
