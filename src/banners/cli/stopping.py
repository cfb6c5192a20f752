"""End a command cleanly on Ctrl-C or a signal."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# Shells use this plus the number of the signal as the status of a process that it ended.
_ENDED_BY = 128

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a command."""


class Stopped(KeyboardInterrupt):
    """The command was stopped by a signal."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        self.status = _ENDED_BY + number
        super().__init__()


class _Stop:
    """Handles a signal: raises the interrupt, and keeps in mind that the signal was received."""

    def __init__(self) -> None:
        self.received: list[int] = []

    def __call__(self, number: int, _: FrameType | None) -> None:
        self.received.append(number)
        raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Let SIGTERM and SIGHUP end the block as Ctrl-C does, so that it removes its temporary files.

    A signal that is ignored, as by ``nohup``, stays ignored. Python drops an interrupt that is
    raised in a finalizer, and so do some libraries. Therefore this yields a function that raises
    the interrupt again; long-running work calls it at intervals. If a library replaces the
    interrupt with an error of its own, the block still ends as stopped. A block inside another one
    also knows of the signals that the outer one has received.

    Yields:
        a function that raises KeyboardInterrupt if a signal was received.

    Raises:
        Stopped: a signal was received.
    """
    current = {number: signal.getsignal(number) for number in ENDING}
    stop = next((each for each in current.values() if isinstance(each, _Stop)), None) or _Stop()

    def check() -> None:
        if stop.received:
            raise KeyboardInterrupt

    show_dropped = sys.unraisablehook

    def show_unless_interrupt(unraisable: "sys.UnraisableHookArgs") -> None:
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            show_dropped(unraisable)

    handlers = {
        number: handler
        for number, handler in current.items()
        if handler in {signal.SIG_DFL, signal.default_int_handler}
    }
    for number in handlers:
        signal.signal(number, stop)
    sys.unraisablehook = show_unless_interrupt
    try:
        yield check
    except (KeyboardInterrupt, Exception) as error:
        if stop.received or isinstance(error, KeyboardInterrupt):
            raise Stopped(*stop.received[:1]) from error
        raise
    finally:
        sys.unraisablehook = show_dropped
        for number, handler in handlers.items():
            signal.signal(number, handler)
