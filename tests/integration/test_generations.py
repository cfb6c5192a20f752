"""``banners generations``: which generations are kept and which are live, at a glance."""

import json
import re

import sqlalchemy as sa

from banners.store.connect import open_database
from banners.store.schema import GENERATION_QUARTERS
from support.deliveries import small_quarter
from support.reported import SERVED
from support.running import Workplace


def listed(said: str) -> dict[tuple[int, int], str]:
    """The line of each quarter of each generation, by the numbers of both."""
    found = {}
    generation = 0
    for line in said.splitlines():
        if head := re.match(r"Generation (\d+), published .* ago$", line):
            generation = int(head[1])
        elif row := re.match(r" +quarter (\d) +(.*?) *$", line):
            found[generation, int(row[1])] = row[2]
    return found


def test_live_generations_are_marked_and_the_newest_comes_first(two_generations: Workplace) -> None:
    told = listed(two_generations.run("generations").stdout)
    assert list(told) == [(2, 1), (2, 2), (1, 1), (1, 2), (1, 3), (1, 4)]
    for (generation, quarter), words in told.items():
        mark = "● live" if SERVED[quarter] == generation else "kept"
        assert words.startswith(f"{mark} ")


def test_the_rows_are_those_of_the_object(two_generations: Workplace) -> None:
    told = listed(two_generations.run("generations").stdout)
    kept = json.loads(two_generations.run("generations", "--json").stdout)["generations"]
    assert len(kept) == len(told)
    for each in kept:
        words = told[each["generation"], each["quarter"]]
        assert f"{each['rows']:,} rows" in words
        assert words.endswith("0 not accepted")


def test_the_seconds_that_a_quarter_took_are_kept(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    assert workplace.run("crunch", "events").returncode == 0
    (kept,) = json.loads(workplace.run("generations", "--json").stdout)["generations"]
    assert kept["summary"]["seconds"] > 0


def test_where_a_generation_came_from_and_when_is_said(two_generations: Workplace) -> None:
    said = two_generations.run("generations").stdout
    newer = re.escape(str(two_generations.folder / "newer"))
    at = r"  at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by duckdb from"
    assert re.search(rf"^{at} {newer}$", said, re.MULTILINE)


def test_what_was_not_accepted_and_published_all_the_same_is_said(workplace: Workplace) -> None:
    small_quarter(workplace.folder, 2, "1,10,5\nten,10,5\n2,10\n")
    assert workplace.run("crunch", "events", "--accept").returncode == 0
    (words,) = listed(workplace.run("generations").stdout).values()
    assert words.endswith("2 not accepted, published by --accept")


def test_of_an_account_that_cannot_be_read_this_is_said(workplace: Workplace) -> None:
    for quarter in (2, 3):
        small_quarter(workplace.folder, quarter)
    assert workplace.run("crunch", "events").returncode == 0
    database = open_database(f"sqlite:///{workplace.folder / 'var' / 'banners.db'}", create=True)
    with database.begin() as connection:
        of_second = GENERATION_QUARTERS.c.quarter == 2
        connection.execute(sa.update(GENERATION_QUARTERS).where(of_second).values(summary="no"))
    words = listed(workplace.run("generations").stdout)
    assert words[1, 2].endswith(" rows  its account cannot be read")
    assert words[1, 3].endswith("0 not accepted")
    kept = json.loads(workplace.run("generations", "--json").stdout)["generations"]
    assert [each["summary"] is None for each in kept] == [True, False]


def test_a_rollback_says_which_generation_is_live_and_which_was(workplace: Workplace) -> None:
    for quarter in (2, 3):
        small_quarter(workplace.folder, quarter)
    for words in ((), (), ("--quarter", "3")):
        assert workplace.run("crunch", "events", *words).returncode == 0
    assert workplace.run("rollback").stdout.splitlines() == [
        "Quarter 2: generation 1 is now live, in place of 2.",
        "Quarter 3: generation 2 is now live, in place of 3.",
    ]
    again = workplace.run("rollback", "--quarter", "3", "--to", "2").stdout
    assert again == "Quarter 3: generation 2 is live, as before.\n"
