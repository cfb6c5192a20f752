"""``banners demo``: from nothing to pages, and again without the work."""

import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import Engine

from banners.cli.demo import worth_a_look
from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from support.publishing import LARGEST, batches, campaign, drafting, inventory, publish
from support.recordings import BROWSER
from support.running import Workplace
from support.servers import PATIENCE_SECONDS, free_port, until


@contextmanager
def demo(workplace: Workplace, port: int = 0) -> Iterator[str]:
    """Run the demo until it serves, yield what it has printed, and stop it at the end."""
    with workplace.start("demo", "--port", str(port)) as running:
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


@pytest.fixture(scope="module")
def after_a_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a demo leaves; tests must not change it."""
    folder = tmp_path_factory.mktemp("demo")
    with demo(Workplace(folder)):
        pass
    return folder


@pytest.fixture
def done(after_a_demo: Path, workplace: Workplace) -> Workplace:
    """A folder in which the demo has run before."""
    shutil.copytree(after_a_demo, workplace.folder, dirs_exist_ok=True)
    return workplace


# Python drops an interrupt that is raised in a function that it calls when it forks.
STOPPED_WHILE_IT_FORKS = """if True:
    import os, signal
    from banners.cli import demo, main
    beside, left = demo.beside, []

    def stop_once():
        if left:
            left.pop()
            signal.raise_signal(signal.SIGTERM)

    def forking(*args):
        left.append(True)
        return beside(*args)

    os.register_at_fork(after_in_parent=stop_once)
    demo.beside = forking
    main(["demo", "--port", "0"])
