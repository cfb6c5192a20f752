"""What a window of closed slots must add up to: docs/loop.md, counted event by event."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

Key = tuple[int, int, str, str]
"""Campaign, banner, group and fill."""

Figures = tuple[int, int, int, int]


def figures_of(folder: Path, quarter: int, slots: Iterable[str]) -> Mapping[Key, Figures]:
    """Add up the event files of slots, as closing writes them: each slot is counted by itself."""
    total: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for slot in slots:
        impressions, clicks, conversions = (
            _rows(folder / str(quarter) / f"{kind}_{quarter}-{slot}.csv")
            for kind in ("impressions", "clicks", "conversions")
        )
        for key in {row["impression_id"]: _key(row) for row in impressions}.values():
            total[key][0] += 1
        by_click = {row["click_id"]: _key(row) for row in clicks}
        for key in by_click.values():
            total[key][1] += 1
        versions = defaultdict(set)
        for row in conversions:
            versions[row["conversion_id"]].add((row["click_id"], Decimal(row["revenue"])))
        for found in versions.values():
            (click_id, revenue), *others = found
            # A refund is told in the account of the slot, and decides no lineup.
            if not others and revenue >= 0 and click_id in by_click:
                total[by_click[click_id]][2] += 1
                total[by_click[click_id]][3] += int(revenue * 10**6)
    return {key: (each[0], each[1], each[2], each[3]) for key, each in total.items()}


def candidates_of(figures: Mapping[Key, Figures]) -> list[tuple[int, ...]]:
    """Return campaign, banner and figures of each candidate, by campaign, best first."""
    sums: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for (campaign_id, banner_id, _, _), each in figures.items():
        for place, figure in enumerate(each):
            sums[campaign_id, banner_id][place] += figure
    rows = [(*pair, *(each[place] for place in range(4))) for pair, each in sums.items()]
    return sorted(rows, key=lambda row: (row[0], -row[5], -row[3], row[1]))


def _key(row: Mapping[str, str]) -> Key:
    return int(row["campaign_id"]), int(row["banner_id"]), row["group"], row["fill"]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
