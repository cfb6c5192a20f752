"""``banners demo``: from nothing to pages, and again without the work."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import Engine

from banners.cli.demo import worth_a_look
from banners.model import Quarter
from banners.store.connect import open_database
from banners.store.read import DatabaseReader
from publishing import LARGEST, batches, campaign, drafting, inventory, publish
from running import Workplace


@contextmanager
def demo(workplace: Workplace) -> Iterator[str]:
    """Run the demo, give what it says until it serves, and stop it in the end."""
    with workplace.start("demo", "--port", "0") as running:
        assert running.stdout is not None
        said = ""
        for line in running.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        try:
            yield said
        finally:
            running.terminate()


def test_the_demo_ends_with_an_address_that_answers_and_campaigns_worth_a_look(
    workplace: Workplace,
) -> None:
    with demo(workplace) as said:
        found = re.search(r"Open (http://\S+)\s+and ask for campaign (.*)\.", said)
        assert found is not None, said
        campaigns = re.findall(r"\d+", found[2])
        assert len(campaigns) == 3
        for campaign in campaigns:
            page = httpx.get(f"{found[1]}campaigns/{campaign}")
            assert page.status_code == 200
            assert page.text.count("<img") >= 5


def test_the_demo_does_no_work_twice(workplace: Workplace) -> None:
    with demo(workplace) as said:
        assert "Generation 1" in said
    with demo(workplace) as said:
        assert "Not needed" in said
        assert "Generation" not in said


def test_the_demo_crunches_again_what_has_changed(workplace: Workplace) -> None:
    with demo(workplace):
        pass
    with (workplace.folder / "var/sample/2/impressions_2.csv").open("a") as file:
        file.write("100,1\n")
    with demo(workplace) as said:
        assert "Generation 2" in said


def test_the_demo_leaves_alone_what_somebody_else_published(
    published: Workplace, workplace: Workplace
) -> None:
    assert workplace.run("crunch", str(published.folder / "events")).returncode == 0
    with demo(workplace) as said:
        assert "the demo leaves it be" in said
        assert str(published.folder / "events") in said
        assert "Open http://" in said
    assert not (workplace.folder / "var/sample").exists()


def test_the_demo_leaves_everything_alone_where_only_a_quarter_is_somebody_elses(
    published: Workplace, workplace: Workplace
) -> None:
    with demo(workplace):
        pass
    events = str(published.folder / "events")
    assert workplace.run("crunch", events, "--quarter", "2").returncode == 0
    with demo(workplace) as said:
        assert "the demo leaves it be" in said
        assert "Generation" not in said


def empty(workplace: Workplace, *quarters: int) -> None:
    for quarter in quarters:
        (workplace.folder / f"var/sample/{quarter}/clicks_{quarter}.csv").write_text("")


def test_the_demo_serves_what_is_left_of_a_damaged_sample_and_says_how_to_mend_it(
    workplace: Workplace,
) -> None:
    assert workplace.run("sample", "var/sample").returncode == 0
    empty(workplace, 1, 2, 3)
    with demo(workplace) as said:
        assert "Quarter 3 refused" in said
        assert "To have the sample made anew: rm -r var/sample" in said
        assert re.search(r"ask for campaign 1 \(top_revenue\), 12 .* or 4 ", said)


def test_the_demo_of_a_sample_with_nothing_left_ends_with_a_sentence(workplace: Workplace) -> None:
    assert workplace.run("sample", "var/sample").returncode == 0
    empty(workplace, 1, 2, 3, 4)
    ended = workplace.run("demo", "--port", "0")
    assert ended.returncode == 1
    assert "Error: Nothing of the sample could be published." in ended.stderr
    assert "rm -r var/sample" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("quarter", Quarter)
def test_campaigns_worth_a_look_are_of_three_cases_of_the_rule_and_the_best_comes_first(
    published: Workplace, quarter: Quarter
) -> None:
    url = f"sqlite:///{published.folder / 'var' / 'banners.db'}"
    assert worth_a_look(DatabaseReader(open_database(url, create=False)), quarter) == (
        "1 (top_revenue), 12 (all_converting) or 4 (revenue_then_clicks)"
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    opened = open_database(f"sqlite:///{tmp_path}/banners.db", create=True)
    yield opened
    opened.dispose()


def publish_campaigns(database: Engine, quarter: Quarter, *campaigns: int) -> None:
    """Publish a quarter of campaigns that are all of the same case of the rule."""
    rows = [row for each in campaigns for row in campaign(each, 1)]
    with drafting(database) as begun:
        begun.write_quarter(quarter, batches(*rows), inventory(1, 2, 3))
        begun.describe_quarter(quarter, digest=str(quarter), rows=len(rows), summary={})
        begun.activate()


def test_where_one_case_decides_all_campaigns_another_quarter_helps_to_name_several(
    database: Engine,
) -> None:
    publish_campaigns(database, Quarter.FIRST, 5, 6, 7)
    publish_campaigns(database, Quarter.SECOND, 6, 7)
    publish_campaigns(database, Quarter.THIRD, 7, 8)
    publish_campaigns(database, Quarter.FOURTH, 8)
    case = "(revenue_then_clicks)"
    named = f"5 {case}, 6 {case} or 7 {case}"
    assert worth_a_look(DatabaseReader(database), Quarter.FIRST) == named


def test_where_the_current_quarter_has_no_campaigns_one_of_the_next_is_named(
    database: Engine,
) -> None:
    publish(database, 1, Quarter.FIRST)
    publish_campaigns(database, Quarter.SECOND)
    publish_campaigns(database, Quarter.FOURTH, LARGEST)
    expected = f"{LARGEST} (revenue_then_clicks) in quarter 4 of the hour (:45 to :59)"
    for now in (Quarter.SECOND, Quarter.THIRD):
        assert worth_a_look(DatabaseReader(database), now) == expected


def test_where_nothing_is_published_no_campaign_is_worth_a_look(database: Engine) -> None:
    assert worth_a_look(DatabaseReader(database), Quarter.FIRST) == ""
