"""Pauses between two starts of a worker grow while starts fail, and only then."""

from banners.web.workers.pauses import FIRST_SECONDS, LONGEST_SECONDS, Pauses


def test_pauses_double_up_to_the_longest_while_workers_end_soon() -> None:
    pauses, now, found = Pauses(), 100.0, []
    for _ in range(10):
        found.append(pauses.add(0.1, now))
        now = pauses.until
    assert found[:4] == [FIRST_SECONDS * 2**each for each in range(4)]
    assert found[-1] == LONGEST_SECONDS


def test_a_worker_that_has_lived_long_is_replaced_after_the_first_pause() -> None:
    pauses, now = Pauses(), 100.0
    for _ in range(10):
        pauses.add(0.1, now)
        now = pauses.until
    assert pauses.add(3 * LONGEST_SECONDS, now) == FIRST_SECONDS


def test_workers_that_are_killed_again_and_again_are_replaced_without_growing_pauses() -> None:
    pauses = Pauses()
    assert {pauses.add(2.0, now) for now in range(0, 100, 2)} == {FIRST_SECONDS}


def test_workers_that_end_together_share_a_pause() -> None:
    pauses = Pauses()
    pauses.add(0.1, 100.0)
    assert pauses.add(0.1, 100.0 + FIRST_SECONDS / 2) == FIRST_SECONDS / 2
    assert pauses.add(0.1, pauses.until) == 2 * FIRST_SECONDS
