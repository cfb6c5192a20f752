"""What stops a command from outside: Ctrl-C, or a signal that is sent to it."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# By the convention of shells, the status of what a signal ended is this and its number.
_ENDED_BY = 128


class Stopped(KeyboardInterrupt):
    """A signal has stopped the command."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        self.status = _ENDED_BY + number
        super().__init__()


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Let a signal end the block as Ctrl-C does, so that what it wrote on its way goes with it.

    A signal that is ignored, as by ``nohup``, stays so. Python drops an interrupt that comes while
    it tidies up after something, with a traceback that is left out here, and so does many a
    library; so what takes long is to call what is given now and then, which ends the block for that
    one too. Other libraries put an error of their own in its place, which is none here.

    Raises:
        Stopped: a signal came.
    """
    came: list[int] = []

    def check() -> None:
        if came:
            raise KeyboardInterrupt

    def stop(number: int, _: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    report_dropped = sys.unraisablehook

    def report_unless_stopped(unraisable: "sys.UnraisableHookArgs") -> None:
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            report_dropped(unraisable)

    handlers = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if (handler := signal.getsignal(number)) in {signal.SIG_DFL, signal.default_int_handler}
    }
    for number in handlers:
        signal.signal(number, stop)
    sys.unraisablehook = report_unless_stopped
    try:
        yield check
    except (KeyboardInterrupt, Exception) as error:
        if came or isinstance(error, KeyboardInterrupt):
            raise Stopped(*came[:1]) from error
        raise
    finally:
        sys.unraisablehook = report_dropped
        for number, handler in handlers.items():
            signal.signal(number, handler)
