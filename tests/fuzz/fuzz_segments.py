"""Feeds random bytes, and segments with damage, to the reader of segments: ``make fuzz``.

The reader must return the records before the damage as they were written, and count all bytes from
there on.
"""

import io
import re
import sys
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["banners"]):
    from banners.collect.segments import read as reading
    from banners.collect.segments.record import (
        click_record,
        conversion_record,
        end_record,
        framed,
        impressions_record,
        slot_of,
    )
    from banners.core.model import Quarter
    from banners.core.views import Group, Traffic, View

import reference.segments

# Short blocks, so that a short segment has several.
BLOCK_BYTES = 256
patch.object(reading, "MOST_BYTES", BLOCK_BYTES).start()
MOST_CHANGED = 4
"""Maximum number of bytes that are changed together: a CRC-32 detects every such change."""

_SLOT = rb"(?:0|[1-9][0-9]{0,7})"
_OURS = re.compile(rb"[icv],%b,[^,].*|e,(?:%b:[0-9]{1,9}(?:;|$))*" % (_SLOT, _SLOT), re.DOTALL)


def read_any(given: bytes, path: Path) -> None:
    """Read any bytes."""
    _read_both_ways(given, path)


def read_damaged(given: bytes, path: Path) -> None:
    """Read a segment in which some bytes stand in place of others."""
    source = atheris.FuzzedDataProvider(given)
    records = [_record(source) for _ in range(source.ConsumeIntInRange(0, 9))]
    if source.ConsumeBool():
        records.append(end_record(Counter(slot_of(each[15:]) for each in records)))
    block = b"".join(records)
    place = source.ConsumeIntInRange(0, len(block))
    removed = source.ConsumeIntInRange(0, MOST_CHANGED)
    added = source.ConsumeBytes(source.ConsumeIntInRange(0, MOST_CHANGED))
    damaged = block[:place] + added + block[place + removed :]
    found = _read_both_ways(damaged, path)
    complete = 0
    while complete < len(records) and sum(map(len, records[: complete + 1])) <= place:
        complete += 1
    assert list(map(framed, found[:complete])) == records[:complete]
    assert set(map(framed, found)) <= set(records)


def _record(source: "atheris.FuzzedDataProvider") -> bytes:
    slot = source.ConsumeIntInRange(1_994_400, 1_994_403)
    number = source.ConsumeIntInRange(0, 2**55 - 1)
    banners = (414, 251)[: source.ConsumeIntInRange(1, 2)]
    view = View(slot, Quarter(slot % 4 + 1), 54, 3, Group.RULE, number, banners)
    match source.ConsumeIntInRange(0, 2):
        case 0:
            return impressions_record(view, source.PickValueInList(list(Traffic)))
        case 1:
            return click_record(view, len(banners), source.PickValueInList(list(Traffic)))
        case _:
            return conversion_record(slot, number, number + 1, "0.675000", 54)


def _read_both_ways(segment: bytes, path: Path) -> list[bytes]:
    """Read the records, then what the file says that it holds, and compare with the reference."""
    expected = reference.segments.good_records(segment)
    read = reading.Read()
    contents = list(reading.read_records(io.BytesIO(segment), read))
    assert contents == expected[: len(contents)]
    # A line of more bytes than any record has may be taken for damage or not.
    is_long = any(len(each) >= BLOCK_BYTES for each in segment.split(b"\n"))
    assert len(contents) == len(expected) or is_long
    assert read.good == sum(len(framed(each)) for each in contents)
    assert read.good + read.torn == len(segment)
    last = reference.segments.good_records(segment[segment[:-1].rfind(b"\n") + 1 :])
    # No checksum helps against somebody who writes to the event log.
    if all(map(_OURS.fullmatch, [*expected, *last])):
        _read_what_it_holds(segment, path, contents, last)
    return contents


def _read_what_it_holds(
    segment: bytes, path: Path, contents: list[bytes], last: list[bytes]
) -> None:
    path.write_bytes(segment)
    found = reading.content_of_segment(path)
    if last and last[0].startswith(b"e,"):
        assert found.has_end
        assert sum(found.slots.values()) == sum(map(int, re.findall(rb":([0-9]+)", last[0])))
    else:
        events = [each for each in contents if not each.startswith(b"e,")]
        assert found.slots == Counter(int(each.split(b",")[1]) for each in events)
        assert not found.has_end
    assert found.read.good + found.read.torn == len(segment)


READERS = (read_any, read_damaged)


def read(given: bytes, path: Path) -> None:
    """Let the first byte choose what is done with the rest."""
    if given:
        READERS[given[0] % len(READERS)](given[1:], path)


def beginnings() -> list[bytes]:
    """Return inputs for the fuzzer to begin with: a segment, and choices for records."""
    records = [
        conversion_record(7, 5, 6, "0.675000", 54),
        framed(b"i,8,"),
        end_record({7: 1, 8: 1}),
    ]
    return [b"\0" + b"".join(records), *(b"\1" + bytes(range(start, 200)) for start in (0, 7, 90))]


if __name__ == "__main__":
    # The fuzzer keeps inputs that reach new code for the next run.
    here = Path("var/fuzz/segments")
    (here / "corpus").mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(beginnings()):
        (here / "corpus" / f"begin-{number}").write_bytes(content)
    atheris.enabled_hooks.add("RegEx")
    atheris.Setup([*sys.argv, str(here / "corpus")], lambda given: read(given, here / "segment"))
    atheris.Fuzz()
