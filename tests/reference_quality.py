"""From the files of a quarter to its accepted events: docs/event-files.md, statement by statement.

What a function carries out is quoted in it, often at greater length than there. Where that leaves
something open, the choice stands in the docstring of ``reference.py``.
"""

import gzip
import hashlib
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TypeVar


class Refused(Exception):
    """The quarter cannot be used, because of one file or because a kind is missing.

    Args:
        reason: ``damaged_gzip``, ``empty``, ``not_utf8``, ``missing_column``,
            ``repeated_column``, ``cut`` or ``missing_kind``.
        name: the file's name, or the kind that is missing.
    """

    def __init__(self, reason: str, name: str) -> None:
        self.reason = reason
        self.name = name
        super().__init__(f"{name}: {reason}")


class NotGiven(Exception):
    """The quarter has no files at all."""


class BadValue(Exception):
    """A field of a row cannot be what its column says."""


class Impression(NamedTuple):
    banner_id: int
    campaign_id: int


class Click(NamedTuple):
    click_id: int
    banner_id: int
    campaign_id: int


class Conversion(NamedTuple):
    conversion_id: int
    click_id: int
    revenue: Decimal


COLUMNS = {
    "impressions": Impression._fields,
    "clicks": Click._fields,
    "conversions": Conversion._fields,
}

Event = TypeVar("Event", Impression, Click, Conversion)
Identified = TypeVar("Identified", Click, Conversion)

Row = dict[str, str] | None
"""The fields of one row by the name of their column; None where the width is wrong."""


@dataclass(frozen=True)
class Account:
    """What became of the rows of one kind; a reason that never occurred is left out."""

    rows: int
    accepted: int
    duplicate: int
    rejected: dict[str, int]
    quarantined: dict[str, int]


@dataclass(frozen=True)
class Quality:
    """The accepted events of a quarter, and the account of all others."""

    impressions: list[Impression]
    clicks: list[Click]
    conversions: list[Conversion]
    accounts: dict[str, Account]
    unseen_clicks: int
    orphan_revenue: Decimal
    skipped: tuple[str, ...]


def treat_quarter(folder: Path, quarter: int) -> Quality:
    """Treat everything that ``folder`` holds for one quarter as docs/event-files.md says."""
    files = {kind: files_of(folder, quarter, kind) for kind in COLUMNS}
    # It says: "no files at all for a quarter: it is simply not given"
    if not any(files.values()):
        raise NotGiven
    # It says: "one of the three kinds missing for a quarter: that quarter is refused"
    for kind, paths in files.items():
        if not paths:
            raise Refused("missing_kind", kind)

    skipped = tuple(path.name for paths in files.values() for path in copies_among(paths))
    rows = {
        # It says: "`.csv.gz`, or several part files for one kind (`clicks_1*.csv`): read as one"
        kind: [row for path in paths if path.name not in skipped for row in read_rows(path, kind)]
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

    return Quality(
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
        skipped=skipped,
    )


# Files


def files_of(folder: Path, quarter: int, kind: str) -> list[Path]:
    """``DIR/<q>/impressions_<q>*.csv[.gz]``, likewise ``clicks_``, ``conversions_``."""
    home = folder / str(quarter)
    found = [*home.glob(f"{kind}_{quarter}*.csv"), *home.glob(f"{kind}_{quarter}*.csv.gz")]
    return sorted(path for path in found if path.is_file())


def copies_among(paths: list[Path]) -> list[Path]:
    """Find "the same file given twice for one quarter (same SHA-256): the second is skipped"."""
    seen: set[str] = set()
    copies = []
    for path in paths:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in seen:
            copies.append(path)
        seen.add(digest)
    return copies


def read_text(path: Path) -> str:
    """Refuse a "file not UTF-8; file empty; [...] damaged gzip"; accept a byte order mark."""
    content = path.read_bytes()
    if path.name.endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise Refused("damaged_gzip", path.name) from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not_utf8", path.name) from None
    text = text.removeprefix("\ufeff")
    if not text:
        raise Refused("empty", path.name)
    return text


def read_rows(path: Path, kind: str) -> list[Row]:
    """Read one file: "the header decides"."""
    *ended, unended = read_text(path).split("\n")
    lines = [line.removesuffix("\r") for line in ended]
    if unended:
        lines.append(unended)
    header = split_fields(lines[0])
    # It says: "header missing a column: [...] the file is refused whole"
    if header is None or not set(COLUMNS[kind]) <= set(header):
        raise Refused("missing_column", path.name)
    if len(set(header)) < len(header):
        raise Refused("repeated_column", path.name)
    # It says: "A blank line is not a row."
    rows = [fit(header, split_fields(line)) for line in lines[1:] if line != ""]
    # It says: "last line cut (no newline at the end and a wrong width): [...] refused whole"
    if unended and rows and rows[-1] is None:
        raise Refused("cut", path.name)
    return rows


# Lines

# It says: "A field never holds a line break: a quote that does not close on its line makes that
# line `bad_width`, and that line alone."
_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?=,|\Z)')
_PLAIN = re.compile(r'(?!")[^,]*')


def split_fields(line: str) -> list[str] | None:
    """Split a line at its commas; None where a quote is not as it should be."""
    fields = []
    start = 0
    while start <= len(line):
        if quoted := _QUOTED.match(line, start):
            fields.append(quoted[1].replace('""', '"'))
            start = quoted.end() + 1
        elif plain := _PLAIN.match(line, start):
            fields.append(plain[0])
            start = plain.end() + 1
        else:
            return None
    return fields


def fit(header: list[str], fields: list[str] | None) -> Row:
    """Tell a "row with too few or too many fields: reject (`bad_width`)" from a good one."""
    if fields is None or len(fields) != len(header):
        return None
    return dict(zip(header, fields, strict=True))


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
