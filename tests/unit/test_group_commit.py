"""Those who wait for the disk share its syncs."""

from concurrent.futures import wait
from threading import Event, Semaphore

import pytest

from banners.collect.segments.commit import GroupCommit

LONG = 3_600.0


def test_whoever_waits_is_told_whether_it_is_kept() -> None:
    answers = [True, False]
    commit = GroupCommit(lambda: answers.pop(0) if answers else True, seconds=LONG)
    assert commit.committed().result(60) is True
    assert commit.committed().result(60) is False
    commit.close()


def test_all_who_come_during_a_sync_share_the_next() -> None:
    begun, go = Semaphore(0), Semaphore(0)
    synced: list[int] = []

    def sync() -> bool:
        begun.release()
        go.acquire()
        synced.append(len(synced))
        return True

    commit = GroupCommit(sync, seconds=LONG)
    first = commit.committed()
    begun.acquire()
    others = [commit.committed() for _ in range(100)]
    assert not any(each.done() for each in others)
    go.release(2)
    wait([first, *others], 60)
    assert synced == [0, 1]
    go.release(10)
    commit.close()


def test_it_syncs_at_intervals_if_nobody_waits() -> None:
    synced = Event()

    def sync() -> bool:
        synced.set()
        return True

    commit = GroupCommit(sync, seconds=0.001)
    assert synced.wait(60)
    commit.close()


def test_whoever_has_gone_away_keeps_nobody_waiting() -> None:
    begun, go = Semaphore(0), Semaphore(0)

    def sync() -> bool:
        begun.release()
        return go.acquire()

    commit = GroupCommit(sync, seconds=LONG)
    first = commit.committed()
    begun.acquire()
    gone, stays = commit.committed(), commit.committed()
    assert gone.cancel()
    go.release(10)
    assert first.result(60)
    assert stays.result(60)
    commit.close()


@pytest.mark.parametrize("error", [OSError("the disk"), ValueError("a defect")], ids=repr)
def test_after_any_error_those_who_wait_are_answered_and_syncing_goes_on(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[Exception | bool] = [error, error, True, error]

    def sync() -> bool:
        outcome = outcomes.pop(0) if outcomes else True
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    commit = GroupCommit(sync, seconds=LONG)
    assert [commit.committed().result(60) for _ in range(4)] == [False, False, True, False]
    commit.close()
    # Once for each row of failures: this may happen twice a second.
    assert len(caplog.records) == 2


def test_the_last_sync_answers_those_who_still_wait() -> None:
    commit = GroupCommit(lambda: True, seconds=LONG)
    waiting = commit.committed()
    commit.close()
    assert waiting.result(0)
    commit.close()
    assert commit.committed().result(0) is False
