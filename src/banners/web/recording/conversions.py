"""Records the conversions that programs report."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from banners.core.conversions import MOST_CONVERSIONS
from banners.errors import CollectError, NotConversions, NotKept
from banners.web.recording.counts import Outcome
from banners.web.recording.turns import Turns

MOST_BYTES = 1_000_000
"""Maximum number of bytes of one request; a thousand conversions have half of it at the most."""

_OUTCOMES = {
    "accepted": Outcome.RECORDED,
    "duplicate": Outcome.DUPLICATE,
    "refused": Outcome.REFUSED,
}


class Checked(Protocol):
    """What becomes of conversions, if those that are accepted can be kept."""

    @property
    def answers(self) -> list[dict[str, str]]:
        """What to answer about each one."""
        ...

    @property
    def accepted(self) -> Sequence[tuple[int, int, int, str, int]]:
        """The arguments of :meth:`banners.collect.segments.log.EventLog.conversion`."""
        ...


class Receiver(Protocol):
    """Knows who may report conversions, and checks them; see :mod:`banners.collect.conversions`."""

    def sender(self, key: bytes) -> Any | None:
        """Return who has a key; None if nobody has it."""
        ...

    def check(self, body: bytes, sender: Any) -> Checked | None:
        """Check what somebody sent; None if it is not a JSON array of conversions.

        Raises:
            CollectError: nothing can be checked at the moment.
        """
        ...

    def remember(self, kept: Any) -> None:
        """Remember conversions that would survive a loss of power."""
        ...


class ReportedConversions:
    """Records conversions, and answers once they would survive a loss of power.

    Args:
        receiver: knows who may report them.
        turns: where the event log is.
    """

    def __init__(self, receiver: Receiver, turns: Turns) -> None:
        self._receiver = receiver
        self._turns = turns

    def sender(self, key: bytes) -> Any | None:
        """Return who has a key; None if nobody has it."""
        return self._receiver.sender(key)

    async def record(self, body: bytes, sender: Any) -> list[dict[str, str]]:
        """Record what somebody sent, and return what to answer about each conversion.

        Args:
            body: a JSON array of conversions.
            sender: who sent it.

        Raises:
            NotConversions: it is anything else.
            NotKept: they cannot be kept. Perhaps some were, which does no harm: closing slots
                counts each once.
        """
        try:
            checked = await asyncio.to_thread(self._receiver.check, body, sender)
        except CollectError as error:
            raise NotKept from error
        if checked is None:
            raise NotConversions(MOST_CONVERSIONS)
        counts = self._turns.counts.conversions
        if checked.accepted and not await self._keep(checked.accepted):
            counts[Outcome.NOT_KEPT] += len(checked.accepted)
            raise NotKept
        for answer in checked.answers:
            counts[_OUTCOMES[answer["status"]]] += 1
        # Only now: a sender who asks again after a failure must not be told of a duplicate.
        self._receiver.remember(checked.accepted)
        return checked.answers

    async def _keep(self, accepted: Sequence[tuple[int, int, int, str, int]]) -> bool:
        turns = self._turns
        if not turns.is_open:
            return False
        recorded = [turns.log.conversion(*each) for each in accepted]
        return await turns.synced() and all(recorded)
