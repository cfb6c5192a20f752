"""The closing table of ``banners crunch``: what became of each quarter, at a glance."""

import json
import re
from pathlib import Path

import pytest

from banners.sample.events import SampleSpec
from dirty.sample import write_dirty_sample
from support.deliveries import small_quarter
from support.running import Workplace

# A copy, a row that is too short, a malformed id, a conflict, a click without an impression; and a
# refund, an orphan.
DIRTY = "1,10,5\n1,10,5\n2,10\n3,x,5\n4,10,5\n4,11,5\n5,12,5\n"
CONVERSIONS = "conversion_id,click_id,revenue\n1,1,0.1\n2,1,-1\n3,99,2.5\n"


def dirty(folder: Path, quarter: int) -> None:
    here = small_quarter(folder, quarter, DIRTY)
    (here / f"conversions_{quarter}.csv").write_text(CONVERSIONS)


def table(said: str) -> dict[str, list[str]]:
    """The lines of the table by name; an indented one as in ``clicks/accepted``."""
    heading, outcomes, *lines = said.replace("\r", "").partition("\n\n")[0].splitlines()
    found = {
        "": re.split(r" {2,}", heading.strip()),
        "became": re.split(r" {2,}", outcomes.strip()),
    }
    above = ""
    for line in lines:
        name, *cells = re.split(r" {2,}", line.strip())
        above = name if re.match(r" {0,2}\S", line) else above
        found[name if name == above else f"{above}/{name}"] = cells
    return found


def test_each_quarter_has_a_column_and_those_not_asked_for_have_none(workplace: Workplace) -> None:
    small_quarter(workplace.folder, 2)
    assert workplace.run("crunch", "events").returncode == 0
    small_quarter(workplace.folder, 3)
    told = table(workplace.run("crunch", "events", "--quarter", "2", "3").stdout)
    assert told[""] == ["quarter 2", "quarter 3"]
    assert told["became"] == ["published", "published"]
    assert told["rows"] == ["4", "4"]
    assert told["revenue_then_clicks"] == ["1", "1"]


def test_what_was_not_given_is_said(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    told = table(workplace.run("crunch", "events").stdout)
    assert told["became"] == ["not given", "published", "not given", "not given"]


def test_clean_files_take_a_line_for_each_kind(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    told = table(workplace.run("crunch", "events").stdout)
    assert (told["impressions"], told["clicks"], told["conversions"]) == (["2"], ["1"], ["1"])
    assert not any("/" in name for name in told)


def test_every_row_is_accounted_for_by_kind_and_reason(workplace: Workplace) -> None:
    dirty(workplace.folder, 2)
    small_quarter(workplace.folder, 3)
    told = table(workplace.run("crunch", "events", "--accept", "--quarter", "2", "3").stdout)
    assert told["clicks"] == ["7", "1"]
    assert told["clicks/accepted"] == ["2", "1"]
    assert told["clicks/duplicate"] == ["1"]
    assert told["clicks/bad_width"] == ["1"]
    assert told["clicks/bad_id"] == ["1"]
    assert told["clicks/conflicting_id"] == ["2"]
    assert told["conversions/accepted"] == ["1", "1"]
    assert told["conversions/refund"] == ["1"]
    assert told["conversions/orphan_conversion"] == ["1"]
    assert told["conversions/revenue of orphans"] == ["2.500000"]


def test_what_needs_words_is_said_below_the_table(workplace: Workplace) -> None:
    dirty(workplace.folder, 2)
    said = workplace.run("crunch", "events", "--accept").stdout
    assert "Quarter 2: accepted a click without an impression of the banner." in said
    published = "Quarter 2 was published (--accept) although the gate objected:"
    assert f"{published}\n  6 of 12 rows are rejected or" in said
    rejects = re.search(r"the rows that were not accepted are in\n  (\S+)\n", said)
    assert rejects
    assert (workplace.folder / rejects[1]).exists()


def test_copies_are_listed_a_line_each(workplace: Workplace) -> None:
    here = small_quarter(workplace.folder)
    for name in ("b", "c"):
        (here / f"clicks_2{name}.csv").write_bytes((here / "clicks_2.csv").read_bytes())
    said = workplace.run("crunch", "events").stdout
    listed = "2 copies of other files were skipped:\n  events/2/clicks_2b.csv\n  events/2/clicks_2c"
    assert listed in said


def test_banners_without_an_image_are_counted_and_what_is_shown_for_them_is_said(
    workplace: Workplace,
) -> None:
    small_quarter(workplace.folder)
    said = workplace.run("crunch", "events").stdout
    assert table(said)["banners"] == ["2"]
    assert table(said)["without an image"] == ["2"]
    assert "A placeholder is shown for banners without an image" in said


def test_after_a_publish_it_is_said_how_to_see_it(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    ended = workplace.run("crunch", "events")
    assert "Generation 1 is now live." in ended.stdout
    assert ended.stderr.splitlines()[-1].startswith("Next: banners serve")


def test_after_a_refusal_it_is_said_which_quarters_to_run_again(workplace: Workplace) -> None:
    small_quarter(workplace.folder, 1)
    for quarter in (2, 4):
        dirty(workplace.folder, quarter)
    ended = workplace.run("crunch", "events")
    assert ended.returncode == 3
    again = "Next: fix the files of quarters 2 and 4, then run again with --quarter 2 4"
    assert ended.stderr.splitlines()[-1] == again


def test_a_watcher_gets_no_advice_what_to_do_next(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    said: list[str] = []
    with workplace.start("crunch", "events", "--watch") as running:
        assert running.stdout is not None
        for line in running.stdout:
            said.append(line)
            # Advice would come after the first of these lines, and before the second one.
            if line.startswith("Generation 1 is now live"):
                small_quarter(workplace.folder, 3)
            elif line.startswith("Generation 2 is now live"):
                running.terminate()
    published = [line.split()[1] for line in said if line.startswith("Generation ")]
    assert published == ["1", "2"]
    assert not any(line.startswith("Next:") for line in said)


def test_a_program_gets_no_advice_what_to_do_next(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    ended = workplace.run("crunch", "events", "--json")
    assert json.loads(ended.stdout)["generation"] == 1
    assert "Next:" not in ended.stderr


@pytest.fixture(scope="module")
def dirty_sample(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A sample with every fault there is, large enough that three quarters are published."""
    place = Workplace(tmp_path_factory.mktemp("dirty"))
    write_dirty_sample(place.folder / "events", SampleSpec(impressions=30_000))
    return place


@pytest.mark.parametrize("words", [(), ("--accept",)])
def test_no_line_of_a_dirty_run_is_wider_than_80_columns(
    dirty_sample: Workplace, words: tuple[str, ...]
) -> None:
    ended = dirty_sample.run_on_terminal("crunch", "events", *words, term="dumb")
    assert ended.returncode == 3
    assert max(map(len, ended.stdout.splitlines())) <= 80
    assert "Quarter 4 refused: events/4/impressions_4.csv" in ended.stdout


def test_a_refused_quarter_is_red_in_the_table_and_in_words(workplace: Workplace) -> None:
    dirty(workplace.folder, 2)
    said = workplace.run_on_terminal("crunch", "events").stdout
    assert "\x1b[1;31m  refused" in said
    assert "\x1b[31mQuarter 2 refused: " in said
