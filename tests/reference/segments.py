"""Reads segments slowly, as docs/adr/0032-event-log.md describes them."""

import re
import zlib

_RECORD = re.compile(rb"([0-9a-f]{6})([0-9a-f]{8}) ([^\n]+)\n")


def good_records(segment: bytes) -> list[bytes]:
    """Return the contents of the records up to the first damaged one."""
    contents, place = [], 0
    while found := _RECORD.match(segment, place):
        length, checksum, content = found.groups()
        if int(length, 16) != len(content) or int(checksum, 16) != zlib.crc32(content):
            break
        contents.append(content)
        place = found.end()
    return contents
