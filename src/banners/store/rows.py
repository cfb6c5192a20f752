"""Turns the engine's record batches into rows of the tables."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from banners.errors import SourceError
from banners.model import RuleName
from banners.store.dialect import Key

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[Any, ...]

# So many ids of 18 digits fit the smallest text column of any database (64 kB).
IDS_A_PART = 3_000
_COLUMNS = ("campaign_id", "banner_id", "position", "rule", "converting", "slots")
_MOST_MICROS = 2**63 - 1
_FIGURES = ("impressions", "clicks", "conversions", "revenue_micros")


@dataclass(slots=True)
class _Lineup:
    campaign_id: int
    rule: str
    converting: int
    slots: int
    banner_ids: list[int] = field(default_factory=list)
    figures: list[tuple[int, ...]] = field(default_factory=list)
    fill_ids: list[int] = field(default_factory=list)


class LineupRows:
    """Gathers rows of the table ``lineups`` from the candidates of a quarter.

    Args:
        key: what the rows begin with.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self._last: _Lineup | None = None
        self._revenues: Counter[int] = Counter()
        self.rules: Counter[RuleName] = Counter()
        """How many lineups were given, by case of the rule."""

    def add(self, batch: "pa.RecordBatch") -> list[Row]:
        """Take some candidates, and give the lineups that are whole by now.

        Args:
            batch: the columns of ``crunch/sql/lineup.sql``; a campaign's candidates stand
                together, best first, and may go on in the next batch.

        Raises:
            SourceError: the revenues of a campaign are more than a column holds.
        """
        import pyarrow.compute as pc

        self._revenues.update(_revenues(batch))
        # Those of the lineup, and those that it may be filled up from. Every campaign has some of
        # the one sort or the other, and most candidates are of neither.
        batch = batch.filter(pc.or_(pc.is_valid(batch.column("position")), batch.column("other")))
        whole = []
        last = self._last
        campaign = last.campaign_id if last else None
        columns = (batch.column(name).to_pylist() for name in _COLUMNS)
        figures = zip(*(batch.column(name).to_pylist() for name in _FIGURES), strict=True)
        for campaign_id, banner_id, position, rule, converting, slots, row in zip(
            *columns, figures, strict=True
        ):
            if last is None or campaign_id != campaign:
                if last is not None:
                    whole.append(self._row(last))
                last = _Lineup(campaign_id, rule, converting, slots)
                campaign = campaign_id
            if position is not None:
                last.banner_ids.append(banner_id)
                last.figures.append(row)
            else:
                last.fill_ids.append(banner_id)
        self._last = last
        return whole

    def finish(self) -> list[Row]:
        """Give the lineup of the last campaign, if there was any."""
        return [self._row(self._last)] if self._last else []

    def _row(self, lineup: _Lineup) -> Row:
        self.rules[RuleName(lineup.rule)] += 1
        revenue_micros = self._revenues.pop(lineup.campaign_id)
        if revenue_micros > _MOST_MICROS:
            raise SourceError(
                f"The revenues of campaign {lineup.campaign_id} add up to more than "
                "9,223,372,036,854.775807, which is the most that can be kept exactly. "
                "Check the revenues."
            )
        lists = (lineup.banner_ids, lineup.figures, lineup.fill_ids)
        return (
            *self._key,
            lineup.campaign_id,
            lineup.rule,
            lineup.converting,
            lineup.slots,
            revenue_micros,
            *map(_json, lists),
        )


def inventory_rows(key: Key, batches: Iterable["pa.RecordBatch"]) -> Iterator[list[Row]]:
    """Turn the ids of a quarter's candidates into rows of the table ``inventory``."""
    part = 0
    for batch in batches:
        ids = batch.column("banner_id").to_pylist()
        rows = []
        for start in range(0, len(ids), IDS_A_PART):
            rows.append((*key, part, _json(ids[start : start + IDS_A_PART])))
            part += 1
        yield rows


def _revenues(batch: "pa.RecordBatch") -> Mapping[int, int]:
    """Add up the revenues of each campaign, exactly: a sum may leave the 64 bits of its parts."""
    import pyarrow as pa

    columns = {
        "campaign_id": batch.column("campaign_id"),
        "revenue": batch.column("revenue_micros").cast(pa.decimal128(38, 0)),
    }
    sums = pa.table(columns).group_by("campaign_id").aggregate([("revenue", "sum")])
    campaigns, revenues = (sums.column(name).to_pylist() for name in ("campaign_id", "revenue_sum"))
    return dict(zip(campaigns, map(int, revenues), strict=True))


def _json(values: object) -> str:
    return json.dumps(values, separators=(",", ":"))
