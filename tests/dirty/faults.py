"""The faulty rows that a dirty sample has in each quarter, and what should become of each.

Source: docs/event-files.md. They belong to events of their own, with ids and a campaign that no
clean sample has. So it is known in advance what should become of them, and every other campaign
keeps the lineup that it has in the clean sample.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from banners.core.events import Kind, Reason
from banners.sample.examples import EXAMPLES
from dirty.forms import Shape

Treatment = Literal["accepted", "duplicate"] | Reason

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
        kind: the kind of the row.
        treatment: what should become of it. Of equal rows, one has the treatment of the first of
            them and the others are duplicates; it does not matter which is which.
        fields: its values in the order of the kind's columns.
        shape: whether it has the right number of fields.
        unseen: whether it is a click whose banner was never shown.
    """

    kind: Kind
    treatment: Treatment
    fields: tuple[str, ...]
    shape: Shape = Shape.WHOLE
    unseen: bool = False


def faulty_rows(
    first_id: int, campaigns: int, banners: Sequence[int], source: random.Random
) -> list[Planted]:
    """List the rows to plant in one quarter, of which about 330 are not accepted.

    Args:
        first_id: the first id of the rows; they use fewer than a thousand.
        campaigns: number of campaigns of the clean sample, numbered from 1.
        banners: all banners of the clean sample, 50 or more.
        source: decides which campaigns and banners faulty rows name, and their revenues.
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
    """Collects the rows to plant in one quarter."""

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
        """Add accepted events of a campaign of its own, which the faulty rows refer to."""
        *seen, unseen = map(str, self._banners[: _OF_EACH + 1])
        for banner_id in seen:
            for _ in range(3):  # an impression that is repeated counts each time
                self._add(Kind.IMPRESSIONS, "accepted", banner_id, self._campaign)
            for _ in range(3):
                self._clicks.append((self._id(), banner_id, self._campaign))
        for click in self._clicks:
            self._add(Kind.CLICKS, "accepted", *click)
        for _ in range(_OF_EACH):
            click = (self._id(), unseen, self._campaign)
            self.rows.append(Planted(Kind.CLICKS, "accepted", click, unseen=True))
        for click_id, *_ in self._clicks[:_OF_EACH]:
            earned = (self._revenue(), self._revenue(), self._source.choice(_ZEROS))
            self._conversions += [(self._id(), click_id, revenue) for revenue in earned]
        for conversion in self._conversions:
            self._add(Kind.CONVERSIONS, "accepted", *conversion)

    def add_copies(self) -> None:
        """Add exact copies, and copies that write the same numbers differently."""
        for kind, rows in ((Kind.CLICKS, self._clicks), (Kind.CONVERSIONS, self._conversions)):
            for row in self._source.sample(rows, _OF_EACH):
                for copy in (row, row, _rewritten(row)):
                    self._add(kind, "duplicate", *copy)

    def add_conflicts(self) -> None:
        """Add ids with different content, some with copies, and orphans of such clicks."""
        for place in range(_OF_EACH):
            click = (self._id(), *self._shown())
            versions: list[tuple[str, ...]] = [click, (click[0], click[1], self._campaign)]
            if place % 2:
                versions += [click, _rewritten(click)]
            for version in versions:
                self._add(Kind.CLICKS, Reason.CONFLICTING_ID, *version)
            self._add(
                Kind.CONVERSIONS, Reason.ORPHAN_CONVERSION, self._id(), click[0], self._revenue()
            )
        for place in range(_OF_EACH):
            of_click, of_other = self._source.sample(self._clicks, 2)
            conversion = (self._id(), of_click[0], self._revenue())
            versions = [conversion, (conversion[0], of_other[0], conversion[2])]
            if place % 2:
                versions += [conversion, (*conversion[:2], f"-{conversion[2]}")]
            for version in versions:
                self._add(Kind.CONVERSIONS, Reason.CONFLICTING_ID, *version)

    def add_orphans(self) -> None:
        """Add conversions whose click does not exist or is rejected; some appear twice."""
        for place in range(_OF_EACH):
            orphan = (self._id(), self._id(), self._revenue())
            self._add(Kind.CONVERSIONS, Reason.ORPHAN_CONVERSION, *orphan)
            if place % 2:
                self._add(Kind.CONVERSIONS, "duplicate", *orphan)
        for bad_id in BAD_IDS:
            click = (self._id(), bad_id, self._campaign)
            self._add(Kind.CLICKS, Reason.BAD_ID, *click)
            self._add(
                Kind.CONVERSIONS, Reason.ORPHAN_CONVERSION, self._id(), click[0], self._revenue()
            )

    def add_refunds(self) -> None:
        """Add negative revenues; some appear twice, some belong to a click that does not exist."""
        for place in range(_OF_EACH):
            click_id = self._id() if place % 3 == 0 else self._source.choice(self._clicks)[0]
            refund = (self._id(), click_id, f"-{self._revenue()}")
            self._add(Kind.CONVERSIONS, Reason.REFUND, *refund)
            if place % 2:
                self._add(Kind.CONVERSIONS, "duplicate", *refund)

    def add_bad_values(self) -> None:
        """Add every bad id in every column, and every bad revenue."""
        for kind in Kind:
            for place, column in enumerate(kind.columns):
                for bad_id in BAD_IDS if column != "revenue" else ():
                    row = self._ordinary(kind)
                    self._add(kind, Reason.BAD_ID, *row[:place], bad_id, *row[place + 1 :])
        for bad_revenue in BAD_REVENUES * 3:
            row = self._ordinary(Kind.CONVERSIONS)
            self._add(Kind.CONVERSIONS, Reason.BAD_REVENUE, *row[:2], bad_revenue)

    def add_bad_widths(self) -> None:
        """Add rows that are too short, too long or badly quoted, with ids that good rows have."""
        for kind, rows in (
            (Kind.IMPRESSIONS, [self._shown() for _ in range(_OF_EACH)]),
            (Kind.CLICKS, self._clicks),
            (Kind.CONVERSIONS, self._conversions),
        ):
            for shape in (Shape.SHORT, Shape.LONG, Shape.MISQUOTED):
                for fields in self._source.sample(rows, _OF_EACH):
                    self.rows.append(Planted(kind, Reason.BAD_WIDTH, fields, shape))

    def _add(self, kind: Kind, treatment: Treatment, *fields: str) -> None:
        self.rows.append(Planted(kind, treatment, fields))

    def _id(self) -> str:
        return str(next(self._ids))

    def _shown(self) -> tuple[str, str]:
        """Return a banner and a campaign of the clean sample."""
        campaign_id = self._source.randrange(1, self._campaigns + 1)
        return str(self._source.choice(self._banners)), str(campaign_id)

    def _revenue(self) -> str:
        return f"{self._source.randrange(3)}.{self._source.randrange(1, 10**5):05}"

    def _ordinary(self, kind: Kind) -> tuple[str, ...]:
        """Return a row that would be accepted."""
        if kind == Kind.IMPRESSIONS:
            return self._shown()
        if kind == Kind.CLICKS:
            return (self._id(), *self._shown())
        return (self._id(), self._source.choice(self._clicks)[0], self._revenue())


def _rewritten(row: tuple[str, ...]) -> tuple[str, ...]:
    """Write the same numbers with more zeros around them."""
    return tuple(f"00{text}0" if "." in text else f"00{text}" for text in row)
