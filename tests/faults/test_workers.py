"""Workers and the process that starts them: killed, hung, broken, restarted."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.web.operators.sign_ins import SESSION_COOKIE
from banners.web.operators.signing import Signing
from banners.web.workers.pauses import FIRST_SECONDS, LONGEST_SECONDS
from faults.commands import Started, serving
from faults.load import Load
from support.operators import OPERATOR, PASSWORD, lines
from support.publishing import publish
from support.running import Workplace
from support.servers import suspend, until

PATHS = ["/campaigns/5", "/api/v1/campaigns/6/banners", "/healthz", "/status"]


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    url = f"sqlite:///{tmp_path / 'banners.db'}"
    publish(open_database(url, create=True), 1_000, *Quarter)
    return Workplace(tmp_path, {"BANNERS_DATABASE_URL": url})


@contextmanager
def serving_with(workplace: Workplace, workers: int) -> Iterator[Started]:
    with serving(workplace, "--workers", str(workers)) as started:
        until(lambda: started.serving == workers)
        yield started


def refuses(address: str) -> bool:
    place = urlsplit(address)
    with socket.socket() as visitor:
        return visitor.connect_ex((place.hostname, place.port)) != 0


def runs(process: int) -> bool:
    """Return whether a process runs; one that has ended may wait for its parent to notice."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_end_when_their_parent_is_killed(workplace: Workplace, workers: int) -> None:
    with serving_with(workplace, workers) as started:
        orphans = started.workers
        assert len(orphans) == workers
        place = urlsplit(started.address)
        with socket.create_connection((place.hostname, place.port)) as visitor:
            visitor.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert visitor.recv(65_536).startswith(b"HTTP/1.1 200 ")
            started.kill()
            until(lambda: not any(map(runs, orphans)))
            until(lambda: refuses(started.address))
        with socket.socket() as next_one:
            next_one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            next_one.bind((place.hostname, place.port))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_restart_replaces_all_workers_and_fails_no_request(
    workplace: Workplace, workers: int
) -> None:
    with serving_with(workplace, workers) as started:
        before = started.workers
        with (
            Load(started.address, PATHS) as keeping,
            Load(started.address, PATHS, keep_alive=False) as load,
        ):
            load.go_on()
            started.signal(signal.SIGHUP)
            until(lambda: "All workers have been restarted." in started.said)
            until(lambda: not before & started.workers)
            load.go_on()
            keeping.go_on()
        assert [each.text for each in keeping.failed + load.failed] == []
        assert len(started.workers) == workers


def has_begun_to_restart(started: Started, workers: int) -> bool:
    return len(started.workers) > workers or "not restarted" in started.said


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_restart_during_a_restart_replaces_the_newest_worker_too(
    workplace: Workplace, workers: int
) -> None:
    with serving_with(workplace, workers) as started, Load(started.address, PATHS) as load:
        started.signal(signal.SIGHUP)
        until(lambda: has_begun_to_restart(started, workers))
        before = started.workers
        started.signal(signal.SIGHUP)
        until(lambda: not before & started.workers)
        until(lambda: started.serving == workers)
        load.go_on()
    assert not load.failed


@pytest.mark.slow
def test_a_restart_is_not_lost_if_the_one_before_it_cannot_succeed(workplace: Workplace) -> None:
    settings = workplace.folder / ".env"
    with serving_with(workplace, 2) as started:
        settings.write_text("BANNERS_FILL=nonsense\n")
        started.signal(signal.SIGHUP)
        until(lambda: has_begun_to_restart(started, 2))
        before = started.workers
        settings.unlink()
        started.signal(signal.SIGHUP)
        until(lambda: not before & started.workers)
        until(lambda: started.serving == 2)


@pytest.mark.slow
def test_a_restart_reads_the_settings_again(workplace: Workplace) -> None:
    page = "/campaigns/5"
    with serving_with(workplace, 1) as started:
        assert httpx.get(started.address + page).status_code == 200
        (workplace.folder / ".env").write_text("BANNERS_LOG_FORMAT=json\n")
        started.signal(signal.SIGHUP)
        until(lambda: '"message": "Serving generation' in started.said)


@pytest.mark.slow
def test_a_restart_finds_a_public_url_that_was_not_set_at_the_start(workplace: Workplace) -> None:
    with serving_with(workplace, 1) as started:
        (workplace.folder / ".env").write_text("BANNERS_PUBLIC_URL=https://b.example/ads\n")
        started.signal(signal.SIGHUP)
        until(lambda: "All workers have been restarted." in started.said)
        # The worker before it may still take a connection.
        until(lambda: len(started.workers) == 1)
        page = httpx.get(f"{started.address}/campaigns/5").raise_for_status().text
        assert '&lt;img src="https://b.example/ads/campaigns/5/banner"' in page


