"""Passwords that programs and proxies send with each request, right ones and guesses."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from banners.core.addresses import PUBLIC_URL
from support.answers import assert_problem
from support.operators import (
    OPERATOR,
    PASSWORD,
    Office,
    immediately,
    lines,
    sign_in,
)
from support.signing_in import STATUS, may_enter, opened

CAMPAIGN = 7
MOST_HELD, GUESSES = 64, 300


@pytest.fixture
def office(tmp_path: Path) -> Office:
    file = tmp_path / "passwords"
    file.write_text(lines(CAMPAIGN))
    return Office(file)


@pytest.fixture
def client(office: Office, tmp_path: Path) -> Iterator[httpx.Client]:
    with opened(office, tmp_path) as client:
        yield client


def test_visitors_addresses_ignore_passwords(client: httpx.Client) -> None:
    # A proxy may send passwords of its own along.
    assert client.get("/", auth=("proxy", "of the proxy")).status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Basic",
        "Basic !!!",
        "Basic ===",
        "Basic YQ==",
        "bearer  x",
        "Basic \xff",
    ],
)
def test_malformed_passwords_are_wrong_ones(client: httpx.Client, value: str) -> None:
    answer = client.get("/metrics", headers=[(b"Authorization", value.encode("latin-1"))])
    assert_problem(answer, 401, "wrong_password")


def test_the_scheme_may_be_written_in_any_case(client: httpx.Client) -> None:
    value = f"bEARER {PASSWORD[OPERATOR]}"
    assert client.get("/metrics", headers={"Authorization": value}).status_code == 200


def test_who_guesses_waits_and_who_has_the_right_password_does_not(
    office: Office, tmp_path: Path
) -> None:
    held: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def hold(_seconds: float) -> None:
        held.append((asyncio.get_running_loop(), asyncio.Event()))
        await held[-1][1].wait()

    async def guess_beside_right_ones(address: str) -> None:
        limits = httpx.Limits(max_connections=MOST_HELD + 20)
        async with (
            httpx.AsyncClient(base_url=address, timeout=300, limits=limits) as guesser,
            httpx.AsyncClient(base_url=address, timeout=60) as owner,
        ):

            async def ask(browser: httpx.AsyncClient, password: str) -> int:
                headers = {"Authorization": f"Bearer {password}"}
                return (await browser.get("/metrics", headers=headers)).status_code

            guesses = [asyncio.create_task(ask(guesser, f"guess-{n}")) for n in range(GUESSES)]
            ended = asyncio.as_completed(guesses)
            for number in range(GUESSES - MOST_HELD):
                assert await next(ended) == 429
                # No wrong one is answered before the right ones are.
                if len(held) == MOST_HELD and number % 50 == 0:
                    assert await ask(owner, PASSWORD[OPERATOR]) == 200
            assert await ask(owner, PASSWORD[OPERATOR]) == 200
            for loop, event in held:
                loop.call_soon_threadsafe(event.set)
            assert [await each for each in ended] == [401] * MOST_HELD

    with opened(Office(office.file, PUBLIC_URL, hold, MOST_HELD), tmp_path) as client:
        asyncio.run(guess_beside_right_ones(str(client.base_url)))


def test_a_session_is_not_slowed_down_by_guesses(office: Office, tmp_path: Path) -> None:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)
        await immediately(seconds)

    with opened(Office(office.file, PUBLIC_URL, note), tmp_path) as client:
        for _ in range(20):
            assert (
                httpx.get(client.base_url.join("/metrics"), auth=("", "guess")).status_code == 401
            )
        assert waited == sorted(waited)
        assert len(waited) == 20
        sign_in(client, OPERATOR)
        assert may_enter(client)
        assert len(waited) == 20


def test_a_password_of_a_proxy_leads_to_the_sign_in_page_and_is_one_guess_at_the_most(
    office: Office, tmp_path: Path
) -> None:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)
        await immediately(seconds)

    with opened(Office(office.file, PUBLIC_URL, note), tmp_path) as client:
        client.auth = ("proxy", "of the proxy")
        for _ in range(5):
            led = client.get(STATUS)
            assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Fstatus")
        assert len(waited) == 1
        assert client.get(STATUS, auth=("proxy", "another")).status_code == 303
        assert len(waited) == 2
        assert client.get("/metrics").status_code == 401
        assert len(waited) == 3
