"""``banners sign-in``, and how a server names a link: on a terminal, never in a log."""

import os
import pty
import re
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from banners.web.operators import secret_files
from support.operators import form_token, lines
from support.running import COMMAND, Workplace

SIGNED_IN = {"BANNERS_OPERATORS": "signed-in"}
LINK = re.compile(r"(http\S+)/sign-in\?token=(\S+)")


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path, SIGNED_IN)


@pytest.fixture
def started(workplace: Workplace) -> Workplace:
    """A folder in which a server has been started."""
    make_started(workplace)
    return workplace


def make_started(workplace: Workplace) -> None:
    secret_files.session_key(workplace.folder / secret_files.SESSION_KEY)
    secret_files.make_password(workplace.folder / secret_files.GENERATED_PASSWORD)


def link_of(workplace: Workplace, *words: str) -> re.Match[str]:
    ended = workplace.run("sign-in", *words)
    assert (ended.returncode, ended.stderr) == (0, "")
    found = LINK.fullmatch(ended.stdout.strip())
    assert found is not None, ended.stdout
    return found


@pytest.mark.parametrize(
    ("words", "variables", "url"),
    [
        ((), {}, "http://127.0.0.1:8000"),
        (("--port", "9000"), {}, "http://127.0.0.1:9000"),
        ((), {"BANNERS_PUBLIC_URL": "https://example.com/ads"}, "https://example.com/ads"),
        (("--port", "9000"), {"BANNERS_PUBLIC_URL": "http://banners/"}, "http://banners"),
    ],
)
def test_the_link_begins_where_the_server_is_reached(
    tmp_path: Path, words: tuple[str, ...], variables: dict[str, str], url: str
) -> None:
    workplace = Workplace(tmp_path, {**SIGNED_IN, **variables})
    make_started(workplace)
    assert link_of(workplace, *words)[1] == url


@pytest.mark.parametrize("missing", [secret_files.SESSION_KEY, secret_files.GENERATED_PASSWORD])
def test_in_another_folder_the_command_makes_nothing_and_names_what_is_missing(
    started: Workplace, missing: Path
) -> None:
    (started.folder / missing).unlink()
    ended = started.run("sign-in")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert str(started.folder / missing) in ended.stderr
    assert "in the folder of the server" in ended.stderr
    assert not (started.folder / missing).exists()


def test_the_link_of_the_command_signs_in_to_every_worker(workplace: Workplace) -> None:
    with workplace.serving("--workers", "2") as (address, _):
        token = link_of(workplace)[2]
        with httpx.Client(base_url=address, timeout=60) as client:
            page = client.get("/sign-in", params={"token": token})
            client.post("/sign-in", data={"form_token": form_token(page), "token": token})
            session = client.cookies["banners_session"]
        for _ in range(20):  # a new connection each, which either worker may take
            answer = httpx.get(
                f"{address}/status", headers={"Cookie": f"banners_session={session}"}, timeout=60
            )
            assert answer.status_code == 200
        password = workplace.folder / "var" / "operator_password"
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        auth = ("operator", password.read_text().strip())
        assert httpx.get(f"{address}/metrics", auth=auth, timeout=60).status_code == 200


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_log_holds_a_link_or_a_password(tmp_path: Path, log_format: str) -> None:
    file = tmp_path / "passwords"
    file.write_text(lines(7))
    variables = {"BANNERS_OPERATOR_PASSWORD_FILE": str(file), "BANNERS_LOG_FORMAT": log_format}
    workplace = Workplace(tmp_path, {**SIGNED_IN, **variables})
    said = ""
    with workplace.start("serve", "--port", "0") as running:
        assert running.stdout is not None
        for line in running.stdout:
            said += line
            if "Operators sign in with the link of: " in line:
                running.terminate()
    assert "token=" not in said
    for line in lines(7).splitlines()[2:]:
        assert line.split()[1] not in said


@pytest.mark.parametrize("is_found", [True, False])
def test_the_command_is_named_as_the_shell_finds_it(tmp_path: Path, is_found: bool) -> None:
    path = f"{COMMAND.parent}:{os.defpath}" if is_found else os.defpath
    workplace = Workplace(tmp_path, {**SIGNED_IN, "PATH": path})
    with workplace.start("serve", "--port", "0") as running:
        assert running.stdout is not None
        said = next(line for line in running.stdout if "sign in" in line)
        running.terminate()
    command = "banners" if is_found else str(COMMAND)
    assert f"Operators sign in with the link of: {command} sign-in --port " in said


@contextmanager
def on_terminal(workplace: Workplace, *words: str) -> Iterator[str]:
    """Start a command on a terminal, yield what it says until it serves, and stop it."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [COMMAND, *words],
        cwd=workplace.folder,
        env=workplace.environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    ) as running:
        os.close(terminal)
        said = b""
        while b"for another" not in said:
            said += os.read(controller, 65_536)
        yield said.decode()
        running.terminate()
        running.wait()
    os.close(controller)


def test_a_terminal_shows_the_link(workplace: Workplace) -> None:
    with on_terminal(workplace, "serve", "--port", "0") as said:
        found = LINK.search(said)
        assert found is not None, said
        address = said.partition("Banners is at ")[2].partition("/ ")[0]
        assert found[1] == address
        assert f"banners sign-in --port {address.rpartition(':')[2]}" in said


def test_the_demo_shows_the_link_on_a_terminal(workplace: Workplace) -> None:
    with on_terminal(workplace, "demo", "--port", "0") as said:
        assert LINK.search(said)


def test_a_server_whose_operators_are_open_says_so(tmp_path: Path) -> None:
    open_to_all = Workplace(tmp_path, {"BANNERS_OPERATORS": "open"})
    with open_to_all.serving() as (address, _):
        page = httpx.get(f"{address}/status", timeout=60)
        assert "Everybody who reaches this page is an operator" in page.text
    ended = open_to_all.run("sign-in")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "BANNERS_OPERATORS is open, so nobody needs to sign in" in ended.stderr


@pytest.mark.parametrize("command", [("sign-in",), ("serve", "--port", "0")])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("anna x boss\n", "line 1: found another role"),
        ("acme x reader 7\n", "Add a line with the role operator"),
        (None, "cannot be read"),
    ],
)
def test_a_fault_of_the_passwords_ends_a_command(
    tmp_path: Path, command: tuple[str, ...], text: str | None, said: str
) -> None:
    file = tmp_path / "passwords"
    if text:
        file.write_text(text)
    workplace = Workplace(tmp_path, {**SIGNED_IN, "BANNERS_OPERATOR_PASSWORD_FILE": str(file)})
    make_started(workplace)
    ended = workplace.run(*command)
    assert ended.returncode == 2
    assert said in ended.stderr


def test_a_folder_that_cannot_be_written_ends_the_start(workplace: Workplace) -> None:
    (workplace.folder / "var").write_text("a file in place of the folder")
    ended = workplace.run("serve", "--port", "0")
    assert ended.returncode == 2
    assert "can neither be read nor made" in ended.stderr
