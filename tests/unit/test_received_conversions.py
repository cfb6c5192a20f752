"""Conversions that a program sends are checked, and those who may send them are looked up again."""

import json
import logging
from decimal import Decimal
from pathlib import Path

import pytest

from banners.collect.conversions.check import Conversions
from banners.collect.conversions.received import ReceivedConversions, WatchedSenders
from banners.collect.conversions.senders import Sender
from banners.collect.token import Tokens
from banners.errors import CollectError
from support.event_logs import SLOT, Clock

TOKENS = Tokens([b"a key of thirty-two characters.."])
CLICK = TOKENS.click_token(SLOT, 17, 54).decode()
SHOP = Sender("shop", [54])
KEY, OTHER = b"0f6c1e1d5a7b4f0c9f6d3f0f2e9d8c7b", b"b1946ac92492d2347c6235b4d2611184"


def receiving() -> ReceivedConversions:
    conversions = Conversions(TOKENS, Decimal(100), most_age=1e6, clock=Clock())
    return ReceivedConversions(WatchedSenders(None), lambda: conversions)


def test_each_conversion_gets_an_answer_in_order() -> None:
    sent = [
        {"conversion_id": "a", "click": CLICK, "revenue": "1.5"},
        {"conversion_id": "a", "click": CLICK, "revenue": 1.5},
        {"conversion_id": "b", "click": "x", "revenue": 1},
        {"conversion_id": "x" * 65, "click": CLICK, "revenue": 1},
        7,
    ]
    received = receiving().check(json.dumps(sent).encode(), SHOP)
    assert received
    assert [each.revenue for each in received.accepted] == ["1.500000"]
    ids = [each.get("conversion_id") for each in received.answers]
    assert ids == ["a", "a", "b", None, None]
    found = [(each["status"], each.get("reason")) for each in received.answers]
    assert found == [
        ("accepted", None),
        ("duplicate", None),
        ("refused", "bad_click"),
        ("refused", "bad_conversion_id"),
        ("refused", "not_an_object"),
    ]
    assert "34 characters" in received.answers[2]["detail"]


def test_what_was_kept_is_a_duplicate_from_then_on() -> None:
    receiver = receiving()
    body = json.dumps([{"conversion_id": "a", "click": CLICK, "revenue": "1.5"}]).encode()
    first, again = receiver.check(body, SHOP), receiver.check(body, SHOP)
    assert first == again
    assert first
    receiver.remember(first.accepted)
    last = receiver.check(body, SHOP)
    assert last
    assert (last.accepted, last.answers[0]["status"]) == ([], "duplicate")


def test_anything_else_is_none() -> None:
    assert receiving().check(b"{}", SHOP) is None


def test_without_the_keys_of_links_nothing_is_checked() -> None:
    receiver = ReceivedConversions(WatchedSenders(None), lambda: None)
    with pytest.raises(CollectError, match="cannot be read yet"):
        receiver.check(b"[]", SHOP)
    receiver.remember([])


def test_without_a_file_nobody_has_a_key() -> None:
    senders = WatchedSenders(None)
    senders.look()
    assert senders.with_key(KEY) is None
    assert receiving().sender(KEY) is None


def test_a_file_that_changes_is_read_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "senders"
    file.write_bytes(b"shop " + KEY + b" *\n")
    senders = WatchedSenders(file)
    found = senders.with_key(KEY)
    assert found
    assert found.name == "shop"
    with caplog.at_level(logging.INFO):
        senders.look()
        assert not caplog.records
        file.write_bytes(b"agency " + OTHER + b" *  \n")
        senders.look()
    assert senders.with_key(KEY) is None
    assert senders.with_key(OTHER)
    assert [record.getMessage() for record in caplog.records] == [
        f"{file} has changed and was read again."
    ]


def test_while_the_file_has_a_fault_those_from_before_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "senders"
    file.write_bytes(b"shop " + KEY + b" *\n")
    senders = WatchedSenders(file)
    file.write_bytes(b"shop short *\n")
    senders.look()
    file.write_bytes(b"shop short *\n\n")
    senders.look()
    assert senders.with_key(KEY)
    assert [record.getMessage() for record in caplog.records] == [senders.fault]
    assert "has a key of 5 characters" in senders.fault
    file.unlink()
    senders.look()
    assert "cannot be read" in senders.fault
    file.write_bytes(b"shop " + KEY + b" *\n")
    senders.look()
    assert senders.fault == ""
