"""A signal ends a command after it has cleaned up."""

import contextlib
import signal
import sys
from collections.abc import Callable

import pytest

from banners.cli.stopping import Stopped, stoppable

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_ends_the_block_with_the_status_that_shells_know(number: signal.Signals) -> None:
    with pytest.raises(Stopped) as caught, stoppable():
        signal.raise_signal(number)
    assert caught.value.status == 128 + number


def test_what_swallows_the_interrupt_only_puts_it_off() -> None:
    with pytest.raises(Stopped) as caught, stoppable() as check:
        check()
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        check()
    assert caught.value.status == 128 + signal.SIGTERM


class Tidying:
    """Calls a function in its finalizer, where Python drops exceptions."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do = do

    def __del__(self) -> None:
        self._do()


def test_an_interrupt_that_python_drops_is_not_shown_and_only_put_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", lambda told: shown.append(told.exc_value))
    other = ValueError()
    with pytest.raises(Stopped) as caught, stoppable() as check:
        Tidying(lambda: raised(other))
        check()
        Tidying(lambda: signal.raise_signal(signal.SIGINT))
        check()
    assert caught.value.status == 128 + signal.SIGINT
    assert shown == [other]


def raised(error: Exception) -> None:
    raise error


def test_a_block_inside_knows_of_a_signal_that_was_swallowed_outside() -> None:
    with pytest.raises(Stopped) as ended, stoppable():
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        with stoppable() as check:
            check()
            pytest.fail("The block goes on.")
    assert ended.value.status == 143


def test_what_a_library_makes_of_the_interrupt_is_no_error() -> None:
    with pytest.raises(Stopped) as caught, stoppable():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as interrupt:
            raise ImportError("initialization failed") from interrupt
    assert caught.value.status == 128 + signal.SIGINT


def test_an_interrupt_that_a_library_raises_ends_the_block() -> None:
    with pytest.raises(Stopped) as caught, stoppable():
        raise KeyboardInterrupt
    assert caught.value.status == 128 + signal.SIGINT


def test_an_error_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="other"), stoppable():
        raised(ValueError("other"))


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable() as check:
            signal.raise_signal(signal.SIGHUP)
            check()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_behind_the_block_signals_do_what_they_did() -> None:
    before = [sys.unraisablehook, *map(signal.getsignal, ENDING)]
    with stoppable():
        pass
    assert [sys.unraisablehook, *map(signal.getsignal, ENDING)] == before
