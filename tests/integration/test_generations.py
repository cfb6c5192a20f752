"""``banners generations``: what is kept and what is served, at a glance."""

import json
import re

from deliveries import small_quarter
from reported import SERVED
from running import Workplace


def listed(said: str) -> dict[tuple[int, int], str]:
    """What is said of each quarter of each generation, by the numbers of these."""
    found = {}
    generation = 0
    for line in said.splitlines():
        if head := re.match(r"Generation (\d+), published .* ago$", line):
            generation = int(head[1])
        elif row := re.match(r" +quarter (\d) +(.*?) *$", line):
            found[generation, int(row[1])] = row[2]
    return found


def test_what_is_served_is_marked_and_the_newest_comes_first(two_generations: Workplace) -> None:
    told = listed(two_generations.run("generations").stdout)
    assert list(told) == [(2, 1), (2, 2), (1, 1), (1, 2), (1, 3), (1, 4)]
    for (generation, quarter), words in told.items():
        mark = "● served" if SERVED[quarter] == generation else "kept"
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


def test_a_rollback_says_what_each_quarter_is_served_from_and_was(workplace: Workplace) -> None:
    for quarter in (2, 3):
        small_quarter(workplace.folder, quarter)
    for words in ((), (), ("--quarter", "3")):
        assert workplace.run("crunch", "events", *words).returncode == 0
    assert workplace.run("rollback").stdout.splitlines() == [
        "Quarter 2 is served from generation 1 in place of 2 from now on.",
        "Quarter 3 is served from generation 2 in place of 3 from now on.",
    ]
    again = workplace.run("rollback", "--quarter", "3", "--to", "2").stdout
    assert again == "Quarter 3 is served from generation 2 as before.\n"
