"""Operators sign in to the stack, with a password of their own or the one that it generates."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from http import HTTPStatus

import httpx
import pytest

from compose.stack import ROOT, WEB, Stack

pytestmark = pytest.mark.compose

WITHOUT_THE_JOB = ("--scale", "banner_data_initializer=0")
UP = ("up", "--detach", "--wait", *WITHOUT_THE_JOB)


@pytest.fixture
def signed_in(stack: Stack) -> Iterator[Stack]:
    """The stack, where operators have to sign in; open again at the end."""
    closed = replace(stack, settings={"BANNERS_OPERATORS": "signed-in"})
    closed.compose(*UP)
    yield closed
    stack.compose(*UP)


@pytest.fixture
def client(signed_in: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{signed_in.port}", timeout=30) as client:
        yield client


def in_web(stack: Stack, *words: str) -> str:
    """Run a command in the container of the web application."""
    return stack.compose("exec", "-T", WEB, *words)


def bearer(password: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {password}"}


def sign_in(client: httpx.Client, stack: Stack) -> None:
    """Sign in with the link of the command, as docs/operators.md says."""
    link = in_web(stack, "banners", "sign-in")
    assert link.startswith(f"http://localhost:{stack.port}/sign-in?token=")
    page = client.get(link.removeprefix(f"http://localhost:{stack.port}")).text
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    answer = client.post("/sign-in", data={name: unescape(text) for name, text in fields})
    assert answer.status_code == HTTPStatus.SEE_OTHER


def test_the_link_of_the_command_signs_in_and_the_session_outlives_the_container(
    signed_in: Stack, client: httpx.Client
) -> None:
    assert client.get("/metrics").status_code == HTTPStatus.UNAUTHORIZED
    sign_in(client, signed_in)
    assert client.get("/status").status_code == HTTPStatus.OK
    signed_in.compose(*UP, "--force-recreate", "--no-deps", WEB)
    assert client.get("/status").status_code == HTTPStatus.OK


def test_nothing_that_is_generated_is_logged(signed_in: Stack) -> None:
    generated = [
        in_web(signed_in, "cat", f"var/{each}") for each in ("operator_password", "session_key")
    ]
    told = signed_in.compose("logs") + signed_in.inspect(WEB, "Config.Env")
    assert all(len(secret) > 20 for secret in generated)
    assert [secret for secret in generated if secret in told] == []
    assert "token=" not in told


def test_only_the_web_application_can_read_what_is_generated(signed_in: Stack) -> None:
    listed = in_web(
        signed_in, "stat", "-c", "%U %a", "var", "var/operator_password", "var/session_key"
    )
    assert listed.splitlines() == ["banners 700", "banners 600", "banners 600"]


def test_passwords_of_your_own_take_the_place_of_the_generated_one(
    signed_in: Stack, client: httpx.Client
) -> None:
    generated = in_web(signed_in, "cat", "var/operator_password")
    assert client.get("/metrics", headers=bearer(generated)).status_code == HTTPStatus.OK
    passwords = signed_in.folder / "operators"
    passwords.write_text("anna 8yLzWc4mXq2RtGvN6hKd\n")
    named = {**signed_in.settings, "BANNERS_OPERATOR_PASSWORD_FILE": str(passwords)}
    replace(signed_in, settings=named).compose(*UP)
    answers = [
        client.get("/metrics", headers=bearer(each)) for each in (generated, "8yLzWc4mXq2RtGvN6hKd")
    ]
    assert [each.status_code for each in answers] == [HTTPStatus.UNAUTHORIZED, HTTPStatus.OK]


def test_the_stress_test_and_the_health_check_need_no_password(signed_in: Stack) -> None:
    assert signed_in.stressed()["failed"] == 0
    assert signed_in.inspect(WEB, "State.Health.Status") == "healthy"


def test_the_session_key_is_restored_from_a_copy(signed_in: Stack, client: httpx.Client) -> None:
    page = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    (back_up,) = re.findall(r"`docker compose (exec -T \w+ tar .+) > keys.tar`", page)
    (restore,) = re.findall(r"`docker compose (exec -T \w+ tar .+) < keys.tar`", page)
    sign_in(client, signed_in)
    copy = signed_in.compose(*back_up.split())
    in_web(signed_in, "rm", "var/session_key")
    start_again(signed_in)
    assert client.get("/metrics").status_code == HTTPStatus.UNAUTHORIZED
    signed_in.compose(*restore.split(), given=copy)
    start_again(signed_in)
    assert client.get("/metrics").status_code == HTTPStatus.OK


def start_again(stack: Stack) -> None:
    """Start the web application again, and wait until it serves."""
    stack.compose("restart", WEB)
    stack.compose(*UP)
