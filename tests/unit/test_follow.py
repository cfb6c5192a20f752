"""When the follower looks for a new generation, with fake looks."""

import threading
from queue import Queue
from threading import Event

import pytest

from banners.serve import follow
from banners.serve.follow import following


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one look follow upon another."""
    monkeypatch.setattr(follow, "SECONDS", 0)


def test_the_block_begins_after_the_first_look() -> None:
    looked = Event()
    with following(looked.set):
        assert looked.is_set()


def test_it_is_looked_again_and_again() -> None:
    looks: Queue[None] = Queue()
    with following(lambda: looks.put(None)):
        for _ in range(5):
            looks.get(timeout=60)


def test_it_is_looked_no_more_once_the_block_has_ended() -> None:
    with following(lambda: None):
        pass
    assert "follow" not in {thread.name for thread in threading.enumerate()}


def test_a_fault_of_a_look_is_logged_and_it_is_looked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    faults, looked_again = iter([ZeroDivisionError("ours")]), Event()

    def look() -> None:
        for fault in faults:
            raise fault
        looked_again.set()

    with following(look):
        assert looked_again.wait(60)
    assert "Looking for a new generation failed" in caplog.text
    assert "ZeroDivisionError: ours" in caplog.text


def test_a_look_that_hangs_does_not_block_start_and_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follow, "FIRST_SECONDS", 0)
    server_is_back, looked = Event(), Event()

    def look() -> None:
        server_is_back.wait(60)
        looked.set()

    with following(look):
        pass
    assert not looked.is_set()
    server_is_back.set()
    assert looked.wait(60)
