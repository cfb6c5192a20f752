"""Lineups that are missed while others are read are read together, each once."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Semaphore

import pytest

from banners.core.model import Generation, Quarter
from banners.errors import DamagedRecord, StoreError, StoreUnavailable
from banners.serve import lookups
from banners.serve.lookups import MOST_TOGETHER, Lookups
from banners.serve.packed import encode_candidates
from support.picked import candidates_of, picked

FIRST = Quarter.FIRST
OLD, NEW = Generation(7, "2026-01-31T10:00:00+00:00"), Generation(8, "2026-01-31T11:00:00+00:00")
UNKNOWN, DAMAGED, FAILED = 1_000, 1_001, 1_002
SECONDS = 60

Asked = tuple[Generation, Quarter, Sequence[int]]


def record(generation: Generation, quarter: Quarter, campaign_id: int) -> bytes:
    lineup = picked(campaign_id, range(1, 4), generation=generation, quarter=quarter)
    return encode_candidates(candidates_of(lineup))


class Tier:
    """A tier that notes what is asked of it, and answers when a test lets it."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.begun, self.go = Semaphore(0), Semaphore(0)
        self.fails: Callable[[], BaseException | None] = lambda: None

    def records_of(
        self, generation: Generation, quarter: Quarter, campaign_ids: Sequence[int]
    ) -> Mapping[int, bytes | StoreError]:
        self.asked.append((generation, quarter, list(campaign_ids)))
        self.begun.release()
        assert self.go.acquire(timeout=SECONDS)
        if error := self.fails():
            raise error
        found: dict[int, bytes | StoreError] = {
            each: record(generation, quarter, each) for each in campaign_ids if each != UNKNOWN
        }
        if DAMAGED in found:
            found[DAMAGED] = b"nonsense"
        if FAILED in found:
            found[FAILED] = StoreUnavailable("It is gone.")
        return found


@pytest.fixture
def tier() -> Tier:
    return Tier()


