"""Further columns of event files, with every engine: ids of impressions, groups and fill.

The groups are what policies learn from, so their lineups are prepared with every engine too.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from banners.core.account import Accounting
from banners.core.candidates import Candidates
from banners.core.events import Kind, Reason
from banners.core.model import Quarter
from banners.core.views import Group
from banners.crunch.accounting import settle
from banners.crunch.engines.engine import CrunchedQuarter
from banners.crunch.engines.spark import executors
from banners.crunch.files.find import QuarterSources, check_quarter, find_quarters
from banners.crunch.rejects import unaccepted_rows
from banners.errors import CrunchError, SourceError
from banners.version import __version__
from support.catalogues import campaign
from support.engines import ENGINES, Tried, engine_named
from support.event_logs import SLOT
from support.learned import crunch, published, put_catalogue, write_slots
from support.loops import settings_of

FIRST = Quarter.FIRST

# Impression 7 is delivered twice, and the rows of 8 differ in their group. 9 has a bad group, 10 a
# bad fill, and one row has a bad id. The rows of the other file have no ids, so both count.
IMPRESSIONS = """banner_id,campaign_id,impression_id,group,fill,places
1,5,7,rule,0,2
1,5,7,rule,0,2
2,5,8,rule,0,2
2,5,8,policy,0,2
3,5,9,wild,0,2
3,5,10,rule,2,2
3,5,x,rule,0,2
2,5,23,probe,1,2
1,5,24,rule,1,2
"""
WITHOUT = """banner_id,campaign_id
1,5
1,5
"""
# The rows of click 8 differ in their fill, so its conversion is an orphan.
CLICKS = """click_id,banner_id,campaign_id,group,fill
7,1,5,rule,0
7,1,5,rule,0
8,2,5,rule,0
8,2,5,rule,1
23,2,5,probe,1
30,9,5,trial_policy,0
"""
CONVERSIONS = """conversion_id,click_id,revenue
1,7,0.5
2,7,0.25
3,8,1
4,23,2
"""
BY_GROUP = [
    (5, 1, "rule", 0, 3, 1, 2, 750_000),
    (5, 1, "rule", 1, 1, 0, 0, 0),
    (5, 2, "probe", 1, 1, 1, 1, 2_000_000),
    (5, 9, "trial_policy", 0, 0, 1, 0, 0),
]
CANDIDATES = [
    (5, 2, 1, 1, 1, 2_000_000),
    (5, 1, 4, 1, 2, 750_000),
    (5, 9, 0, 1, 0, 0),
]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Tried]:
    with engine_named(request.param) as opened:
        yield opened


@pytest.fixture
def events(tmp_path: Path) -> Path:
    here = tmp_path / "events" / "1"
    here.mkdir(parents=True)
    (here / "impressions_1.csv").write_text(IMPRESSIONS)
    (here / "impressions_1-old.csv").write_text(WITHOUT)
    (here / "clicks_1.csv").write_text(CLICKS)
    (here / "conversions_1.csv").write_text(CONVERSIONS)
    return tmp_path / "events"


@contextmanager
def crunched(engine: Tried, events: Path) -> Iterator[tuple[QuarterSources, CrunchedQuarter]]:
    scratch = events.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    sources = check_quarter(FIRST, find_quarters(events)[FIRST], scratch)
    with engine.crunch(sources, scratch) as result:
        yield sources, result


def rows(batches: Iterator[pa.RecordBatch]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def check_account(accounting: Accounting) -> None:
    impressions, clicks, conversions = accounting.accounts
    assert (impressions.rows, impressions.accepted, impressions.duplicate) == (11, 5, 1)
    assert impressions.rejected == {Reason.BAD_ID: 1, Reason.BAD_GROUP: 1, Reason.BAD_FILL: 1}
    assert impressions.quarantined == {Reason.CONFLICTING_ID: 2}
    assert (clicks.accepted, clicks.duplicate) == (3, 1)
    assert clicks.quarantined == {Reason.CONFLICTING_ID: 2}
    assert conversions.quarantined == {Reason.ORPHAN_CONVERSION: 1}
    assert accounting.remarks.unseen_clicks == 1


def test_impressions_with_an_id_count_once_and_figures_are_kept_by_group_and_fill(
    engine: Tried, events: Path
) -> None:
    with crunched(engine, events) as (sources, result):
        check_account(settle(sources, result))
        assert sorted(rows(result.kept())) == BY_GROUP
        assert rows(result.candidates()) == CANDIDATES


def test_every_row_that_is_not_accepted_is_found_in_its_file(engine: Tried, events: Path) -> None:
    with crunched(engine, events) as (sources, result):
        found = [
            (row.kind, row.line, row.reason)
            for row in unaccepted_rows(sources, settle(sources, result), result)
        ]
    assert found == [
        (Kind.IMPRESSIONS, 4, Reason.CONFLICTING_ID),
        (Kind.IMPRESSIONS, 5, Reason.CONFLICTING_ID),
        (Kind.IMPRESSIONS, 6, Reason.BAD_GROUP),
        (Kind.IMPRESSIONS, 7, Reason.BAD_FILL),
        (Kind.IMPRESSIONS, 8, Reason.BAD_ID),
        (Kind.CLICKS, 4, Reason.CONFLICTING_ID),
        (Kind.CLICKS, 5, Reason.CONFLICTING_ID),
        (Kind.CONVERSIONS, 4, Reason.ORPHAN_CONVERSION),
    ]


def test_numbers_beside_groups_are_read_as_in_a_file_of_text(engine: Tried, tmp_path: Path) -> None:
    here = tmp_path / "events" / "1"
    here.mkdir(parents=True)
    ids = ("", "0", "7", "007", "8", "999999999999999999")
    groups = ("rule", "trial_rule", "policy", "rule7", "7rule")
    fills = ("0", "1", "", "2", "00")
    combined = [",".join(row) for row in product(ids, ids[:4], ids, groups[:2], fills)]
    combined += [",".join(row) for row in product(ids[3:], ids[2:3], ids[2:3], groups, fills)]
    (here / "conversions_1.csv").write_text("conversion_id,click_id,revenue\n1,8,2\n")

    def found(note: str, ending: str) -> tuple[object, ...]:
        for kind, own in ((Kind.IMPRESSIONS, "impression_id"), (Kind.CLICKS, "click_id")):
            header = f"{own},banner_id,campaign_id,group,fill{note}\n"
            lines = "".join(f"{row}{ending}\n" for row in combined)
            (here / f"{kind}_1.csv").write_text(header + lines)
        with crunched(engine, tmp_path / "events") as (sources, result):
            accounting = settle(sources, result)
            unaccepted = [
                (row.kind, row.line, row.reason)
                for row in unaccepted_rows(sources, accounting, result)
            ]
            digits = {file.digits for file in sources.of(Kind.CLICKS)}
            return digits, accounting.accounts, unaccepted, sorted(rows(result.kept()))

    as_numbers, *first = found("", "")
    as_text, *second = found(",note", ",x")
    assert (as_numbers, as_text) == ({True}, {False})
    assert first == second


def test_parquet_gives_the_same(engine: Tried, events: Path) -> None:
    texts = arrow_csv.ConvertOptions(column_types={"impression_id": pa.int64()})
    for name, kept in (("impressions_1", "3,5,x"), ("clicks_1", "")):
        path = events / "1" / f"{name}.csv"
        # A column of integers has no malformed id.
        text = "".join(
            line for line in path.read_text().splitlines(keepends=True) if line[:5] != kept
        )
        options = None if name == "clicks_1" else texts
        table = arrow_csv.read_csv(pa.BufferReader(text.encode()), convert_options=options)
        path.unlink()
        parquet.write_table(table, path.with_suffix(".parquet"))
    with crunched(engine, events) as (sources, result):
        accounting = settle(sources, result)
        assert accounting.of(Kind.IMPRESSIONS).rejected == {Reason.BAD_GROUP: 1, Reason.BAD_FILL: 1}
        assert sorted(rows(result.kept())) == BY_GROUP


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [("group", [1], "text"), ("fill", ["0"], "an integer"), ("impression_id", [1.5], "an integer")],
)
def test_a_column_of_another_type_refuses_a_parquet_file(
    events: Path, column: str, values: Sequence[Any], expected: str
) -> None:
    table = pa.table({"banner_id": [1], "campaign_id": [5], column: values})
    parquet.write_table(table, events / "1" / "impressions_1.parquet")
    with pytest.raises(SourceError, match=rf"column {column}: .* expected {expected}"):
        check_quarter(FIRST, find_quarters(events)[FIRST], events)


def test_columns_in_capitals_and_in_another_order_are_read(engine: Tried, events: Path) -> None:
    table = list(csv.reader(StringIO(IMPRESSIONS)))
    order = [4, 5, 0, 3, 2, 1]
    header, *lines = [[row[place] for place in order] for row in table]
    path = events / "1" / "impressions_1.csv"
    path.write_text("\n".join(",".join(row) for row in [[*map(str.upper, header)], *lines]) + "\n")
    with crunched(engine, events) as (sources, result):
        check_account(settle(sources, result))
        assert sorted(rows(result.kept())) == BY_GROUP


@pytest.fixture
def learning(
    engine: Tried, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], list[Candidates | None]]:
    """Return a function that crunches with an engine, and returns what is live of some campaigns.

    DuckDB has crunched the slots, so that another engine only prepares lineups.
    """
    first, now = SLOT - 3, datetime.fromtimestamp((SLOT + 1) * 900, UTC)
    campaigns = {each: range(10 * each, 10 * each + 8) for each in range(1, 6)}
    events, url = tmp_path / "events", f"sqlite:///{tmp_path}/banners.db"
    write_slots(events, first, campaigns, Group, 3)
    put_catalogue(
        url,
        *(
            replace(campaign(each, *banners), policy="trial" if each == 4 else "learning")
            for each, banners in campaigns.items()
        ),
    )

    def run(name: str) -> list[Candidates | None]:
        with monkeypatch.context() as patched:
            if name == "spark":
                patched.setattr("banners.wiring.job._engine", lambda *_: nullcontext(engine.crunch))
            crunch(settings_of(events, url, engine=name), events, now)
        return [published(url, each, campaign) for each in Quarter for campaign in campaigns]

    run("duckdb")
    return run


VERSIONS = f"Banners {__version__} with numpy {np.__version__}"
ON_SPARK = pytest.mark.parametrize("engine", ["spark"], indirect=True)


@ON_SPARK
def test_executors_prepare_the_same_lineups_as_this_process(
    learning: Callable[[str], list[Candidates | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared_here = learning("duckdb")
    # Tasks of two campaigns each, and a last one of one campaign.
    monkeypatch.setattr("banners.job.prepared.PART_CANDIDATES", 16)
    prepared_there = learning("spark")
    assert [each and each.prepared for each in prepared_there] == [
        each and each.prepared for each in prepared_here
    ]
    assert all(each and each.prepared for each in prepared_there)
    assert [each and each.generation.number for each in prepared_there] == [3] * 20


@ON_SPARK
@pytest.mark.parametrize(
    ("python", "versions", "found"),
    [
        (f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', VERSIONS, "No module named 'banners"),
        ("", VERSIONS, "Cannot run program"),
        (None, "Banners 0.9 with numpy 1.0", VERSIONS),
    ],
)
def test_executors_with_other_versions_are_an_error_that_says_what_to_install(
    python: str | None,
    versions: str,
    found: str,
    learning: Callable[[str], list[Candidates | None]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pyspark import SparkContext

    if python is not None:
        program = tmp_path / "python"
        program.write_text(python)
        program.chmod(0o755 if python else 0o644)
        monkeypatch.setattr(SparkContext.getOrCreate(), "pythonExec", str(program))
    monkeypatch.setattr(executors, "_versions", lambda: versions)
    with pytest.raises(CrunchError) as caught:
        learning("spark")
    said = str(caught.value)
    assert f"does not fit: found {found}" in said
    assert f"expected {versions}. Install that on the workers, name its Python in PYSP" in said
    assert "\n" not in said
