"""Work that threads do from the beginning of a block to its end."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self


class InThreads:
    """Does some works, each in a thread of its own.

    Args:
        works: each goes on until ``_ended`` is set.
    """

    def __init__(self, works: Iterable[Callable[[], None]]) -> None:
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=work) for work in works]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
