"""Clients that send without reading, without end, too much, or nothing: others notice nothing."""

import re
import resource
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.web.hot.bounds import WAIT_SECONDS
from banners.web.http.files import StaticFiles
from faults.load import Load
from support.publishing import publish
from support.running import COMMAND, Workplace
from support.servers import until

GET = b"GET /campaigns/5 HTTP/1.1\r\nHost: test\r\n\r\n"
POST = (
    b"POST /campaigns HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
)
PATHS = ["/campaigns/5", "/api/v1/campaigns/6/banners", "/healthz"]
MEGABYTE = 2**20
FILE = StaticFiles.packaged().address("swagger-ui-bundle.js")
"""The longest file that there is."""
DESCRIPTORS = 1_024
WORKERS = 2
SLOWEST_SECONDS = 2.5
"""Ten times what other visitors are promised."""


@dataclass(frozen=True)
class Site:
    """Two workers.

    Args:
        parent: the process that started them.
        log: the file that they write their log to.
    """

    parent: int
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def address(self) -> str:
        found = re.search("Banners is at (.*?)/ ", self.said)
        assert found is not None
        return found[1]

    @property
    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.parent}/task/{self.parent}/children").read_text().split()
        return [each for each in map(int, children) if self.sockets_of(each) > 1]

    @staticmethod
    def sockets_of(process: int) -> int:
        found = 0
        for each in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                found += int(str(each.readlink()).startswith("socket:"))
        return found

    @property
    def memory(self) -> int:
        """The most bytes of memory that both have had, added up."""
        peaks = [Path(f"/proc/{each}/status").read_text() for each in self.workers]
        return sum(int(text.partition("VmHWM:")[2].split()[0]) * 1024 for text in peaks)

    @property
    def sockets(self) -> int:
        """The number of sockets that both have open."""
        return sum(map(self.sockets_of, self.workers))

    def connect(self) -> socket.socket:
        place = urlsplit(self.address)
        return socket.create_connection((place.hostname, place.port), timeout=60)

    def ask(self, *sent: bytes) -> bytes:
        """Send bytes, and return all that comes until the connection is closed."""
        with self.connect() as connection:
            with suppress(OSError):
                for each in sent:
                    connection.sendall(each)
            return b"".join(iter(lambda: connection.recv(65_536), b""))


@contextmanager
def descriptors(soft: int) -> Iterator[None]:
    """Let this process, and those that it starts, have so many files open."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("hostile")
    url = f"sqlite:///{folder / 'banners.db'}"
    database = open_database(url, create=True)
    publish(database, 1_000, *Quarter)
    database.dispose()
    workplace = Workplace(folder, {"BANNERS_DATABASE_URL": url})
    log = folder / "log"
    with descriptors(DESCRIPTORS), log.open("wb") as output:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", "--workers", str(WORKERS)],
            cwd=folder,
            env=workplace.environment,
            stdout=output,
            stderr=output,
        )
    with process:
        try:
            until(lambda: log.read_text().count("up to date") >= WORKERS)
            yield Site(process.pid, log)
        finally:
            process.terminate()


@contextmanager
def many(site: Site, connections: int) -> Iterator[list[socket.socket]]:
    """Open many connections, without waiting for any."""
    place = urlsplit(site.address)
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(connections)]
        for each in sockets:
            each.setblocking(False)
            with suppress(BlockingIOError):
                each.connect((place.hostname, place.port))
        yield sockets


@contextmanager
def repeatedly(act: Callable[[], None]) -> Iterator[None]:
    """Do something over and over in a thread until the block ends."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(0.001):
            act()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_pipelining_without_reading_takes_a_megabyte_a_connection(site: Site) -> None:
    before, sent = site.memory, GET * 1_000

    def flood() -> None:
        for each in hostile:
            with suppress(OSError):
                each.send(sent)

    with Load(site.address, PATHS) as load:
        load.go_on(200)
        began = time.monotonic()
        with many(site, 40) as hostile, repeatedly(flood):
            load.go_on(2_000)
    assert [each.text for each in load.failed] == []
    assert load.slowest(began).seconds < SLOWEST_SECONDS
    assert site.memory - before < 40 * MEGABYTE


