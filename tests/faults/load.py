"""Visitors who send requests continuously and record every answer."""

import http.client
import itertools
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from faults.in_threads import InThreads
from support.servers import until

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request.

    Args:
        path: the path of the request.
        started: when the request was sent, in seconds on the monotonic clock.
        seconds: seconds until the last byte had come.
        status: the HTTP status; 0 if no complete answer came.
        text: the body, or the error.
    """

    path: str
    started: float
    seconds: float
    status: int
    text: str

    @property
    def banners(self) -> list[int]:
        """The ids of the banners on a page or in a JSON answer."""
        return [int(each) for each in re.findall(r"/static/images/image_([0-9]+)\.png", self.text)]

    @property
    def generation(self) -> int:
        """The generation in a JSON answer."""
        return int(json.loads(self.text)["generation"])


class Load(InThreads):
    """Visitors of one web application, from the beginning of a block to its end.

    Args:
        address: the address of the web application.
        paths: the paths that they request, in turn.
        visitors: the number of visitors; each waits for an answer before the next request.
        keep_alive: whether they reuse their connection.
    """

    def __init__(
        self, address: str, paths: Sequence[str], *, visitors: int = 4, keep_alive: bool = True
    ) -> None:
        self._place = urlsplit(address).netloc
        self._headers = {} if keep_alive else {"Connection": "close"}
        self._paths = paths
        super().__init__(partial(self._visit, first) for first in range(visitors))
        self.answers: list[Answer] = []

    def go_on(self, answers: int = 50) -> None:
        """Wait until this many more answers have come."""
        enough = len(self.answers) + answers
        until(lambda: len(self.answers) >= enough)

    @property
    def failed(self) -> list[Answer]:
        """The answers other than 200."""
        return [answer for answer in self.answers if answer.status != 200]

    def slowest(self, since: float) -> Answer:
        """Return the slowest answer to a request sent since a moment."""
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