"""


def test_a_demo_that_is_stopped_while_it_forks_ends(done: Workplace) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STOPPED_WHILE_IT_FORKS],
        cwd=done.folder,
        env=done.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "Stop with Ctrl-C" in ended.stdout) == (0, True), ended.stderr


def test_the_demo_ends_with_an_address_that_answers_and_campaigns_worth_a_look(
    workplace: Workplace,
) -> None:
    with demo(workplace) as said:
        assert "Generation 1" in said
        assert "Version 1 is in force" in said
        found = re.search(r"Open (http://\S+)\s+and ask for campaign (.*)\.", said)
        assert found is not None, said
        campaigns = re.findall(r"\d+", found[2])
        assert len(campaigns) == 3
        for campaign in campaigns:
            page = httpx.get(f"{found[1]}campaigns/{campaign}", timeout=PATIENCE_SECONDS)
            assert page.status_code == 200
            # One of them has three banners; with a catalogue, no other campaign's are shown.
            assert page.text.count("<img") >= 3
            assert 'href="/c/' in page.text


def test_the_demo_does_no_work_twice(done: Workplace) -> None:
    with demo(done) as said:
        assert "Not needed" in said
        assert "Generation" not in said


def test_the_first_start_complains_of_no_folder(done: Workplace) -> None:
    shutil.rmtree(done.folder / "var" / "demo")
    said = ""
    with done.start("demo", "--port", "0") as running:
        assert running.stdout is not None
        while "Serving generation" not in said:
            said += running.stdout.readline()
        running.terminate()
    assert "is not a folder" not in said


def landing_pages(workplace: Workplace) -> list[tuple[str, str]]:
    """Export the catalogue, and return name and landing page of each banner of campaign 54."""
    assert workplace.run("catalogue", "export", "exported").returncode == 0
    with (workplace.folder / "exported" / "banners.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["campaign_id"] == "54"]
    return [(row["name"], row["landing_url"]) for row in rows]


def test_banners_of_the_demo_lead_to_pages_of_its_own(done: Workplace) -> None:
    with demo(done) as said:
        pages = landing_pages(done)
        assert len(pages) == 11
        for name, url in pages:
            assert url.startswith(re.findall(r"Open (http://\S+/)", said)[0])
            answer = httpx.get(url.replace("{click}", ""), timeout=PATIENCE_SECONDS)
            assert answer.status_code == 200
            assert f"<h1>{name}</h1>" in answer.text
        gone = httpx.get(pages[0][1].replace("/54/", "/55/"))
        assert gone.status_code == 404


def test_what_is_clicked_and_bought_is_on_the_report(done: Workplace) -> None:
    with (
        demo(done) as said,
        httpx.Client(headers=BROWSER, follow_redirects=True, timeout=PATIENCE_SECONDS) as visitor,
    ):
        address = re.findall(r"Open (http://\S+)/", said)[0]
        before = visitor.get(f"{address}/campaigns/54/report")
        assert before.status_code == 200
        assert "19.90" not in before.text
        # Also where an operator follows a link of the list or a report.
        assert "/e/" in visitor.get(f"{address}/campaigns/54?preview=1").text
        served = visitor.get(f"{address}/api/v1/campaigns/54/banners").json()
        first = served["banners"][0]
        assert visitor.get(first["impression_url"]).headers["content-type"] == "image/gif"
        landing = visitor.get(first["click_url"])
        assert f"/demo/landing/54/{first['banner_id']}?click=" in str(landing.url)
        click = re.findall(r'name="click" value="([^"]+)"', landing.text)[0]
        assert 'value="19.90"' in landing.text
        bought = visitor.post(landing.url, data={"click": click, "price": "19.90"})
        assert "Your order for 19.90 was reported" in bought.text
        for forged in ({"click": click, "price": "20.00"}, {"click": "x", "price": "19.90"}):
            refused = visitor.post(landing.url, data=forged)
            assert "could not be recorded" in refused.text

        def is_on_the_report() -> bool:
            report = visitor.get(f"{address}/campaigns/54/report").text
            return "19.90" in report

        until(is_on_the_report)


def test_only_the_demo_has_landing_pages(done: Workplace) -> None:
    (_, url), *_ = landing_pages(done)
    path = url.partition("/demo/")[2].partition("?")[0]
    with done.serving() as (address, _):
        assert httpx.get(f"{address}/demo/{path}").status_code == 404


def test_the_catalogue_is_imported_into_a_database_that_has_been_used_before(
    workplace: Workplace,
) -> None:
    assert workplace.run("sample", "var/sample").returncode == 0
    assert workplace.run("crunch", "var/sample").returncode == 0
    for name in ("campaigns.csv", "banners.csv"):
        (workplace.folder / "var" / "sample" / name).unlink()
    with demo(workplace) as said:
        assert "Version 1 is in force" in said
    assert (workplace.folder / "var" / "sample" / "banners.csv").exists()


def test_the_catalogue_changes_only_where_the_address_does(done: Workplace) -> None:
    port = free_port()
    for expected in ("Version 2 is in force", "the catalogue is as it was imported"):
        with demo(done, port) as said:
            assert expected in said


def test_a_catalogue_that_people_have_changed_is_kept(done: Workplace) -> None:
    before = landing_pages(done)
    with (done.folder / "exported" / "campaigns.csv").open("a") as file:
        file.write("900,Of our own,,,,\n")
    assert done.run("catalogue", "import", "exported").returncode == 0
    with demo(done) as said:
        assert "Version 2 is kept, since people have changed the catalogue" in said
        assert landing_pages(done) == before


def test_the_demo_crunches_again_what_has_changed(done: Workplace) -> None:
    with (done.folder / "var/sample/2/impressions_2.csv").open("a") as file:
        file.write("100,1\n")
    with demo(done) as said:
        assert "Generation 2" in said


def test_the_demo_does_not_replace_data_from_another_source(
    published: Workplace, workplace: Workplace
) -> None:
    assert workplace.run("crunch", str(published.folder / "events")).returncode == 0
    with demo(workplace) as said:
        assert "the demo does not replace it" in said
        assert str(published.folder / "events") in said
        assert "Open http://" in said
    assert not (workplace.folder / "var/sample").exists()


def test_the_demo_replaces_nothing_if_one_quarter_is_from_another_source(
    published: Workplace, done: Workplace
) -> None:
    events = str(published.folder / "events")
    assert done.run("crunch", events, "--quarter", "2").returncode == 0
    with demo(done) as said:
        assert "the demo does not replace it" in said
        assert "Generation" not in said


def empty(workplace: Workplace, *quarters: int) -> None:
    for quarter in quarters:
        (workplace.folder / f"var/sample/{quarter}/clicks_{quarter}.csv").write_text("")


def test_the_demo_serves_what_is_left_of_a_damaged_sample_and_says_how_to_fix_it(
    published: Workplace, workplace: Workplace
) -> None:
    shutil.copytree(published.folder / "events", workplace.folder / "var" / "sample")
    empty(workplace, 1, 2, 3)
    with demo(workplace) as said:
        assert "Quarter 3 refused" in said
        assert "To make the sample again: rm -r var/sample" in said
        assert re.search(r"ask for campaign 1 \(top_revenue\), 12 .* or 4 ", said)


def test_the_demo_of_a_sample_with_nothing_left_ends_with_a_sentence(
    published: Workplace, workplace: Workplace
) -> None:
    shutil.copytree(published.folder / "events", workplace.folder / "var" / "sample")
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