@pytest.mark.parametrize("fields", [b"X-%d: " % 1 + b"x" * 64 * MEGABYTE, b"a: b\r\n" * 1_000_000])
def test_a_head_that_is_too_large_is_refused_and_takes_no_memory(site: Site, fields: bytes) -> None:
    before = site.memory
    answer = site.ask(b"GET / HTTP/1.1\r\nHost: test\r\n", fields)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert site.memory - before < 2 * MEGABYTE


@pytest.mark.slow
def test_a_connection_that_waits_for_its_client_is_closed(site: Site) -> None:
    before = site.sockets
    with ExitStack() as opened:
        silent, head, body, begun, unread, idle = (
            opened.enter_context(site.connect()) for _ in range(6)
        )
        began = time.monotonic()
        head.sendall(GET[:-4] + b"\r\nX: ")
        body.sendall(POST + b"Content-Length: 1000\r\n\r\n")
        begun.sendall(GET[:9])
        idle.sendall(GET)
        unread.setblocking(False)

        def go_on() -> None:
            time.sleep(0.05)
            for each, more in ((head, b"x"), (body, b"a"), (unread, GET * 1_000)):
                with suppress(OSError):
                    each.send(more)

        with repeatedly(go_on):
            until(lambda: site.sockets > before)
            until(lambda: site.sockets <= before)
        assert time.monotonic() - began < WAIT_SECONDS + 10
        for each in (head, body, begun):
            assert each.recv(65_536).startswith(b"HTTP/1.1 408 ")
        assert silent.recv(65_536) == b""
        assert idle.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.slow
def test_silent_connections_beyond_the_limit_of_descriptors_keep_nobody_out(site: Site) -> None:
    with descriptors(4_000), Load(site.address, PATHS, keep_alive=False) as load:
        load.go_on(200)
        began = time.monotonic()
        with many(site, 3_000):
            load.go_on(2_000)
    assert [each.text for each in load.failed] == []
    assert load.slowest(began).seconds < SLOWEST_SECONDS
    assert "File descriptors run short" in site.said
    assert "database" not in site.said


def test_an_image_that_no_banner_can_have_rings_no_alarm(site: Site) -> None:
    def placeholders() -> float:
        text = httpx.get(f"{site.address}/metrics").text
        return float(text.partition("\nbanners_placeholders_total ")[2].split()[0])

    before = placeholders()
    for banner_id in (10**17, 10**18 - 1):
        image = httpx.get(f"{site.address}/static/images/image_{banner_id}.png")
        assert image.headers["content-type"] == "image/svg+xml"
    assert placeholders() == before
    banners = httpx.get(f"{site.address}/api/v1/campaigns/5/banners").json()["banners"]
    httpx.get(f"{site.address}{banners[0]['image']}")
    assert placeholders() == before + 1


REQUESTS = {
    "a request line": GET[:9],
    "a header": GET[:-8],
    "a form": POST + b"Content-Length: 1000\r\n\r\ncampaign_id=",
    "a form in chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\ncampa",
    "a form that is not announced": b"POST /campaigns HTTP/1.1\r\nHost: test\r\n\r\n",
    "a page": GET,
    "a page of the framework": b"GET /campaigns HTTP/1.1\r\nHost: test\r\n\r\n",
    "a report": b"GET /campaigns/5/report HTTP/1.1\r\nHost: test\r\n\r\n",
    "a file": b"GET %b HTTP/1.1\r\nHost: test\r\n\r\n" % FILE.encode(),
    "many requests": GET * 100 + POST,
}


def test_a_client_that_leaves_at_any_moment_is_no_error_of_the_server(site: Site) -> None:
    assert httpx.get(f"{site.address}{FILE}").status_code == 200
    for sent in REQUESTS.values():
        for abruptly in (True, False):
            with site.connect() as connection:
                connection.sendall(sent)
                if abruptly:
                    linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    left = 'banners_requests_total{route="/campaigns",status="499"}'
    until(lambda: left in httpx.get(f"{site.address}/metrics").text)
    figures = httpx.get(f"{site.address}/metrics").text
    assert not re.search(r'status="5', figures)
    assert "ERROR" not in site.said
