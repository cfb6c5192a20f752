r"""Records: one line of text for each event, with its length and a checksum.

::

    <length, 6 hex digits><CRC-32, 8 hex digits> <kind>,<slot of the view>,<other fields>\n

Lines of text, and not bytes of our own, so that every engine can read them with the means that it
has. The fields are numbers and words of ours, so nothing in them needs quotes.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from zlib import crc32

from banners.core.events import REVENUE_PATTERN
from banners.core.views import Traffic, View, event_id

MOST_BYTES = 1 << 20
"""Maximum number of bytes of a record, with its end."""

HEAD_BYTES = 15
"""Number of bytes before the content of a record."""


class RecordKind(StrEnum):
    """What a record is about: its first field."""

    IMPRESSIONS = "i"
    """The banners of a view were seen: slot, traffic, quarter, campaign id, generation, group, view
    id, whether paused, banner ids, and for each the campaign that it belongs to if it is fill."""
    CLICK = "c"
    """A banner was clicked: slot, traffic, quarter, campaign id, generation, group, click id,
    banner id, whether it is fill, number of places."""
    CONVERSION = "v"
    """A click converted: slot, conversion id, click id, revenue, and the campaign that its sender
    may report; 0 for any."""
    END = "e"
    """The last record of a sealed segment: the slots of the others, with their numbers."""


# With eight digits, a slot lies before the year 4822; much later times have no name.
_SLOT = "0|[1-9][0-9]{0,7}"

BEGINNING = (
    f"(?:{RecordKind.IMPRESSIONS}|{RecordKind.CLICK}|{RecordKind.CONVERSION}),({_SLOT}),[^,]"
)
"""Pattern of the beginning of a record that is about a slot, up to its first field."""

_BEGINNING = re.compile(BEGINNING.encode())

_OF_A_VIEW = "[a-z]+,[1-4],[0-9]+,[0-9]+,[a-z_]+"
_IDS = "[0-9]+(?:;[0-9]+)*"
_ABOUT_A_SLOT = re.compile(
    f"{RecordKind.IMPRESSIONS},(?:{_SLOT}),{_OF_A_VIEW},[0-9]{{1,18}},[01],{_IDS},(?:{_IDS})?"
    f"|{RecordKind.CLICK},(?:{_SLOT}),{_OF_A_VIEW},[0-9]{{1,19}},[0-9]+,[01],[0-9]+"
    f"|{RecordKind.CONVERSION},(?:{_SLOT}),[0-9]+,[0-9]+,{REVENUE_PATTERN},[0-9]+".encode()
)
_WHOLE_SLOT = re.compile(_SLOT.encode())


def impressions_record(view: View, traffic: Traffic) -> bytes:
    """Return the record of a view whose banners were seen."""
    return framed(
        b"i,%d,%b,%d,%d,%d,%b,%d,%d,%b,%b"
        % (
            view.slot,
            traffic.encode(),
            view.quarter,
            view.campaign_id,
            view.generation,
            view.group.encode(),
            view.view_id,
            view.paused,
            ";".join(map(str, view.banner_ids)).encode(),
            ";".join(map(str, view.fill)).encode(),
        )
    )


def click_record(view: View, position: int, traffic: Traffic) -> bytes:
    """Return the record of a click.

    Args:
        view: the view in which it happened.
        position: the place of the banner, from 1.
        traffic: who clicked.
    """
    return framed(
        b"c,%d,%b,%d,%d,%d,%b,%d,%d,%d,%d"
        % (
            view.slot,
            traffic.encode(),
            view.quarter,
            view.owner(position),
            view.generation,
            view.group.encode(),
            event_id(view.view_id, position),
            view.banner_ids[position - 1],
            view.is_fill(position),
            len(view.banner_ids),
        )
    )


def conversion_record(
    slot: int, conversion_id: int, click_id: int, revenue: str, campaign_id: int
) -> bytes:
    """Return the record of a conversion.

    Args:
        slot: the slot of the view in which the click happened.
        conversion_id: its id, of 59 bits.
        click_id: the click that it came from.
        revenue: as in an event file.
        campaign_id: the campaign that the click must be of; 0 for any.
    """
    return framed(
        b"v,%d,%d,%d,%b,%d" % (slot, conversion_id, click_id, revenue.encode(), campaign_id)
    )


def end_record(slots: Mapping[int, int]) -> bytes:
    """Return the last record of a sealed segment; empty if there are too many slots for one.

    Args:
        slots: the number of records by the slot of their view.
    """
    content = b"e,%b" % ";".join(f"{slot}:{slots[slot]}" for slot in sorted(slots)).encode()
    return framed(content) if len(content) + HEAD_BYTES < MOST_BYTES else b""


def slots_at_end(content: bytes) -> dict[int, int]:
    """Return what :func:`end_record` was given, from the content of its record.

    Raises:
        ValueError: the content has another form.
    """
    pairs = (pair.split(b":") for pair in content[2:].split(b";") if pair)
    return {_slot(slot): int(records) for slot, records in pairs}


def framed(content: bytes) -> bytes:
    """Return a record with its length and checksum."""
    return b"%06x%08x %b\n" % (len(content), crc32(content), content)


def content_of(line: bytes) -> bytes | None:
    """Return the content of a record, without its line end; None if it is damaged."""
    content = line[HEAD_BYTES:]
    expected = b"%06x%08x " % (len(content), crc32(content))
    return content if line[:HEAD_BYTES] == expected and content else None


def contents_of(lines: Sequence[bytes]) -> list[bytes]:
    """Return the contents of records, without their line ends, up to the first damaged one."""
    contents = [line[HEAD_BYTES:] for line in lines]
    # Comparing all together takes two thirds of the time of calling a function for each.
    expected = [b"%06x%08x " % (len(each), crc32(each)) for each in contents]
    if b"" not in contents and [line[:HEAD_BYTES] for line in lines] == expected:
        return contents
    good = next(place for place, line in enumerate(lines) if content_of(line) is None)
    return contents[:good]


def slot_of(content: bytes) -> int:
    """Return the slot of the view that a record is about.

    Raises:
        ValueError: the content does not begin with the kind of a record about a slot, and a slot.
    """
    if not (found := _BEGINNING.match(content)):
        raise ValueError("a kind and a slot are expected")
    return int(found[1])


def has_our_fields(content: bytes) -> bool:
    """Return whether a record about a slot has the fields that this release writes."""
    return _ABOUT_A_SLOT.fullmatch(content) is not None


def _slot(text: bytes) -> int:
    if not _WHOLE_SLOT.fullmatch(text):
        raise ValueError("a slot is expected")
    return int(text)
