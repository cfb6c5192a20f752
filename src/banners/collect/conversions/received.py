"""Reads and checks the conversions that a program sends, before they are recorded."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from banners.collect.conversions.check import (
    Checked,
    Conversion,
    Conversions,
    is_conversion_id,
    read_conversions,
)
from banners.collect.conversions.senders import Sender, Senders, read_senders
from banners.core.watched import state_of
from banners.errors import CollectError

_LOG = logging.getLogger(__name__)

_NOBODY = Senders(())


class Received(NamedTuple):
    """What becomes of conversions, if those that are accepted can be kept.

    Args:
        answers: for each one its status and, if it is refused, the reason and what was expected.
        accepted: what has to be recorded.
    """

    answers: list[dict[str, str]]
    accepted: list[Conversion]


class WatchedSenders:
    """Those who may report conversions: read from their file again whenever it changes.

    While the file has a fault, those from before stay, and the log says so once.

    Args:
        path: the file; None if there is none, so that nobody may.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._state: tuple[int, ...] | None = None
        self._senders = _NOBODY
        self.fault = ""
        """What is wrong with the file as it is now; empty if nothing."""
        self.look()

    def with_key(self, key: bytes) -> Sender | None:
        """Return the sender with a key; None if nobody has it."""
        return self._senders.with_key(key)

    def look(self) -> None:
        """Read the file again if it has changed; it may take as long as the disk does."""
        if self._path is None or (state := state_of(self._path)) == self._state:
            return
        is_first, self._state = self._state is None, state
        before = self.fault
        try:
            self._senders, self.fault = read_senders(self._path), ""
        except CollectError as error:
            self.fault = str(error)
            if self.fault != before:
                _LOG.warning(self.fault)
        else:
            if not is_first:
                _LOG.info("%s has changed and was read again.", self._path)


class ReceivedConversions:
    """Takes conversions from programs.

    Args:
        senders: those who may report conversions.
        conversions: returns what checks conversions; None while the keys of links are not known.
    """

    def __init__(
        self, senders: WatchedSenders, conversions: Callable[[], Conversions | None]
    ) -> None:
        self._senders = senders
        self._conversions = conversions

    def sender(self, key: bytes) -> Sender | None:
        """Return the sender with a key; None if nobody has it."""
        return self._senders.with_key(key)

    def check(self, body: bytes, sender: Sender) -> Received | None:
        """Check what a program sent. It takes some ten milliseconds, so call it in a thread.

        Args:
            body: a JSON array of conversions.
            sender: who sent it.

        Returns:
            None if it is anything else.

        Raises:
            CollectError: the keys of links are not known yet.
        """
        conversions = self._conversions()
        if conversions is None:
            raise CollectError("The keys of links cannot be read yet. Send the same again later.")
        reported = read_conversions(body)
        if reported is None:
            return None
        checked = conversions.check(reported, sender)
        accepted = [each.conversion for each in checked if each.conversion]
        return Received(list(map(_answer, reported, checked)), accepted)

    def remember(self, kept: list[Conversion]) -> None:
        """Remember conversions that would survive a loss of power."""
        if conversions := self._conversions():
            conversions.remember(kept)


def _answer(reported: object, checked: Checked) -> dict[str, str]:
    answer: dict[str, str] = {}
    own_id = reported.get("conversion_id") if isinstance(reported, dict) else None
    if isinstance(own_id, str) and is_conversion_id(own_id):
        answer["conversion_id"] = own_id
    answer["status"] = str(checked.verdict)
    if checked.refusal:
        answer["reason"] = str(checked.refusal)
        answer["detail"] = checked.refusal.meaning
    return answer
