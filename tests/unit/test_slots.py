"""Slots and their names."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.core.slots import quarter_of, slot_at, slot_name, slot_named
from banners.errors import InvalidSlot

SLOTS = st.integers(0, 8_000_000)


@pytest.fixture
def local_time_ahead() -> Iterator[None]:
    """A machine whose local time is ten minutes ahead of UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "AHEAD-0:10")
        time.tzset()
        yield
    time.tzset()


def test_a_slot_is_half_open() -> None:
    begin = datetime(2026, 11, 26, 14, 45, tzinfo=UTC).timestamp()
    slot = slot_named("20261126T1445Z")
    assert slot_at(begin) == slot_at(begin + 899.999) == slot
    assert slot_at(begin - 0.001) == slot - 1
    assert slot_at(begin + 900) == slot + 1


def test_a_slot_is_half_open_also_before_1970() -> None:
    assert (slot_at(-900), slot_at(-0.001), slot_at(0)) == (-1, -1, 0)


@given(SLOTS)
def test_a_name_is_that_of_one_slot(slot: int) -> None:
    assert slot_named(slot_name(slot)) == slot


@pytest.mark.usefixtures("local_time_ahead")
def test_a_name_is_in_utc_whatever_the_local_time() -> None:
    begin = datetime(2026, 11, 26, 14, 45, tzinfo=UTC).timestamp()
    assert slot_name(slot_at(begin)) == "20261126T1445Z"
    assert slot_named("20261126T1445Z") == slot_at(begin)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20261126T1446Z",
        "20261126T1445",
        "20261326T1445Z",
        "2026-11-26T14:45Z",
        "\u0662\u0660261126T1445Z",
    ],
)
def test_anything_else_is_no_slot(text: str) -> None:
    with pytest.raises(InvalidSlot, match="is not a slot") as refused:
        slot_named(text)
    assert refused.value.given == text


@pytest.mark.parametrize(
    ("zone", "quarter"),
    [("UTC", Quarter.FOURTH), ("Asia/Kolkata", Quarter.SECOND), ("Asia/Kathmandu", Quarter.THIRD)],
)
def test_the_quarter_of_a_slot_depends_on_the_time_zone(zone: str, quarter: Quarter) -> None:
    assert quarter_of(slot_named("20261126T1445Z"), ZoneInfo(zone)) == quarter
