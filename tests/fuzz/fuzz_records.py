"""Feeds what no cache should hold to its decoders: ``make fuzz``.

They give what they would have written, or say that it is damaged, and nothing else.
"""

import sys
import zlib
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["banners"]):
    from banners.errors import DamagedRecord
    from banners.model import Generation, Lineup, Performance, Quarter, RuleName
    from banners.record import (
        decode_ids,
        decode_lineup,
        decode_pointers,
        encode_ids,
        encode_lineup,
        encode_pointers,
    )

GENERATION = Generation(1, "2026-01-31T10:00:00+00:00")
_NAME = "n"


def read_lineup(record: bytes) -> None:
    try:
        lineup = decode_lineup(record, GENERATION, Quarter.FIRST, 5)
    except DamagedRecord:
        return
    assert encode_lineup(lineup) == record


def read_ids(record: bytes) -> None:
    # Nearly all with the right check sum, or else nothing behind that would ever be tried.
    whole = b"ids %s %08x\n%s" % (_NAME.encode(), zlib.crc32(record), record)
    given = record if record.startswith(b"ids") else whole
    try:
        ids = decode_ids(given, _NAME)
    except DamagedRecord:
        return
    assert encode_ids(ids, _NAME) == given


def read_pointers(record: bytes) -> None:
    try:
        pointers = decode_pointers(record)
    except DamagedRecord:
        return
    assert decode_pointers(encode_pointers(pointers)) == pointers


READERS = (read_lineup, read_ids, read_pointers)


def read(given: bytes) -> None:
    """Let the first byte choose the decoder."""
    if given:
        READERS[given[0] % len(READERS)](given[1:])


def sound() -> list[bytes]:
    """Give what each decoder takes, for the fuzzer to begin with."""
    banners = tuple(Performance(each, 9, 5, 1, 10**each) for each in range(1, 4))
    rule = RuleName.REVENUE_THEN_CLICKS
    lineup = Lineup(5, Quarter.FIRST, GENERATION, rule, 3, 5, banners, (8, 9))
    ids = encode_ids([1, 2, 10**18 - 1], _NAME)
    pointers = encode_pointers({Quarter.FIRST: GENERATION, Quarter.FOURTH: GENERATION})
    records = (encode_lineup(lineup), ids, pointers)
    return [bytes([place]) + record for place, record in enumerate(records)]


if __name__ == "__main__":
    # What it finds worth keeping is kept for the next time.
    corpus = Path("var/fuzz/records")
    corpus.mkdir(parents=True, exist_ok=True)
    for place, record in enumerate(sound()):
        (corpus / f"sound-{place}").write_bytes(record)
    atheris.enabled_hooks.add("RegEx")
    atheris.Setup([*sys.argv, str(corpus)], read)
    atheris.Fuzz()
