"""The SQL of closing gives the same result on every engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from banners.collect.close.statements import COLUMNS, STEPS, VIEWS, rows_of, statement
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.crunch.engines.spark.session import spark_session
from support.engines import QUICK_START, require_spark

QUARTER = Quarter.FOURTH
RECORDS = {
    Kind.IMPRESSIONS: [
        "clean,4,54,3,rule,7,0,400;401,0;9",
        "crawler,4,54,3,rule,7,0,400;401,0;9",
        "flood,4,55,3,policy,8,0,400,",
        "clean,4,55,3,probe,36028797018963967,1,402,",
    ],
    Kind.CLICKS: [
        "clean,4,9,3,rule,114,401,1,2",
        "clean,4,9,3,rule,114,401,1,2",
        "crawler,4,55,3,policy,129,400,0,1",
    ],
    Kind.CONVERSIONS: [
        "5,114,1.500000,0",
        "5,114,1.500000,9",
        "6,114,2.000000,77",
        "7,129,3.000000,0",
        "8,1,4.000000,0",
        "9,114,1.000000,0",
        "9,114,2.000000,0",
        "10,114,-0.250000,0",
    ],
}
EXPECTED = {
    "account": [
        ("clicks", "crawler", 1),
        ("clicks", "duplicate", 1),
        ("clicks", "kept", 1),
        ("conversions", "crawler", 1),
        ("conversions", "duplicate", 1),
        ("conversions", "kept", 5),
        ("conversions", "other_campaign", 1),
        ("impressions", "duplicate", 2),
        ("impressions", "flood", 1),
        ("impressions", "kept", 3),
    ],
    "totals": [
        (9, "rule", 401, 1, 1, 3, 4_500_000, 1, 1, 1, 1_500_000, 1, 250_000, *[0] * 8),
        (54, "rule", 400, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, *[0] * 8),
        (55, "policy", 400, 1, 1, 1, 3_000_000, *[0] * 7, 1, 1, 3_000_000, 1, 0, 0, 0),
        (55, "probe", 402, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, *[0] * 8),
    ],
    "pages": [(54, "rule", 1), (55, "probe", 1)],
    Kind.IMPRESSIONS: [
        (400, 54, 113, "rule", 0, 2),
        (401, 9, 114, "rule", 1, 2),
        (402, 55, 576_460_752_303_423_473, "probe", 0, 1),
    ],
    Kind.CLICKS: [(114, 401, 9, "rule", 1)],
    Kind.CONVERSIONS: [
        (5, 114, "1.500000"),
        (8, 1, "4.000000"),
        (9, 114, "1.000000"),
        (9, 114, "2.000000"),
        (10, 114, "-0.250000"),
    ],
}

Run = Callable[[str], list[tuple[Any, ...]]]


@contextmanager
def on_duckdb(files: dict[Kind, Path]) -> Iterator[tuple[Run, str]]:
    with duckdb.connect() as connection:
        for kind, path in files.items():
            typed = ", ".join(f"'{name}': '{of}'" for name, of in COLUMNS[kind].items())
            connection.execute(
                f"CREATE VIEW read_{kind} AS SELECT * FROM read_csv('{path}', "  # noqa: S608
                f"columns={{{typed}}}, auto_detect=false, header=false, delim=',', quote='', "
                "escape='')"
            )
        for step in (*STEPS, *VIEWS):
            connection.execute(f"CREATE VIEW {step} AS {statement(step, QUARTER)}")
        yield lambda query: connection.execute(query).fetchall(), '"'


@contextmanager
def on_spark(files: dict[Kind, Path]) -> Iterator[tuple[Run, str]]:
    require_spark()
    options = {"spark.driver.extraJavaOptions": QUICK_START}
    with spark_session(master="local[1]", memory="1GB", options=options) as spark:
        for kind, path in files.items():
            typed = ", ".join(
                f"{name} {of.replace('VARCHAR', 'STRING')}" for name, of in COLUMNS[kind].items()
            )
            spark.read.schema(typed).csv(str(path)).createOrReplaceTempView(f"read_{kind}")
        for step in (*STEPS, *VIEWS):
            spark.sql(statement(step, QUARTER)).createOrReplaceTempView(step)
        yield lambda query: [tuple(row) for row in spark.sql(query).collect()], "`"


@pytest.mark.parametrize("engine", [on_duckdb, on_spark])
def test_every_engine_closes_a_slot_alike(tmp_path: Path, engine: Callable[..., Any]) -> None:
    files = {}
    for kind, lines in RECORDS.items():
        files[kind] = tmp_path / f"{kind}.csv"
        files[kind].write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with engine(files) as (run, mark):
        found: dict[str, list[tuple[Any, ...]]] = {
            # Counts of nothing are left out of an account.
            "account": sorted(row for row in run(statement("account", QUARTER)) if row[2]),
            "totals": sorted(run(statement("totals", QUARTER))),
            "pages": sorted(run(statement("pages", QUARTER))),
        }
        for kind in Kind:
            found[kind] = run(rows_of(kind, QUARTER, mark=mark))
    assert found == EXPECTED
