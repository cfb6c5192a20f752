"""How long the answer to a wrong password is held back: longer with each one.

Only wrong passwords are held back: everybody who has the right one is answered immediately, also
while somebody else guesses from the same address. So the delays slow down those who wait for
answers; against those who do not, a password has to be long. See docs/adr/0033.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from math import inf

from banners.core.proxies import client_network
from banners.errors import TooManyWrongPasswords
from banners.web.shared_memory import WRONG_PASSWORDS

_LOG = logging.getLogger(__name__)

PLACES = WRONG_PASSWORDS // 2 - 1
"""Number of places in which wrong passwords are counted by address; addresses may share one."""

MOST_SECONDS = 6.0
"""Longest delay; a server that stops gives requests eight seconds to end."""

MOST_WAITING = 1_000
"""Maximum number of answers that a worker holds back at the same time; each is one timer."""

MOST_REMEMBERED = 1_000
"""Maximum number of wrong passwords that a worker recognizes when they are sent again."""

LOG_SECONDS = 10.0
"""Seconds between two lines of the log about wrong passwords."""

FORGOTTEN_SECONDS = 900.0
"""Seconds without a wrong password after which those before no longer count."""

_FIRST_SECONDS = 0.25
# People mistype: only after this many wrong passwords are the next ones delayed for all.
_FREE_OVERALL = 20
_DOUBLED_OVERALL = 20


class Delays:
    """Counts wrong passwords by address and overall, and holds back the answers.

    Args:
        numbers: the counts, WRONG_PASSWORDS of them, 0 at first: how many and when the last was,
            overall and for each place. All workers share them.
        key: keeps clients from choosing addresses that share a place.
        clock: returns the time in seconds; it never goes back, and all workers see the same.
        sleep: waits for so many seconds.
        most_waiting: maximum number of answers that are held back at the same time.
    """

    def __init__(
        self,
        numbers: "memoryview[float] | None" = None,
        *,
        key: bytes | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._numbers = (
            memoryview(bytearray(8 * WRONG_PASSWORDS)).cast("d") if numbers is None else numbers
        )
        self._key = key or secrets.token_bytes(32)
        self._most_waiting = most_waiting
        self._remembered: OrderedDict[bytes, None] = OrderedDict()
        self._unlogged = 0
        self._logged = -inf
        self._clock = clock
        self._sleep = sleep
        self._waiting = 0

    async def hold_back(self, address: str) -> None:
        """Count a wrong password, and return when it may be answered.

        Args:
            address: the network address of the client.

        Raises:
            TooManyWrongPasswords: too many answers are held back already.
        """
        seconds = self.count(address)
        self._log()
        if self._waiting >= self._most_waiting:
            raise TooManyWrongPasswords(int(seconds) + 1)
        self._waiting += 1
        try:
            await self._sleep(seconds)
        finally:
            self._waiting -= 1

    async def hold_back_new(self, address: str, name: str, password: bytes) -> None:
        """Hold back the answer to a wrong password, unless it has been refused before.

        A browser sends the password of a proxy with every request, and somebody who guesses learns
        nothing from sending the same one again.

        Args:
            address: the network address of the client.
            name: the name that was sent.
            password: the password.

        Raises:
            TooManyWrongPasswords: too many answers are held back already.
        """
        sent = hashlib.blake2b(
            name.encode() + b"\0" + password, key=self._key, digest_size=16
        ).digest()
        if sent in self._remembered:
            self._remembered.move_to_end(sent)
            return
        await self.hold_back(address)
        # Only now: until then, the same again is one more guess.
        self._remembered[sent] = None
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)

    def count(self, address: str) -> float:
        """Count a wrong password, and return for how many seconds to hold back its answer."""
        by_address = self._add(1 + self._place(address))
        overall = self._add(0) - _FREE_OVERALL
        seconds = _FIRST_SECONDS * _doubled(by_address - 1)
        if overall > 0:
            seconds = max(seconds, _FIRST_SECONDS * _doubled(overall // _DOUBLED_OVERALL))
        return min(seconds, MOST_SECONDS)

    def _add(self, place: int) -> float:
        """Add one to the count of a place, and return it."""
        # A count that two workers change at the same moment may lose one; it still grows.
        now = self._clock()
        before, last = self._numbers[2 * place], self._numbers[2 * place + 1]
        count: float = 1.0 if now - last > FORGOTTEN_SECONDS else before + 1.0
        self._numbers[2 * place], self._numbers[2 * place + 1] = count, now
        return count

    def _log(self) -> None:
        """Log how many were refused; a line for each would let anybody fill the disk."""
        self._unlogged += 1
        now = self._clock()
        if now - self._logged >= LOG_SECONDS:
            number, self._unlogged, self._logged = self._unlogged, 0, now
            end = "" if number == 1 else "s"
            _LOG.warning("Refused %d wrong password%s or key%s.", number, end, end)

    def _place(self, address: str) -> int:
        digest = hashlib.blake2b(
            client_network(address).encode(), key=self._key, digest_size=8
        ).digest()
        return int.from_bytes(digest) % PLACES


def _doubled(times: float) -> float:
    """Return 1 doubled so often; from 10 times on, the longest delay is reached in any case."""
    return float(2 ** int(min(times, 10)))
