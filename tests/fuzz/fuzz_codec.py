"""Feeds random bytes, which no cache should hold, to the decoders: ``make fuzz``.

Decoders must return what would be encoded to the same bytes, or report that they are damaged.
"""

import struct
import sys
import zlib
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["banners"]):
    from banners.core.candidates import Candidates
    from banners.core.model import Generation, Quarter
    from banners.core.rule import line_up
    from banners.errors import DamagedRecord
    from banners.serve.codec import (
        decode_ids,
        decode_pointers,
        encode_ids,
        encode_pointers,
    )
    from banners.serve.packed import decode_candidates, encode_candidates

GENERATION = Generation(1, "2026-01-31T10:00:00+00:00")
_NAME = "n"


def read_candidates(record: bytes) -> None:
    # The checksum is the right one for the same reason as below.
    key = zlib.crc32(struct.pack("<QBQ", GENERATION.number, Quarter.FIRST, 5))
    given = record + struct.pack("<I", zlib.crc32(record, key))
    try:
        candidates = decode_candidates(given, GENERATION, Quarter.FIRST, 5)
    except DamagedRecord:
        return
    assert encode_candidates(candidates) == given
    line_up(candidates)


def read_ids(record: bytes) -> None:
    # Nearly all inputs get the right checksum; otherwise no code after its check is reached.
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


READERS = (read_candidates, read_ids, read_pointers)


def read(given: bytes) -> None:
    """Let the first byte choose the decoder."""
    if given:
        READERS[given[0] % len(READERS)](given[1:])


def sound() -> list[bytes]:
    """Return inputs that each decoder accepts, for the fuzzer to begin with."""
    columns = ((3, 2, 1), (9, 9, 9), (5, 5, 0), (1, 0, 0), (10**9, 0, 0))
    candidates = Candidates(5, Quarter.FIRST, GENERATION, *columns)
    ids = encode_ids([1, 2, 10**18 - 1], _NAME)
    pointers = encode_pointers({Quarter.FIRST: GENERATION, Quarter.FOURTH: GENERATION})
    records = (encode_candidates(candidates)[:-4], ids, pointers)
    return [bytes([place]) + record for place, record in enumerate(records)]


if __name__ == "__main__":
    # The fuzzer keeps inputs that reach new code for the next run.
    corpus = Path("var/fuzz/records")
    corpus.mkdir(parents=True, exist_ok=True)
    for place, record in enumerate(sound()):
        (corpus / f"sound-{place}").write_bytes(record)
    atheris.enabled_hooks.add("RegEx")
    atheris.Setup([*sys.argv, str(corpus)], read)
    atheris.Fuzz()