@contextmanager
def one_under_way(tier: Tier, looked: Lookups, most_waited: float = SECONDS) -> Iterator[None]:
    """Keep a lookup of campaign 1 under way until the block ends, and then let all go."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookups, "LONGEST_WAIT", most_waited)
        first = looked.ask(OLD, FIRST, 1)
        assert tier.begun.acquire(timeout=SECONDS)
        yield
        tier.go.release(100)
        assert first.result(SECONDS) is not None


def test_one_that_is_missed_alone_is_read_at_once_and_alone(tier: Tier) -> None:
    tier.go.release()
    found = Lookups(tier.records_of, 9).ask(OLD, FIRST, 1).result(SECONDS)
    assert found is not None
    assert (found.campaign_id, found.generation, found.quarter) == (1, OLD, FIRST)
    assert tier.asked == [(OLD, FIRST, [1])]


def test_those_that_are_missed_during_a_lookup_are_read_together(tier: Tier) -> None:
    looked = Lookups(tier.records_of, 99)
    with one_under_way(tier, looked):
        others = [looked.ask(OLD, FIRST, each) for each in (5, 3, 4)]
        assert not any(each.done() for each in others)
    found = [each.result(SECONDS) for each in others]
    assert [each and each.campaign_id for each in found] == [5, 3, 4]
    assert tier.asked == [(OLD, FIRST, [1]), (OLD, FIRST, [5, 3, 4])]


def test_each_is_read_once_however_many_ask_for_it(tier: Tier) -> None:
    looked = Lookups(tier.records_of, 99)
    with one_under_way(tier, looked):
        others = [looked.ask(OLD, FIRST, each) for each in (1, 2, 2, 1)]
    assert all(each.result(SECONDS) for each in others)
    assert looked.candidates(OLD, FIRST, 2) == others[1].result(SECONDS)
    assert tier.asked == [(OLD, FIRST, [1]), (OLD, FIRST, [2])]


def test_a_thread_that_waits_shares_what_is_read_for_another(tier: Tier) -> None:
    looked = Lookups(tier.records_of, 99)
    tier.go.release(2)
    assert looked.candidates(OLD, FIRST, 1) == looked.ask(OLD, FIRST, 1).result(SECONDS)
    assert tier.asked == [(OLD, FIRST, [1])]


def test_nobody_can_cancel_what_others_wait_for(tier: Tier) -> None:
    looked = Lookups(tier.records_of, 99)
    with one_under_way(tier, looked):
        one, other = looked.ask(OLD, FIRST, 2), looked.ask(OLD, FIRST, 2)
        assert not one.cancel()
    assert other.result(SECONDS) is not None


def test_a_lookup_has_a_bounded_number_of_campaigns(tier: Tier) -> None:
    looked, most = Lookups(tier.records_of, 9_999), MOST_TOGETHER
    ids = range(2, 2 * most + 5)
    with one_under_way(tier, looked):
        others = [looked.ask(OLD, FIRST, each) for each in ids]
    assert all(each.result(SECONDS) for each in others)
    assert [len(asked) for _, _, asked in tier.asked] == [1, most, most, 3]
    assert sorted(each for _, _, asked in tier.asked[1:] for each in asked) == list(ids)


def test_campaigns_of_different_generations_and_quarters_are_read_apart(tier: Tier) -> None:
    looked, second = Lookups(tier.records_of, 99), Quarter.SECOND
    with one_under_way(tier, looked):
        others = [
            looked.ask(generation, quarter, each)
            for generation, quarter in ((OLD, FIRST), (NEW, FIRST), (OLD, second))
            for each in (2, 3)
        ]
    found = [each.result(SECONDS) for each in others]
    assert [each and (each.generation, each.quarter) for each in found] == [
        *[(OLD, FIRST)] * 2,
        *[(NEW, FIRST)] * 2,
        *[(OLD, second)] * 2,
    ]
    assert tier.asked[1:] == [(OLD, FIRST, [2, 3]), (NEW, FIRST, [2, 3]), (OLD, second, [2, 3])]


def test_one_that_fails_fails_alone_and_is_read_again(tier: Tier) -> None:
    looked = Lookups(tier.records_of, 99)
    with one_under_way(tier, looked):
        damaged, gone, unknown, sound = (
            looked.ask(OLD, FIRST, each) for each in (DAMAGED, FAILED, UNKNOWN, 2)
        )
    with pytest.raises(DamagedRecord, match="campaign 1001"):
        damaged.result(SECONDS)
    with pytest.raises(StoreUnavailable, match=r"It is gone\."):
        gone.result(SECONDS)
    assert unknown.result(SECONDS) is None
    assert sound.result(SECONDS) is not None
    for each in (DAMAGED, FAILED):
        with pytest.raises(StoreError):
            looked.candidates(OLD, FIRST, each)
        assert tier.asked[-1] == (OLD, FIRST, [each])


@pytest.mark.parametrize("error", [StoreUnavailable("It is gone."), ZeroDivisionError()])
def test_an_error_of_the_tier_reaches_all_who_wait_and_is_not_kept(
    tier: Tier, error: Exception
) -> None:
    looked = Lookups(tier.records_of, 99)
    with one_under_way(tier, looked):
        tier.fails = lambda: error if len(tier.asked) == 2 else None
        others = [looked.ask(OLD, FIRST, each) for each in (2, 3)]
    for each in others:
        with pytest.raises(type(error)):
            each.result(SECONDS)
    assert looked.candidates(OLD, FIRST, 2) is not None


def test_a_lookup_that_hangs_does_not_hold_up_those_missed_later(tier: Tier) -> None:
    looked = Lookups(tier.records_of, 99)
    hangs, freed = Event(), Event()

    def hang() -> None:
        if len(tier.asked) == 1:
            hangs.set()
            assert freed.wait(SECONDS)

    tier.fails = hang
    tier.go.release(9)
    first = looked.ask(OLD, FIRST, 1)
    assert hangs.wait(SECONDS)
    assert looked.ask(OLD, FIRST, 2).result(SECONDS) is not None
    assert not first.done()
    freed.set()
    assert first.result(SECONDS) is not None


def test_large_lineups_are_read_in_smaller_numbers(
    tier: Tier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "MOST_BYTES", 3 * len(record(OLD, FIRST, 1)))
    looked = Lookups(tier.records_of, 99)
    with one_under_way(tier, looked):
        others = [looked.ask(OLD, FIRST, each) for each in range(2, 10)]
    assert all(each.result(SECONDS) for each in others)
    assert [len(asked) for _, _, asked in tier.asked] == [1, 3, 3, 2]


@contextmanager
def no_thread_left() -> Iterator[None]:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        yield


def test_where_no_thread_can_be_started_each_request_fails_alone(tier: Tier) -> None:
    looked = Lookups(tier.records_of, 99)
    with no_thread_left(), pytest.raises(StoreUnavailable, match="can't start new thread"):
        looked.ask(OLD, FIRST, 1).result(SECONDS)
    tier.go.release(9)
    assert looked.ask(OLD, FIRST, 1).result(SECONDS) is not None
    assert looked.ask(OLD, FIRST, 2).result(SECONDS) is not None


def test_where_no_further_thread_can_be_started_the_running_lookup_goes_on(tier: Tier) -> None:
    looked = Lookups(tier.records_of, 99)
    with one_under_way(tier, looked), no_thread_left():
        others = [looked.ask(OLD, FIRST, each) for each in (2, 3)]
    assert all(each.result(SECONDS) for each in others)
