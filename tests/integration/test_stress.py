"""``banners stress`` against the real server, and against servers that behave wrongly."""

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from banners.settings import load_settings
from banners.wiring import web_application
from support.running import COMMAND, Workplace, serving
from support.servers import free_port, until

ROOT = Path(__file__).parents[2]
Application = Callable[..., Awaitable[None]]


def application(published: Workplace) -> Application:
    folder = published.folder / "var"
    overrides = {
        "database_url": f"sqlite:///{folder / 'banners.db'}",
        "images": str(folder / "images"),
    }
    return web_application(load_settings(overrides, environment={"BANNERS_OPERATORS": "open"}))


@pytest.fixture(scope="module")
def served(published: Workplace) -> Iterator[str]:
    with serving(application(published)) as address:
        yield address


def told(ended: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert ended.stdout, ended.stderr
    found = json.loads(ended.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("path", ["page", "json", "banner"])
@pytest.mark.parametrize("concurrency", ["1", "8"])
def test_a_server_that_is_right_passes(
    published: Workplace, served: str, path: str, concurrency: str
) -> None:
    ended = published.run(
        *("stress", served, "--requests", "300", "--path", path),
        *("--concurrency", concurrency, "--json"),
    )
    report = told(ended)
    assert ended.returncode == 0
    assert (report["requests"], report["failed"], report["failures"]) == (300, 0, {})
    # With the quarter of the hour, some campaigns may end while the test goes on.
    assert sum(report["statuses"].values()) == 300
    assert set(report["statuses"]) <= {"302" if path == "banner" else "200", "404"}
    latencies = report["latency_ms"]
    assert 0 < latencies["p50"] <= latencies["p90"] <= latencies["p99"] <= latencies["p99.9"]
    assert latencies["p99.9"] <= latencies["max"]


def test_a_rate_is_kept_for_a_duration(published: Workplace, served: str) -> None:
    ended = published.run("stress", served, "--rate", "50", "--duration", "2", "--json")
    report = told(ended)
    assert (ended.returncode, report["requests"]) == (0, 100)
    assert report["seconds"] > 1.9


def test_in_a_pipe_there_are_plain_lines_and_a_table(published: Workplace, served: str) -> None:
    ended = published.run("stress", served, "--requests", "300")
    assert re.search(r"^requests a second +\d", ended.stdout, re.MULTILINE)
    assert re.search(r"^p99\.9 +[\d.]+ (µs|ms|s)$", ended.stdout, re.MULTILINE)
    assert re.search(r"^status 200 +\d+$", ended.stdout, re.MULTILINE)
    assert re.search(r"^failed +0$", ended.stdout, re.MULTILINE)
    assert re.search(r"^up to +\d+ (µs|ms|s) +█", ended.stdout, re.MULTILINE)
    assert ended.stderr.startswith(f"Requesting {served}\n")
    assert re.search(r"^ *\d+%  \d+ requests, 0 failed$", ended.stderr, re.MULTILINE)
    assert "\x1b" not in ended.stdout + ended.stderr


def test_the_file_at_the_top_is_the_same_command(published: Workplace, served: str) -> None:
    ended = subprocess.run(
        [sys.executable, ROOT / "stress_test.py", served, "--requests", "20", "--json"],
        cwd=published.folder,
        env=published.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ended.returncode, told(ended)["requests"]) == (0, 20)


def test_on_a_terminal_there_is_a_bar(published: Workplace, served: str) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "stress", served, "--requests", "300"],
        cwd=published.folder,
        env={**published.environment, "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ):
        os.close(theirs)
        shown = b""
        # On Linux, a terminal whose other end is closed is read with an error.
        with open(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):  # noqa: PTH123
            while piece := terminal.read(4096):
                shown += piece
    assert re.search(rb"Requesting http://\S+  \[#+", shown)
    assert b"requests, 0 failed" in shown


def test_a_new_generation_in_the_middle_is_no_failure(
    published: Workplace, workplace: Workplace
) -> None:
    shutil.copytree(published.folder / "events", workplace.folder / "events")
    assert workplace.run("crunch", "events").returncode == 0

    def generations() -> set[int]:
        return set(httpx.get(f"{address}/readyz").json()["generations"].values())

    def asked() -> bool:
        return 'route="/api/v1/campaigns/{campaign_id}"' in httpx.get(f"{address}/metrics").text

    with (
        serving(application(workplace)) as address,
        workplace.start(
            "stress", address, "--duration", "600", "--concurrency", "4", "--path", "json"
        ) as running,
    ):
        assert running.stdout is not None
        until(asked)
        for quarter in "1234":
            clicks = workplace.folder / "events" / quarter / f"clicks_{quarter}.csv"
            rows = clicks.read_text().splitlines(keepends=True)
            clicks.write_text("".join(rows[: len(rows) * 3 // 4]))
        crunched = workplace.run("crunch", "events", "--accept")
        assert "Generation 2 is now live" in crunched.stdout
        until(lambda: generations() == {2})
        running.send_signal(signal.SIGINT)
        said = running.stdout.read()
    assert running.returncode == 130
    assert re.search(r"^failed +0$", said, re.MULTILINE), said
    assert re.search(r"^status 200 +[\d,]+$", said, re.MULTILINE), said


def altered(inner: Application, alter: Callable[[bytes], bytes]) -> Application:
    """The application with its bodies altered; what they then lack in length is made up for."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def altering(message: Any) -> None:
            if body := message.get("body"):
                message = {**message, "body": alter(body).ljust(len(body))[: len(body)]}
            await send(message)

        await inner(scope, receive, altering)

    return app


def test_wrong_banners_are_counted_and_the_first_is_named(published: Workplace) -> None:
    def lose(body: bytes) -> bytes:
        return re.sub(rb"<li>.*?</li>", b"", body, count=1)

    with serving(altered(application(published), lose)) as address:
        as_json = published.run("stress", address, "--requests", "50", "--json")
        shown = published.run("stress", address, "--requests", "50")
    assert (as_json.returncode, shown.returncode) == (1, 1)
    assert told(as_json)["failures"] == {"wrong banners": 50}
    assert re.search(r"^ +wrong banners +50$", shown.stdout, re.MULTILINE)
    assert re.search("^First “wrong banners”: campaign [0-9]+: ", shown.stdout, re.MULTILINE)


def test_a_wrong_generation_is_counted(published: Workplace) -> None:
    def renumber(body: bytes) -> bytes:
        return body.replace(b'"generation":1', b'"generation":7')

    with serving(altered(application(published), renumber)) as address:
        ended = published.run("stress", address, "--path", "json", "--requests", "50", "--json")
    assert ended.returncode == 1
    assert told(ended)["failures"] == {"wrong generation": 50}


def test_answers_of_500_are_counted_by_their_status(published: Workplace) -> None:
    inner, asked = application(published), 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal asked
        asked += 1
        if asked % 5:
            await inner(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"broken"})

    with serving(app) as address:
        ended = published.run("stress", address, "--requests", "50", "--json")
    report = told(ended)
    assert ended.returncode == 1
    assert report["statuses"] == {"200": 40, "500": 10}
    assert report["failures"] == {"wrong status": 10}


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """A server that says the same to every connection, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def say() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = threading.Thread(target=say)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "cut off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<html>", "cut off"),
        (b"220 mail.example ESMTP\r\n", "malformed"),
    ],
)
def test_broken_connections_are_counted(published: Workplace, answer: bytes, kind: str) -> None:
    with saying(answer) as address:
        ended = published.run("stress", address, "--requests", "20", "--json")
    assert ended.returncode == 1
    assert told(ended)["failures"] == {kind: 20}


def test_a_server_that_cannot_be_reached_is_reported_in_a_sentence(published: Workplace) -> None:
    ended = published.run("stress", f"http://127.0.0.1:{free_port()}")
    assert ended.returncode == 1
    assert "Connection refused" in ended.stderr
    assert "banners serve" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("ftp://localhost",), 2, "expected an http address"),
        (("localhost:8000",), 2, "expected an http address"),
        (("http://localhost:eight",), 2, "expected an http address"),
        (("--requests", "0"), 2, "requests"),
        (("--rate", "0"), 2, "rate"),
        (("--rate", "nan"), 2, "rate"),
        (("--duration", "inf"), 2, "duration"),
        ((), 1, "Nothing is published yet in sqlite:///var/banners.db"),
        (("--database", "mysql+pymysql://root:geheim@127.0.0.1:1/x"), 1, "cannot be reached"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(
    workplace: Workplace, words: tuple[str, ...], status: int, sentence: str
) -> None:
    ended = workplace.run("stress", *words)
    assert ended.returncode == status
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "geheim" not in ended.stderr


def test_an_interrupt_ends_a_run_with_what_there_is(published: Workplace, served: str) -> None:
    with published.start("stress", served, "--duration", "60") as running:
        assert running.stdout is not None
        said = ""
        for line in running.stdout:
            said += line
            if line.startswith(" 10%"):
                running.send_signal(signal.SIGINT)
    assert running.returncode == 130
    assert "Interrupted before the end." in said
    assert "status 200" in said
    assert "Traceback" not in said
