"""``banners show``: the object, the table and the previews, compared with the reference."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from banners.core.addresses import PUBLIC_URL, Site
from banners.core.model import FillPolicy, Quarter
from banners.reports.json_object import as_json
from banners.reports.lineup_json import lineup_answer
from banners.serve.reader import read_lineup
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.wiring import reader
from reference.events import QuarterReference
from support.deliveries import small_quarter
from support.publishing import LARGEST, batches, drafting, inventory
from support.reported import of_each_rule
from support.running import Workplace

RULE = Path(__file__).parents[2] / "docs" / "rule.md"
CUT = re.compile(r"^─{2,}.*?(\d+ of \d+ slots)\s*$", re.MULTILINE)


def test_every_campaign_and_quarter_is_shown_as_the_reference_works_it_out(
    published: Workplace, worked_out: Callable[[int], QuarterReference]
) -> None:
    # The command itself would take minutes for all of them: here is what it prints, and the
    # next test shows that it prints this.
    url = f"sqlite:///{published.folder / 'var' / 'banners.db'}"
    served = reader(load_settings({"database_url": url}))
    compared = 0
    for quarter in Quarter:
        expected = worked_out(int(quarter))
        for campaign_id in expected.lineups:
            lineup = read_lineup(served, campaign_id, quarter)
            answer = lineup_answer(lineup, FillPolicy.INVENTORY, Site(PUBLIC_URL))
            assert as_json(answer) == expected.lineup_json(campaign_id, generation=1)
            compared += 1
    assert compared == 63 + 50 + 50 + 50


@pytest.mark.parametrize("campaign", [1, 54, 56])
def test_show_prints_the_object_as_json(
    published: Workplace, worked_out: Callable[[int], QuarterReference], campaign: int
) -> None:
    ended = published.run("show", str(campaign), "--quarter", "1", "--json")
    expected = worked_out(1)
    assert json.loads(ended.stdout) == expected.lineup_json(campaign, generation=1)


def test_the_object_in_the_documentation_is_that_of_the_reference(
    worked_out: Callable[[int], QuarterReference],
) -> None:
    (told,) = re.findall(r"```json\n(.+?)```", RULE.read_text(encoding="utf-8"), re.DOTALL)
    assert json.loads(told) == worked_out(1).lineup_json(59, generation=1)


def test_show_says_why_in_a_sentence(published: Workplace) -> None:
    ended = published.run("show", "54", "--quarter", "1")
    assert "11 banners earned something, so the ten with the most revenue" in ended.stdout
    assert "0.675000" in ended.stdout


def shown_ids(text: str) -> list[int]:
    """The banners of a table in the order of its lines."""
    return [int(banner) for _, banner in re.findall(r"^ *(\d+) +(\d+)  ", text, re.MULTILINE)]


def test_the_lineup_is_above_the_line_and_the_best_of_the_others_below_it(
    published: Workplace, worked_out: Callable[[int], QuarterReference]
) -> None:
    reference = worked_out(1)
    for rule, campaigns in of_each_rule(reference).items():
        ended = published.run("show", str(campaigns[0]), "--quarter", "1")
        lineup = reference.lineups[campaigns[0]]
        above, label, below = CUT.split(ended.stdout)
        assert shown_ids(above) == [banner.banner_id for banner in lineup.banners], rule
        assert label == f"{len(lineup.banners)} of {lineup.slots} slots"
        assert not set(shown_ids(above)) & set(shown_ids(below))
        assert len(shown_ids(below)) <= 5


def bars(text: str) -> list[str]:
    """The bars of a table in the order of its lines."""
    return re.findall(r"[▏▎▍▌▋▊▉█]+(?= *$)", text, re.MULTILINE)


def test_the_bars_are_as_long_as_the_revenues_are_high(published: Workplace) -> None:
    drawn = bars(published.run("show", "54", "--quarter", "1").stdout)
    assert drawn[0] == "█" * 20
    assert len(drawn) == 11
    assert [len(bar) for bar in drawn] == sorted(map(len, drawn), reverse=True)


def test_if_no_banner_earned_anything_the_bars_show_clicks(workplace: Workplace) -> None:
    here = small_quarter(workplace.folder, 2, "1,10,5\n2,10,5\n3,11,5\n")
    (here / "conversions_2.csv").write_text("conversion_id,click_id,revenue\n")
    assert workplace.run("crunch", "events").returncode == 0
    told = workplace.run("show", "5", "--quarter", "2").stdout
    assert "by clicks" in told
    assert [len(bar) for bar in bars(told)] == [20, 10]


def test_a_campaign_without_clicks_has_no_bars(workplace: Workplace) -> None:
    here = small_quarter(workplace.folder, 2, "")
    (here / "conversions_2.csv").write_text("conversion_id,click_id,revenue\n")
    assert workplace.run("crunch", "events").returncode == 0
    told = workplace.run("show", "5", "--quarter", "2").stdout
    assert "0 of 5 slots" in told
    assert bars(told) == []


def test_show_says_what_a_short_lineup_is_filled_up_from(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    assert workplace.run("crunch", "events").returncode == 0
    told = workplace.run("show", "5", "--quarter", "2").stdout
    assert "Four more are added: the campaign's only other banner, and three drawn" in told


def test_the_largest_ids_and_figures_are_complete_on_80_columns(workplace: Workplace) -> None:
    figures = (LARGEST, 999_999_999, 99_999, 1_000)
    rows = [(5, *figures, 999_999_999), (5, 7, 1, 0, 0, 0)]
    url = f"sqlite:///{workplace.folder / 'var' / 'banners.db'}"
    with drafting(open_database(url, create=True)) as begun:
        begun.write_quarter(Quarter.FIRST, batches(*rows), inventory(7, LARGEST))
        begun.describe_quarter(Quarter.FIRST, digest="any", rows=2, summary={})
        begun.activate()
    told = workplace.run_on_terminal("show", "5", "--quarter", "1", term="dumb").stdout
    assert re.search(rf"1  {LARGEST}  999,999,999  99,999        1,000  999.999999  █+", told)
    assert max(map(len, told.splitlines())) <= 80


def test_the_page_on_the_terminal_shows_what_is_printed(published: Workplace) -> None:
    page = Path(__file__).parents[2] / "docs" / "terminal.md"
    shown = page.read_text("utf-8").partition("$ banners show 56 --quarter 1\n")[2]
    told = published.run_on_terminal("show", "56", "--quarter", "1", term="dumb").stdout
    lines = [line.rstrip() for line in told.splitlines()]
    assert shown.partition("```")[0].splitlines() == lines


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_generation_that_is_kept_can_be_previewed(
    two_generations: Workplace,
    references: dict[int, dict[int, QuarterReference]],
    words: tuple[str, ...],
) -> None:
    told = two_generations.run("show", "1", "--quarter", "2", "--generation", "1", *words).stdout
    lineup = references[1][2].lineups[1]
    if words:
        marks = {"preview": True, "served": 2}
        assert json.loads(told) == {**references[1][2].lineup_json(1, generation=1), **marks}
    else:
        assert "This is a preview: generation 2 is live in this quarter." in told
        above, *_ = CUT.split(told)
        assert shown_ids(above) == [banner.banner_id for banner in lineup.banners]


def test_what_is_served_is_no_preview_though_it_is_asked_for_by_its_number(
    two_generations: Workplace,
) -> None:
    words = ("show", "1", "--quarter", "2", "--generation", "2")
    assert "preview" not in two_generations.run(*words).stdout
    marked = json.loads(two_generations.run(*words, "--json").stdout)
    assert (marked["preview"], marked["served"]) == (False, 2)