@pytest.mark.slow
def test_a_restart_that_cannot_succeed_leaves_the_old_workers(workplace: Workplace) -> None:
    with serving_with(workplace, 2) as started, Load(started.address, PATHS) as load:
        before = started.workers
        (workplace.folder / ".env").write_text("BANNERS_FILL=nonsense\n")
        started.signal(signal.SIGHUP)
        until(lambda: "The other workers are not restarted." in started.said)
        load.go_on()
        assert started.workers == before
    assert not load.failed


@pytest.mark.slow
def test_a_worker_that_hangs_is_replaced(workplace: Workplace) -> None:
    with serving_with(workplace, 2) as started:
        before = started.workers
        hung = min(before)
        suspend(hung)
        until(lambda: len(started.workers - before) == 1 and hung not in started.workers)
        assert f"Worker {hung} is killed: it did not respond for 5 s." in started.said
        until(lambda: started.serving == 2)


@pytest.mark.slow
def test_a_worker_that_cannot_start_is_tried_again_with_growing_pauses(
    workplace: Workplace,
) -> None:
    settings = workplace.folder / ".env"
    with serving_with(workplace, 2) as started:
        settings.write_text("BANNERS_FILL=nonsense\n")
        killed = min(started.workers)
        os.kill(killed, signal.SIGKILL)

        def failures() -> list[str]:
            return [line for line in started.said.splitlines() if "could not start" in line]

        with Load(started.address, PATHS) as load:
            until(lambda: len(failures()) == 4)
            # One line for each, which says why.
            assert [
                each for each in failures() if not re.search("SettingsError: .*BANNERS_FILL", each)
            ] == []
            assert "Traceback" not in started.said
            pauses = [float(each) for each in re.findall(r"starts in ([\d.]+) s", started.said)]
            assert pauses == [FIRST_SECONDS * 2**each for each in range(5)]
            assert pauses[-1] < LONGEST_SECONDS
            settings.unlink()
            until(lambda: started.serving == 2)
        assert not load.failed
        assert len(started.workers) == 2


@contextmanager
def signed_in_serving(folder: Path, workers: int) -> Iterator[tuple[Started, Path]]:
    """Serve where operators sign in, and yield the file of their passwords as well."""
    file = folder / "passwords"
    file.write_text(lines(5))
    url = f"sqlite:///{folder / 'banners.db'}"
    publish(open_database(url, create=True), 1_000, *Quarter)
    signed_in = Workplace(
        folder,
        {
            "BANNERS_DATABASE_URL": url,
            "BANNERS_OPERATORS": "signed-in",
            "BANNERS_OPERATOR_PASSWORD_FILE": str(file),
        },
    )
    with serving_with(signed_in, workers) as started:
        yield started, file


def replace_worker(started: Started) -> None:
    (before,) = started.workers
    os.kill(before, signal.SIGKILL)
    until(lambda: not {before} & started.workers and started.serving == 1)


def status_of(started: Started, path: str, headers: dict[str, str]) -> int:
    return httpx.get(started.address + path, headers=headers, timeout=60).status_code


@pytest.mark.parametrize("text", ["anna pw boss\n", "", None])
def test_a_fault_of_the_passwords_does_not_keep_a_worker_from_serving_visitors(
    tmp_path: Path, text: str | None
) -> None:
    operator = {"Authorization": f"Bearer {PASSWORD[OPERATOR]}"}
    with signed_in_serving(tmp_path, 1) as (started, file):
        file.unlink() if text is None else file.write_text(text)
        replace_worker(started)
        assert status_of(started, "/campaigns/5", {}) == 200
        assert "Nobody can sign in until this is corrected" in started.said
        assert status_of(started, "/metrics", operator) == 401
        file.write_text(lines(5))
        until(lambda: "was read again" in started.said)
        assert status_of(started, "/metrics", operator) == 200


@pytest.mark.parametrize("text", ["cut", None])
def test_a_new_worker_has_the_key_of_the_others_whatever_became_of_its_file(
    tmp_path: Path, text: str | None
) -> None:
    with signed_in_serving(tmp_path, 1) as (started, _):
        key = tmp_path / "var" / "session_key"
        signing = Signing(key.read_text().strip())
        session = signing.session(OPERATOR, signing.mark(PASSWORD[OPERATOR].encode()))
        key.unlink() if text is None else key.write_text(text)
        replace_worker(started)
        cookie = {"Cookie": f"{SESSION_COOKIE}={session}"}
        assert status_of(started, "/metrics", cookie) == 200
