"""The faulty rows that a dirty sample has in each quarter, and what is to become of each.

Source: docs/event-files.md. All of it stands on events of their own, with ids and a campaign that
no clean sample has: so what is to become of them is known beforehand, and every other campaign has
the lineup that it has in the clean sample.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from banners.sample.examples import EXAMPLES
from banners.sample.forms import COLUMNS, Shape

Outcome = Literal[
    "accepted",
    "duplicate",
    "bad_width",
    "bad_id",
    "bad_revenue",
    "conflicting_id",
    "refund",
    "orphan_conversion",
]

BAD_IDS = (
    *("", "ten", "²", "٣", "0", "000", "-7", "1234567890123456789", "9999999999999999999"),
    *(" 7", "7 ", "1.5", "+3"),
)
"""Ids that are rejected; the first one of 19 digits fits into 64 bits, the second does not."""

BAD_REVENUES = (
    *("", "NaN", "Inf", "-Infinity", "1e3", "0.1234567", "1234567890123", "1,5", " 1.5", "1.5 "),
)
"""Revenues that are rejected."""

_ZEROS = ("0", "0.00", "0.00000")
_OF_EACH = 10


@dataclass(frozen=True, slots=True)
class Planted:
    """A row that a clean sample does not have.

    Args:
        kind: what it is a row of.
        outcome: what is to become of it. Of rows that are alike, one is named for what the first
            of them becomes and the others are duplicates; which is which does not matter.
        fields: its values in the order of COLUMNS.
        shape: whether it is as wide as it should be.
        unseen: whether it is a click whose banner was never shown.
    """

    kind: str
    outcome: Outcome
    fields: tuple[str, ...]
    shape: Shape = Shape.WHOLE
    unseen: bool = False


def faulty_rows(
    first_id: int, campaigns: int, banners: Sequence[int], source: random.Random
) -> list[Planted]:
    """List the rows to plant in one quarter, of which about 330 are not accepted.

    Args:
        first_id: the ids of the rows begin here, and are fewer than a thousand.
        campaigns: how many campaigns the clean sample has, numbered from 1.
        banners: every banner of it, 50 or more.
        source: decides which campaigns and banners faulty rows name, and what they earned.
    """
    planting = _Planting(first_id, campaigns, banners, source)
    planting.add_good_events()
    planting.add_copies()
    planting.add_conflicts()
    planting.add_orphans()
    planting.add_refunds()
    planting.add_bad_values()
    planting.add_bad_widths()
    return planting.rows


class _Planting:
    """The rows to plant in one quarter, as far as they are thought out."""

    def __init__(
        self, first_id: int, campaigns: int, banners: Sequence[int], source: random.Random
    ) -> None:
        self.rows: list[Planted] = []
        self._ids = count(first_id)
        self._campaigns = campaigns
        self._campaign = str(max(campaigns, *EXAMPLES) + 1)
        self._banners = banners
        self._source = source
        self._clicks: list[tuple[str, ...]] = []
        self._conversions: list[tuple[str, ...]] = []

    def add_good_events(self) -> None:
        """Add events of a campaign of its own, on which the faults stand; all are accepted."""
        *seen, unseen = map(str, self._banners[: _OF_EACH + 1])
        for banner_id in seen:
            for _ in range(3):  # an impression that is repeated counts each time
                self._add("impressions", "accepted", banner_id, self._campaign)
            for _ in range(3):
                self._clicks.append((self._id(), banner_id, self._campaign))
        for click in self._clicks:
            self._add("clicks", "accepted", *click)
        for _ in range(_OF_EACH):
            click = (self._id(), unseen, self._campaign)
            self.rows.append(Planted("clicks", "accepted", click, unseen=True))
        for click_id, *_ in self._clicks[:_OF_EACH]:
            earned = (self._revenue(), self._revenue(), self._source.choice(_ZEROS))
            self._conversions += [(self._id(), click_id, revenue) for revenue in earned]
        for conversion in self._conversions:
            self._add("conversions", "accepted", *conversion)

    def add_copies(self) -> None:
        """Add copies, to the letter and in another spelling of the same numbers."""
        for kind, rows in (("clicks", self._clicks), ("conversions", self._conversions)):
            for row in self._source.sample(rows, _OF_EACH):
                for copy in (row, row, _respelled(row)):
                    self._add(kind, "duplicate", *copy)

    def add_conflicts(self) -> None:
        """Add ids with different content, some with copies; such a click makes its orphans."""
        for place in range(_OF_EACH):
            click = (self._id(), *self._shown())
            versions: list[tuple[str, ...]] = [click, (click[0], click[1], self._campaign)]
            if place % 2:
                versions += [click, _respelled(click)]
            for version in versions:
                self._add("clicks", "conflicting_id", *version)
            self._add("conversions", "orphan_conversion", self._id(), click[0], self._revenue())
        for place in range(_OF_EACH):
            of_click, of_other = self._source.sample(self._clicks, 2)
            conversion = (self._id(), of_click[0], self._revenue())
            versions = [conversion, (conversion[0], of_other[0], conversion[2])]
            if place % 2:
                versions += [conversion, (*conversion[:2], f"-{conversion[2]}")]
            for version in versions:
                self._add("conversions", "conflicting_id", *version)

    def add_orphans(self) -> None:
        """Add conversions whose click is nowhere, or was rejected; some are there twice."""
        for place in range(_OF_EACH):
            orphan = (self._id(), self._id(), self._revenue())
            self._add("conversions", "orphan_conversion", *orphan)
            if place % 2:
                self._add("conversions", "duplicate", *orphan)
        for bad_id in BAD_IDS:
            click = (self._id(), bad_id, self._campaign)
            self._add("clicks", "bad_id", *click)
            self._add("conversions", "orphan_conversion", self._id(), click[0], self._revenue())

    def add_refunds(self) -> None:
        """Add negative revenues, some there twice, some of a click that is nowhere."""
        for place in range(_OF_EACH):
            click_id = self._id() if place % 3 == 0 else self._source.choice(self._clicks)[0]
            refund = (self._id(), click_id, f"-{self._revenue()}")
            self._add("conversions", "refund", *refund)
            if place % 2:
                self._add("conversions", "duplicate", *refund)

    def add_bad_values(self) -> None:
        """Add each sort of bad id in each column, and each sort of bad revenue."""
        for kind, columns in COLUMNS.items():
            for place, column in enumerate(columns):
                for bad_id in BAD_IDS if column != "revenue" else ():
                    row = self._ordinary(kind)
                    self._add(kind, "bad_id", *row[:place], bad_id, *row[place + 1 :])
        for bad_revenue in BAD_REVENUES * 3:
            row = self._ordinary("conversions")
            self._add("conversions", "bad_revenue", *row[:2], bad_revenue)

    def add_bad_widths(self) -> None:
        """Add rows that are too short, too long or badly quoted, with ids that good rows have."""
        for kind, rows in (
            ("impressions", [self._shown() for _ in range(_OF_EACH)]),
            ("clicks", self._clicks),
            ("conversions", self._conversions),
        ):
            for shape in (Shape.SHORT, Shape.LONG, Shape.UNCLOSED):
                for fields in self._source.sample(rows, _OF_EACH):
                    self.rows.append(Planted(kind, "bad_width", fields, shape))

    def _add(self, kind: str, outcome: Outcome, *fields: str) -> None:
        self.rows.append(Planted(kind, outcome, fields))

    def _id(self) -> str:
        return str(next(self._ids))

    def _shown(self) -> tuple[str, str]:
        """Name a banner and a campaign of the clean sample."""
        campaign_id = self._source.randrange(1, self._campaigns + 1)
        return str(self._source.choice(self._banners)), str(campaign_id)

    def _revenue(self) -> str:
        return f"{self._source.randrange(3)}.{self._source.randrange(1, 10**5):05}"

    def _ordinary(self, kind: str) -> tuple[str, ...]:
        """Make up a row that would be accepted as it is."""
        if kind == "impressions":
            return self._shown()
        if kind == "clicks":
            return (self._id(), *self._shown())
        return (self._id(), self._source.choice(self._clicks)[0], self._revenue())


def _respelled(row: tuple[str, ...]) -> tuple[str, ...]:
    """Write the same numbers with more zeros around them."""
    return tuple(f"00{text}0" if "." in text else f"00{text}" for text in row)
