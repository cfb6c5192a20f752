"""What is served as bytes: how it is kept in memory and in Redis.

The *record* of a lineup is a JSON array: generation, quarter, campaign, rule, converting, slots,
banner ids, the figures of each banner, and the other candidates' ids. The database keeps the last
three as JSON already, so that a record is put together without reading them.
"""

import json
import operator
import re
import sys
import zlib
from array import array
from collections.abc import Mapping, Sequence
from itertools import islice

from banners.errors import DamagedRecord
from banners.model import Generation, Lineup, Performance, Quarter, RuleName

_WHOLE = r"(?:0|[1-9][0-9]{0,18})"
_ID = r"[1-9][0-9]{0,17}"
_FIGURES = rf"\[{_WHOLE},{_WHOLE},{_WHOLE},{_WHOLE}\]"


def _list_of(item: str, most: int) -> str:
    return rf"\[(?:{item}(?:,{item}){{0,{most - 1}}})?\]"


# The letter of a record: no floats, no signs, no blanks, no depth that a reader could drown in.
_RECORD = re.compile(
    rf'\[{_WHOLE},[1-4],{_ID},"({"|".join(RuleName)})",{_WHOLE},[1-9][0-9]?,'
    f"{_list_of(_ID, 10)},{_list_of(_FIGURES, 10)},{_list_of(_ID, 100)}\\]".encode()
)

_LARGEST_ID = 10**18 - 1
_POINTER = re.compile(rb"([1-4]) ([1-9][0-9]{0,18}) ([0-9T:.+-]{1,40})")


def join_record(
    generation: Generation,
    quarter: Quarter,
    campaign_id: int,
    *,
    rule: str,
    converting: int,
    slots: int,
    banner_ids: str,
    figures: str,
    fill_ids: str,
) -> bytes:
    """Put a record together from what the database keeps.

    Args:
        generation: the generation that the lineup is of.
        quarter: the quarter of the hour.
        campaign_id: the campaign.
        rule: which case of the rule decided.
        converting: X, the number of candidates with revenue.
        slots: how many banners the rule asks for.
        banner_ids: the banners of the lineup in rank order, as a JSON array.
        figures: impressions, clicks, conversions and revenue in millionths of each of these, as a
            JSON array of arrays.
        fill_ids: the campaign's other candidates, as a JSON array.
    """
    head = f'[{generation.number},{int(quarter)},{campaign_id},"{rule}",{converting},{slots}'
    return f"{head},{banner_ids},{figures},{fill_ids}]".encode()


def encode_lineup(lineup: Lineup) -> bytes:
    """Write a lineup as a record."""
    return json.dumps(
        [
            lineup.generation.number,
            int(lineup.quarter),
            lineup.campaign_id,
            lineup.rule.value,
            lineup.converting,
            lineup.slots,
            [banner.banner_id for banner in lineup.banners],
            [
                [banner.impressions, banner.clicks, banner.conversions, banner.revenue_micros]
                for banner in lineup.banners
            ],
            lineup.others,
        ],
        separators=(",", ":"),
    ).encode()


def decode_lineup(
    record: bytes, generation: Generation, quarter: Quarter, campaign_id: int
) -> Lineup:
    """Read a record, and believe nothing of it that is not checked.

    Args:
        record: bytes from a tier that others may have written to.
        generation: the generation that it is to be of.
        quarter: the quarter that it is to be of.
        campaign_id: the campaign that it is to be of.

    Raises:
        DamagedRecord: it is no record, or one of another lineup.
    """

    def damaged(what: str) -> DamagedRecord:
        return DamagedRecord(
            f"What is kept of campaign {campaign_id} in quarter {int(quarter)}, generation "
            f"{generation.number}, {what}. Crunch the quarter again."
        )

    if not _RECORD.fullmatch(record):
        raise damaged("is not the record of a lineup")
    number, of_quarter, of_campaign, rule, converting, slots, ids, figures, others = json.loads(
        record
    )
    if (number, of_quarter, of_campaign) != (generation.number, quarter, campaign_id):
        raise damaged("is the record of another lineup")
    if len(ids) != len(figures) or len({*ids, *others}) < len(ids) + len(others):
        raise damaged("has banners that are not each there once")
    return Lineup(
        campaign_id=campaign_id,
        quarter=quarter,
        generation=generation,
        rule=RuleName(rule),
        converting=converting,
        slots=slots,
        banners=tuple(
            Performance(banner_id, *row) for banner_id, row in zip(ids, figures, strict=True)
        ),
        others=tuple(others),
    )


def encode_ids(ids: Sequence[int], name: str) -> bytes:
    """Write ids, sorted and each once, as numbers of eight bytes behind a line that names them.

    Args:
        ids: the ids.
        name: what they are the ids of.
    """
    numbers = _little_endian(array("q", ids)).tobytes()
    return b"ids %s %08x\n%s" % (name.encode(), zlib.crc32(numbers), numbers)


def decode_ids(record: bytes, name: str) -> Sequence[int]:
    """Read ids.

    Args:
        record: bytes from a tier that others may have written to.
        name: what they are to be the ids of.

    Raises:
        DamagedRecord: it is no list of ids, sorted and each once, or has none at all.
    """
    ids = array("q")
    head, _, numbers = record.partition(b"\n")
    expected = b"ids %s %08x" % (name.encode(), zlib.crc32(numbers))
    if head != expected or len(numbers) % ids.itemsize:
        raise DamagedRecord("It is no list of ids.")
    ids.frombytes(numbers)
    ids = _little_endian(ids)
    ascending = all(map(operator.lt, ids, islice(ids, 1, None)))
    if not (ids and ascending and ids[0] >= 1 and ids[-1] <= _LARGEST_ID):
        raise DamagedRecord("It is no list of ids, sorted and each once.")
    return ids


def encode_pointers(active: Mapping[Quarter, Generation]) -> bytes:
    """Write which generation is served in each quarter."""
    return "\n".join(
        f"{int(quarter)} {generation.number} {generation.stamp}"
        for quarter, generation in active.items()
    ).encode()


def decode_pointers(record: bytes) -> dict[Quarter, Generation]:
    """Read which generation is served in each quarter.

    Raises:
        DamagedRecord: it does not say.
    """
    found = [_POINTER.fullmatch(line) for line in record.split(b"\n")]
    if None in found:
        raise DamagedRecord("It does not say which generations are served.")
    pointers = (match.groups() for match in found if match)
    return {
        Quarter(int(quarter)): Generation(int(number), stamp.decode())
        for quarter, number, stamp in pointers
    }


def _little_endian(ids: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        ids.byteswap()
    return ids
