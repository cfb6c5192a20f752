"""The part of a packed record that holds the lineups that a policy prepared.

It follows the columns of the candidates, with all numbers little-endian:

- the policy, the number of places, the number of lineups, the width of an index in bytes (1, 2 or
  4), 1 if there are expectations and 0 if not, and the length of the reason for which the rule
  picks instead: one byte each;
- the reason, in UTF-8;
- for each lineup its group and its number of banners, one byte each;
- the banners of all lineups, as indexes into the candidates;
- the columns of the expectations: the first three as floating-point numbers of 64 bits, from which
  the expected revenue follows, and the others of 32 bits.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import isfinite

from banners.core.policy import EXPECTATION_NAMES, PolicyName, PreparedLineups
from banners.core.views import MOST_PLACES, Group

LINEUPS_COLUMN = "lineups"
"""Column of candidates with the prepared lineups of their campaign, encoded, in its first row."""

_HEAD = struct.Struct("<6B")
_POLICIES = tuple(PolicyName)
_GROUPS = tuple(Group)
_PRECISE = 3
_INDEXES = {1: "B", 2: "H", 4: "I"}
_MOST_TEXT = 255


class DamagedLineups(ValueError):
    """The bytes are not prepared lineups of these candidates."""


def encode_lineups(prepared: PreparedLineups, candidates: int) -> bytes:
    """Return prepared lineups as bytes.

    Args:
        prepared: the lineups.
        candidates: the number of candidates, which the indexes are below.
    """
    width = _index_width(candidates)
    fallback = prepared.fallback.encode()[:_MOST_TEXT]
    head = _HEAD.pack(
        _POLICIES.index(prepared.policy),
        prepared.places,
        len(prepared.lineups),
        width,
        bool(prepared.expectations),
        len(fallback),
    )
    groups = bytes(
        number
        for group, lineup in zip(prepared.groups, prepared.lineups, strict=True)
        for number in (_GROUPS.index(group), len(lineup))
    )
    indexes = [each for lineup in prepared.lineups for each in lineup]
    return b"".join(
        (
            head,
            fallback,
            groups,
            struct.pack(f"<{len(indexes)}{_INDEXES[width]}", *indexes),
            *(
                struct.pack(f"<{candidates}{_float(place)}", *column)
                for place, column in enumerate(prepared.expectations)
            ),
        )
    )


def decode_lineups(part: bytes | memoryview, campaign_id: int, candidates: int) -> PreparedLineups:
    """Return the lineups that bytes hold, after checking every part of them.

    Args:
        part: the bytes.
        campaign_id: the campaign.
        candidates: the number of its candidates.

    Raises:
        DamagedLineups: the bytes are anything else.
    """
    try:
        return _decoded(bytes(part), campaign_id, candidates)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise DamagedLineups(str(error)) from error


def _decoded(part: bytes, campaign_id: int, candidates: int) -> PreparedLineups:
    policy, places, count, width, expects, length = _HEAD.unpack_from(part)
    if width != _index_width(candidates) or expects > 1 or not 0 < places <= MOST_PLACES:
        raise DamagedLineups("the head is damaged")
    start = _HEAD.size
    fallback = part[start : start + length].decode()
    start += length
    marks = struct.unpack_from(f"<{2 * count}B", part, start)
    start += len(marks)
    sizes = marks[1::2]
    indexes = struct.unpack_from(f"<{sum(sizes)}{_INDEXES[width]}", part, start)
    start += len(indexes) * width
    bounds = [0, *accumulate(sizes)]
    lineups = tuple(indexes[first:last] for first, last in pairwise(bounds))
    columns, end = _columns(part, start, candidates if expects else 0)
    if not count or end != len(part) or not _are_sound(lineups, candidates, columns):
        raise DamagedLineups("a lineup or an expectation is damaged")
    return PreparedLineups(
        campaign_id=campaign_id,
        policy=_POLICIES[policy],
        places=places,
        lineups=lineups,
        groups=tuple(_GROUPS[mark] for mark in marks[::2]),
        expectations=columns,
        fallback=fallback,
    )


def _are_sound(
    lineups: Sequence[tuple[int, ...]], candidates: int, columns: Sequence[Sequence[float]]
) -> bool:
    """Return whether no lineup is too long or has a banner twice, and all numbers are possible."""
    for lineup in lineups:
        if len(lineup) > MOST_PLACES or len(set(lineup)) != len(lineup):
            return False
        if max(lineup, default=0) >= candidates:
            return False
    return all(isfinite(each) and each >= 0 for column in columns for each in column)


def _columns(part: bytes, start: int, candidates: int) -> tuple[tuple[Sequence[float], ...], int]:
    """Return the columns of the expectations, and where they end."""
    columns: list[Sequence[float]] = []
    for place in range(len(EXPECTATION_NAMES) if candidates else 0):
        form = f"<{candidates}{_float(place)}"
        columns.append(struct.unpack_from(form, part, start))
        start += struct.calcsize(form)
    return tuple(columns), start


def _index_width(candidates: int) -> int:
    """Return the width in bytes of an index that is below the number of candidates."""
    return 1 if candidates <= 1 << 8 else 2 if candidates <= 1 << 16 else 4


def _float(place: int) -> str:
    """Return the type of the numbers in a column of expectations, as ``struct`` names it."""
    return "d" if place < _PRECISE else "f"
