"""From the rows of a quarter to its accepted events: docs/event-files.md, statement by statement.

Each function quotes the statements that it implements, often at greater length than the document.
Where they leave something open, the docstring of ``reference/events.py`` says what was chosen.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from reference.files import (
    COLUMNS,
    Click,
    Conversion,
    Impression,
    Refused,
    Row,
    copies_among,
    files_of,
    read_rows,
)


class NotGiven(Exception):
    """The quarter has no files at all."""


class BadValue(Exception):
    """A field has a value that its column does not allow."""


Event = TypeVar("Event", Impression, Click, Conversion)
Identified = TypeVar("Identified", Click, Conversion)


@dataclass(frozen=True)
class Account:
    """Number of rows of one kind by outcome; reasons that never occur are left out."""

    rows: int
    accepted: int
    duplicate: int
    rejected: dict[str, int]
    quarantined: dict[str, int]


@dataclass(frozen=True)
class TreatedQuarter:
    """The accepted events of a quarter, and the account of its rows."""

    impressions: list[Impression]
    clicks: list[Click]
    conversions: list[Conversion]
    accounts: dict[str, Account]
    unseen_clicks: int
    orphan_revenue: Decimal
    skipped: tuple[str, ...]


def treat_quarter(folder: Path, quarter: int) -> TreatedQuarter:
    """Treat everything that ``folder`` holds for one quarter as docs/event-files.md says."""
    files = {kind: files_of(folder, quarter, kind) for kind in COLUMNS}
    # It says: "no files at all for a quarter: it is simply not given"
    if not any(files.values()):
        raise NotGiven
    # It says: "one of the three kinds missing for a quarter: that quarter is refused"
    for kind, paths in files.items():
        if not paths:
            raise Refused("missing_kind", kind)

    # By their paths: files of two kinds may have the same name, in folders of part files.
    copies = [path for paths in files.values() for path in copies_among(paths)]
    rows = {
        # It says: "`.csv.gz`, `.parquet`, several part files for one kind (`clicks_1*.csv`), or a
        # folder of that name with `part-*` files [...]: read as one"
        kind: [row for path in paths if path not in copies for row in read_rows(path, kind)]
        for kind, paths in files.items()
    }
    # It says: "Width and values are judged first (`rejected`), ..."
    impressions, bad_impressions = judge_values(rows["impressions"], parse_impression)
    valid_clicks, bad_clicks = judge_values(rows["clicks"], parse_click)
    valid_conversions, bad_conversions = judge_values(rows["conversions"], parse_conversion)
    # It says: "... then ids (`duplicate`, `conflicting_id`), ..."
    clicks, more_clicks, unclear_clicks = judge_ids(valid_clicks)
    known_conversions, more_conversions, unclear_conversions = judge_ids(valid_conversions)
    # It says: "... then the rest (`refund`, then `orphan_conversion`)"
    conversions, refunds, orphans = judge_rest(known_conversions, clicks)

    return TreatedQuarter(
        impressions,
        clicks,
        conversions,
        accounts={
            "impressions": Account(
                len(rows["impressions"]), len(impressions), 0, bad_impressions, {}
            ),
            "clicks": Account(
                len(rows["clicks"]),
                len(clicks),
                more_clicks,
                bad_clicks,
                occurring(conflicting_id=unclear_clicks),
            ),
            "conversions": Account(
                len(rows["conversions"]),
                len(conversions),
                more_conversions,
                bad_conversions,
                occurring(
                    conflicting_id=unclear_conversions,
                    refund=len(refunds),
                    orphan_conversion=len(orphans),
                ),
            ),
        },
        unseen_clicks=count_unseen(clicks, impressions),
        # It says: "quarantine, with the revenue that it carried in the report"
        orphan_revenue=sum((orphan.revenue for orphan in orphans), Decimal("0.000000")),
        skipped=tuple(path.name for path in copies),
    )


# Values


def parse_id(text: str) -> int:
    """Read an id: "`[0-9]{1,18}` (ASCII, no spaces, leading zeros allowed), above zero"."""
    if not re.fullmatch("[0-9]{1,18}", text) or int(text) == 0:
        raise BadValue("bad_id")
    return int(text)


def parse_revenue(text: str) -> Decimal:
    r"""Read a revenue: "`-?[0-9]{1,12}(\.[0-9]{1,6})?`"."""
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", text):
        raise BadValue("bad_revenue")
    return Decimal(text)


def parse_impression(row: dict[str, str]) -> Impression:
    return Impression(parse_id(row["banner_id"]), parse_id(row["campaign_id"]))


def parse_click(row: dict[str, str]) -> Click:
    return Click(
        parse_id(row["click_id"]), parse_id(row["banner_id"]), parse_id(row["campaign_id"])
    )


def parse_conversion(row: dict[str, str]) -> Conversion:
    return Conversion(
        parse_id(row["conversion_id"]), parse_id(row["click_id"]), parse_revenue(row["revenue"])
    )


def judge_values(
    rows: Iterable[Row], parse: Callable[[dict[str, str]], Event]
) -> tuple[list[Event], dict[str, int]]:
    """Divide rows into events and the counts of `bad_width`, `bad_id` and `bad_revenue`."""
    events: list[Event] = []
    rejected: Counter[str] = Counter()
    for row in rows:
        if row is None:
            rejected["bad_width"] += 1
            continue
        try:
            events.append(parse(row))
        except BadValue as fault:
            rejected[str(fault)] += 1
    return events, dict(rejected)


# Ids


def judge_ids(events: Iterable[Identified]) -> tuple[list[Identified], int, int]:
    """Keep one event of each id; count the duplicates and the rows in conflict.

    "exact copy of another row: keep one, count the rest as `duplicate`"; "same click id (or
    conversion id) with different content: quarantine all of its versions (`conflicting_id`)";
    "Where an id has exact copies and a conflict, all of its rows are `conflicting_id`."
    """
    versions: defaultdict[int, list[Identified]] = defaultdict(list)
    for event in events:
        versions[event[0]].append(event)
    kept = []
    duplicate = conflicting = 0
    for same_id in versions.values():
        # It says: "Rows are compared by value": equal numbers are equal members of a set.
        if len(set(same_id)) == 1:
            kept.append(same_id[0])
            duplicate += len(same_id) - 1
        else:
            conflicting += len(same_id)
    return kept, duplicate, conflicting


# The rest


def judge_rest(
    conversions: Iterable[Conversion], clicks: Iterable[Click]
) -> tuple[list[Conversion], list[Conversion], list[Conversion]]:
    """Divide conversions into accepted ones, refunds and orphans.

    "revenue negative: quarantine (`refund`)"; "conversion whose click is not in the same
    quarter's clicks: quarantine (`orphan_conversion`)"; "Conversions of a quarantined click are
    quarantined too".
    """
    click_ids = {click.click_id for click in clicks}
    accepted, refunds, orphans = [], [], []
    for conversion in conversions:
        if conversion.revenue < 0:
            refunds.append(conversion)
        elif conversion.click_id not in click_ids:
            orphans.append(conversion)
        else:
            accepted.append(conversion)
    return accepted, refunds, orphans


def count_unseen(clicks: Iterable[Click], impressions: Iterable[Impression]) -> int:
    """Count each "click without any impression of that banner and campaign"."""
    seen = set(impressions)
    return sum(Impression(click.banner_id, click.campaign_id) not in seen for click in clicks)


def occurring(**counts: int) -> dict[str, int]:
    """Leave out the reasons that never occurred."""
    return {reason: count for reason, count in counts.items() if count}
