"""What Redis has of the catalogue: which version is in force, or that there is none.

A worker that starts without the database may serve from Redis alone only where there is no
catalogue, since nobody can know there which banners a catalogue has paused.
"""

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis import Redis

_LOG = logging.getLogger(__name__)

NOTE_SECONDS = 60
"""Seconds after which Redis forgets what it was last told of the catalogue."""

_KEY = "banners:catalogue"
_NONE = b"0"


class CatalogueNote:
    """The note in Redis; every call may raise whatever the client raises.

    Args:
        client: a client of Redis that returns bytes.
    """

    def __init__(self, client: "Redis") -> None:
        self._client = client

    def found(self, number: int) -> None:
        """Note what was just found in the database.

        That there is none is not noted over a version, for a copy of the database may lag behind
        the writer who noted that one.

        Args:
            number: the number of the version in force; 0 if there is no catalogue.
        """
        if number or not self._names_version():
            self._client.set(_KEY, number, ex=NOTE_SECONDS)

    def says_none(self) -> bool:
        """Return whether somebody found, less than a minute ago, that there is no catalogue."""
        return self._client.get(_KEY) == _NONE

    def try_found(self, number: int) -> None:
        """Note a version that was just made; if Redis fails, log it and go on."""
        try:
            self.found(number)
        except Exception as error:  # noqa: BLE001  # the client raises errors of any type
            _LOG.warning(
                "Redis could not be told of version %d of the catalogue. Within %d seconds it "
                "forgets what it had: %s",
                number,
                NOTE_SECONDS,
                error,
            )

    def _names_version(self) -> bool:
        kept = self._client.get(_KEY)
        return isinstance(kept, bytes) and kept.isdigit() and kept != _NONE
