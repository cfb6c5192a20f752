"""Visitors who come again and again, and note every answer."""

import http.client
import itertools
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from servers import until

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What a visitor got.

    Args:
        path: what was asked for.
        started: when it was asked for, in seconds on the monotonic clock.
        seconds: how long it took, to the last byte.
        status: the HTTP status; 0 where no whole answer came.
        text: the answer, or why there is none.
    """

    path: str
    started: float
    seconds: float
    status: int
    text: str

    @property
    def banners(self) -> list[int]:
        """The banners of a page or of a JSON answer."""
        return [int(each) for each in re.findall(r"/static/images/image_([0-9]+)\.png", self.text)]

    @property
    def generation(self) -> int:
        """The generation that a JSON answer tells."""
        return int(json.loads(self.text)["generation"])


class Load:
    """Visitors at one address, from the beginning of a block to its end.

    Args:
        address: of the web application.
        paths: what they ask for, in turn.
        visitors: how many there are; each waits for an answer before it asks again.
        keep_alive: whether they ask again over the same connection.
    """

    def __init__(
        self, address: str, paths: Sequence[str], *, visitors: int = 4, keep_alive: bool = True
    ) -> None:
        self._place = urlsplit(address).netloc
        self._headers = {} if keep_alive else {"Connection": "close"}
        self._paths = paths
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._visit, args=(first,)) for first in range(visitors)
        ]
        self.answers: list[Answer] = []

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

    def go_on(self, answers: int = 50) -> None:
        """Wait until so many more answers have come."""
        enough = len(self.answers) + answers
        until(lambda: len(self.answers) >= enough)

    @property
    def failed(self) -> list[Answer]:
        """The answers other than 200."""
        return [answer for answer in self.answers if answer.status != 200]

    def slowest(self, since: float) -> Answer:
        """Find the answer that took longest of those asked for since a moment."""
        return max(
            (answer for answer in self.answers if answer.started >= since),
            key=lambda answer: answer.seconds,
        )

    def _visit(self, first: int) -> None:
        connection = http.client.HTTPConnection(self._place, timeout=TIMEOUT_SECONDS)
        for path in itertools.islice(itertools.cycle(self._paths), first, None):
            if self._ended.is_set():
                break
            self.answers.append(self._ask(connection, path))
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, path: str) -> Answer:
        started = time.monotonic()
        try:
            connection.request("GET", path, headers=self._headers)
            response = connection.getresponse()
            status, text = response.status, response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            status, text = 0, repr(error)
        return Answer(path, started, time.monotonic() - started, status, text)
