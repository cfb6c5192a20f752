"""The account of a closed slot is kept as JSON, and its digest covers what others know of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from banners.collect.close.account import ClosedSlot
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import slot_named

CLOSED = ClosedSlot(
    slot=slot_named("20261126T1445Z"),
    quarters=(Quarter.FOURTH,),
    segments={"main/b": 3, "main/a": 1},
    missing=("late",),
    account={Kind.IMPRESSIONS: {"kept": 2, "crawler": 1}, Kind.CLICKS: {"kept": 1}},
    totals="5e",
    archived=True,
)
TEXT = (
    '{"account":{"clicks":{"kept":1},"impressions":{"crawler":1,"kept":2}},"archived":true,'
    '"missing":["late"],"quarters":[4],"segments":{"main/a":1,"main/b":3},'
    '"slot":"20261126T1445Z","totals":"5e"}\n'
)


def test_it_is_written_the_same_for_the_same_content() -> None:
    assert CLOSED.as_json() == TEXT


def test_it_is_read_back() -> None:
    read = ClosedSlot.from_json(TEXT)
    assert read == CLOSED
    assert read.quarters == (Quarter.FOURTH,)
    assert all(isinstance(kind, Kind) for kind in read.account)


@pytest.mark.parametrize(
    "changed",
    [
        {"slot": "20261126T1446Z"},
        {"slot": 1_994_405},
        {"quarters": [5]},
        {"quarters": 4},
        {"missing": None},
        {"account": []},
        {"account": {"views": {}}},
        {"totals": 5},
        {"totals": None},
    ],
)
def test_a_value_of_another_form_is_refused(changed: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is expected|is not a valid"):
        ClosedSlot.from_json(json.dumps(json.loads(TEXT) | changed))


@pytest.mark.parametrize("text", ["[]", "{}", '"text"', "null"])
def test_another_text_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"\Athe account of a slot is expected\Z"):
        ClosedSlot.from_json(text)


@pytest.mark.parametrize("name", sorted(json.loads(TEXT)))
def test_no_value_may_be_missing(name: str) -> None:
    content = json.loads(TEXT)
    del content[name]
    with pytest.raises(ValueError, match="the account of a slot is expected"):
        ClosedSlot.from_json(json.dumps(content))


def test_events_are_counted_by_kind_and_outcome() -> None:
    assert CLOSED.count(Kind.IMPRESSIONS, "kept") == 2
    assert CLOSED.count(Kind.IMPRESSIONS, "flood") == 0
    assert CLOSED.count(Kind.CONVERSIONS, "kept") == 0


def test_its_state_is_what_others_may_know() -> None:
    state = CLOSED.state()
    assert (state.slot, state.missing, state.account) == (
        CLOSED.slot,
        CLOSED.missing,
        CLOSED.account,
    )


def test_its_digest_changes_with_the_totals_the_missing_hosts_and_the_account() -> None:
    others = [
        CLOSED,
        replace(CLOSED, totals="5f"),
        replace(CLOSED, missing=()),
        replace(CLOSED, account={Kind.CLICKS: {"kept": 1}}),
    ]
    assert len({each.state().digest for each in others}) == 4


def test_its_digest_depends_on_nothing_else_and_on_no_order() -> None:
    other = replace(
        CLOSED,
        segments={},
        archived=False,
        account={Kind.CLICKS: {"kept": 1}, Kind.IMPRESSIONS: {"crawler": 1, "kept": 2}},
    )
    assert other.state().digest == CLOSED.state().digest
