"""Slots: the quarters of an hour on the calendar, to which events belong.

A slot is half open: ``unix seconds // 900``. Its name is its beginning in UTC, as in
``20261126T1445Z``.
"""

import re
from datetime import UTC, datetime, tzinfo

from banners.core.model import Quarter
from banners.errors import InvalidSlot

SLOT_SECONDS = 900
"""Length of a slot in seconds."""

SLOTS_BETWEEN = 4
"""Number of slots from one slot to the next of the same quarter."""

SLOTS_A_DAY = 86_400 // SLOT_SECONDS
"""Number of slots in 24 hours."""

CLOSED_AFTER = 120
"""Seconds after the end of a slot at which the loop closes it."""

MOST_AHEAD = 2_400
"""Maximum number of seconds before a quarter comes back at which the loop publishes it. There are
45 minutes between two slots of a quarter, in which the first one has to be closed."""

HOST_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
"""Pattern of the name of a host, which is that of its folder in the event log."""

SLOT_NAME = "[0-9]{8}T[0-9]{4}Z"
"""Pattern of the name of a slot."""

_FORM = "%Y%m%dT%H%MZ"
_NAME = re.compile(SLOT_NAME)


def slot_at(seconds: float) -> int:
    """Return the slot that a moment lies in.

    Args:
        seconds: seconds since 1970 in UTC.
    """
    return int(seconds // SLOT_SECONDS)


def slot_name(slot: int) -> str:
    """Return the name of a slot, such as ``20261126T1445Z``."""
    return datetime.fromtimestamp(slot * SLOT_SECONDS, UTC).strftime(_FORM)


def slot_named(name: str) -> int:
    """Return the slot with a name.

    Raises:
        InvalidSlot: the text is not the name of a slot.
    """
    try:
        if not _NAME.fullmatch(name):
            raise InvalidSlot(name)
        begins = datetime.strptime(name, _FORM).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise InvalidSlot(name) from error
    if begins % SLOT_SECONDS:
        raise InvalidSlot(name)
    return slot_at(begins)


def quarter_of(slot: int, zone: tzinfo) -> Quarter:
    """Return the quarter of the hour that a slot is in a time zone."""
    return Quarter.at(datetime.fromtimestamp(slot * SLOT_SECONDS, zone))
