"""Programs report conversions over HTTP; an answer of 200 means that they are kept."""

import asyncio
import errno
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from banners.collect.conversions.check import Conversions
from banners.collect.conversions.received import ReceivedConversions, WatchedSenders
from banners.collect.segments.log import EventLog
from banners.collect.token import Tokens
from banners.web.http.problems import RETRY_SECONDS
from banners.web.recording.conversions import MOST_BYTES, ReportedConversions
from banners.web.recording.counts import RecordingCounts
from banners.web.recording.turns import Turns
from support.answers import Clock as AppClock
from support.answers import application_over, assert_problem, database
from support.event_logs import HOST, SLOT, Clock, logged
from support.operators import Office, lines
from support.running import Workplace

TOKENS = Tokens([b"a key of thirty-two characters.."])
CLICK = TOKENS.click_token(SLOT, 17, 54).decode()
KEY = "0f6c1e1d5a7b4f0c9f6d3f0f2e9d8c7b"
WITH_KEY = {"Authorization": f"Bearer {KEY}"}
GOOD = {"conversion_id": "order-1", "click": CLICK, "revenue": "12.50"}
REFUND = {"conversion_id": "refund-1", "click": CLICK, "revenue": -1}
ADDRESS = "/api/v1/conversions"


@dataclass
class Site:
    """The web application, and the folder of its events."""

    client: httpx.AsyncClient
    events: Path
    log: EventLog
    office: Office

    async def send(self, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {**WITH_KEY, "Content-Type": "application/json", **headers}
        return await self.client.post(ADDRESS, content=content, headers=sent)


Use = Callable[[Callable[[Site], Any]], None]


@pytest.fixture
def use(two_generations: Workplace, tmp_path: Path) -> Use:
    """Return a function that runs something with the application, in an event loop."""
    (tmp_path / "passwords").write_text(lines(54))
    (tmp_path / "senders").write_text(f"shop {KEY} 54\n")

    @asynccontextmanager
    async def site() -> AsyncIterator[Site]:
        (tmp_path / "events" / "log" / HOST).mkdir(parents=True)
        log = EventLog(tmp_path / "events", HOST, clock=Clock())
        turns = Turns(log, RecordingCounts())
        conversions = Conversions(TOKENS, Decimal(100), most_age=1e6, clock=Clock())
        receiver = ReceivedConversions(WatchedSenders(tmp_path / "senders"), lambda: conversions)
        office = Office(tmp_path / "passwords")
        application = application_over(
            *(database(two_generations), tmp_path, AppClock().now),
            sign_ins=office.sign_ins,
            reported=ReportedConversions(receiver, turns),
        )
        turns.start()
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield Site(client, tmp_path / "events", log, office)
        await turns.close()

    def run(body: Callable[[Site], Any]) -> None:
        async def inside() -> None:
            async with site() as there:
                await body(there)

        asyncio.run(inside())

    return run


def test_what_is_accepted_is_in_the_log_when_the_answer_comes(use: Use) -> None:
    async def body(site: Site) -> None:
        answer = await site.send([GOOD, GOOD, REFUND, {**GOOD, "click": "x"}])
        assert answer.status_code == 200
        statuses = [each["status"] for each in answer.json()]
        assert statuses == ["accepted", "duplicate", "accepted", "refused"]
        assert answer.json()[0] == {"conversion_id": "order-1", "status": "accepted"}
        assert answer.json()[3]["reason"] == "bad_click"
        assert [each.split(b",")[4] for each in logged(site.events)] == [b"12.500000", b"-1.000000"]
        assert site.log.unsynced_since is None

    use(body)


def test_a_conversion_of_a_click_that_is_too_old_is_refused(use: Use) -> None:
    async def body(site: Site) -> None:
        old = TOKENS.click_token(SLOT - 2_000, 17, 54).decode()
        answer = await site.send([{**GOOD, "click": old}])
        assert answer.status_code == 200
        refused = answer.json()[0]
        assert (refused["status"], refused["reason"]) == ("refused", "too_old")
        assert logged(site.events) == []

    use(body)


def test_what_is_sent_twice_is_recorded_once(use: Use) -> None:
    async def body(site: Site) -> None:
        assert (await site.send([GOOD])).json()[0]["status"] == "accepted"
        assert (await site.send([GOOD])).json()[0]["status"] == "duplicate"
        assert len(logged(site.events)) == 1

    use(body)


def test_a_thousand_are_taken_and_no_more(use: Use) -> None:
    async def body(site: Site) -> None:
        many = [{**GOOD, "conversion_id": str(number)} for number in range(1_001)]
        assert_problem(await site.send(many), 400, "not_conversions")
        assert logged(site.events) == []
        answer = await site.send(many[:1_000])
        assert {each["status"] for each in answer.json()} == {"accepted"}
        assert len(logged(site.events)) == 1_000

    use(body)


@pytest.mark.parametrize(
    "sent", [b"", b"{}", b"5", b"[", b"\xff", b"[" * 100_000, b'"text"', b"null"]
)
def test_anything_but_an_array_is_a_problem(use: Use, sent: bytes) -> None:
    async def body(site: Site) -> None:
        assert "JSON array" in assert_problem(await site.send(sent), 400, "not_conversions")

    use(body)


def test_a_document_has_a_size_and_a_type(use: Use) -> None:
    async def body(site: Site) -> None:
        assert_problem(await site.send(b" " * (MOST_BYTES + 1)), 413, "request_entity_too_large")
        other = await site.send([GOOD], **{"Content-Type": "application/x-www-form-urlencoded"})
        assert_problem(other, 415, "unsupported_media_type")
        assert (
            await site.send([], **{"Content-Type": "application/json; charset=utf-8"})
        ).json() == []

    use(body)


@pytest.mark.parametrize(
    "sent",
    ["", "Bearer", "Bearer ", f"Bearer {KEY[:-1]}", f"Bearer {KEY}x", f"Basic {KEY}", KEY],
)
def test_without_the_right_key_nothing_is_read(use: Use, sent: str) -> None:
    async def body(site: Site) -> None:
        answer = await site.send([GOOD], Authorization=sent)
        assert_problem(answer, 401, "wrong_key")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert logged(site.events) == []

    use(body)


def test_keys_and_passwords_are_not_mixed_up(use: Use) -> None:
    async def body(site: Site) -> None:
        password = await site.send([GOOD], Authorization="Bearer correct-horse-battery-staple")
        assert_problem(password, 401, "wrong_key")
        answer = await site.client.get("/api/v1/campaigns", headers=WITH_KEY)
        assert_problem(answer, 401, "wrong_password")

    use(body)


def test_a_wrong_key_is_counted_as_a_guess_but_the_same_one_only_once(use: Use) -> None:
    async def body(site: Site) -> None:
        for _ in range(5):
            await site.send([GOOD], Authorization="Bearer wrong")
        before = site.office.delays.count("127.0.0.1")
        await site.send([GOOD], Authorization="Bearer other")
        assert site.office.delays.count("127.0.0.1") > before
        assert before == 0.5  # the second delay: one guess before this count

    use(body)


def test_what_cannot_be_kept_is_answered_with_503_and_is_no_duplicate_later(
    use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(site: Site) -> None:
        def full(*_: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            answer = await site.send([GOOD])
        assert_problem(answer, 503, "not_kept")
        assert answer.headers["retry-after"] == str(RETRY_SECONDS)
        assert (await site.send([GOOD])).json()[0]["status"] == "accepted"

    use(body)


def test_what_is_written_but_not_synced_is_not_answered_as_kept(
    use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(site: Site) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", _failing)
            assert_problem(await site.send([GOOD]), 503, "not_kept")
        assert (await site.send([GOOD])).json()[0]["status"] == "accepted"

    use(body)


def _failing(_descriptor: int) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_where_nothing_is_recorded_there_is_no_such_address(
    two_generations: Workplace, tmp_path: Path
) -> None:
    application = application_over(database(two_generations), tmp_path, AppClock().now)
    transport = httpx.ASGITransport(application)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post(ADDRESS, json=[GOOD], headers=WITH_KEY)

    assert_problem(asyncio.run(ask()), 404, "not_found")


def test_the_address_is_described_with_an_example_a_key_and_a_command(use: Use) -> None:
    async def body(site: Site) -> None:
        document = (await site.client.get("/openapi.json")).json()
        validate(document)
        operation = document["paths"][ADDRESS]["post"]
        content = operation["requestBody"]["content"]["application/json"]
        example = [{**GOOD, "click": content["example"][0]["click"]}]
        assert content["example"] == example
        assert operation["security"] == [{"conversionKey": []}]
        assert document["components"]["securitySchemes"]["conversionKey"]["scheme"] == "bearer"
        assert set(operation["responses"]) == {"200", "400", "401", "413", "415", "429", "503"}
        [command] = operation["x-codeSamples"]
        assert "--oauth2-bearer KEY --json " in command["source"]
        page = (await site.client.get("/docs")).text
        assert "<code>conversion_id</code>" in page
        answer = await site.send(content["example"])
        assert answer.json()[0]["reason"] == "bad_click"

    use(body)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_post_is_accepted(use: Use, method: str) -> None:
    async def body(site: Site) -> None:
        answer = await site.client.request(method, ADDRESS)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"

    use(body)
