"""Where a policy other than the rule picks, reports, lists and commands explain it."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from banners.core.model import Quarter
from banners.core.policy import Expectation, PolicyName
from banners.policies.interval import central_interval
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.wiring import web_application
from support.catalogues import files
from support.html_text import text_of
from support.prepared import prepared, publish_prepared
from support.running import Workplace, serving

LEARNING, TRIAL, FALLBACK, RULED, AWAITED = 5, 6, 7, 8, 9
ODD = "A figure is below zero."
SENTENCE = (
    "Banner 54 is expected to earn 2.56 per thousand impressions (1.6 % clicked, 8 % of clicks "
    "convert, 2.00 each; the other quarters counted as 640 impressions). It is in 48 of 64 "
    "lineups, since 5 banners are as good or nearly so."
)
PICKS = (
    "The policy “learning” picks what visitors see: each page shows one of 64 prepared lineups, "
    "taken at random. 58 are those of the policy, with 5 banners, and 6 are the rule's."
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Campaigns of every policy; the last is to learn, but nothing has been published with it."""
    folder = tmp_path_factory.mktemp("policies")
    workplace = Workplace(folder, {"BANNERS_POLICY": "learning"})
    database = open_database(f"sqlite:///{workplace.folder}/var/banners.db", create=True)
    made = [prepared(LEARNING), prepared(TRIAL, PolicyName.TRIAL), prepared(FALLBACK, fallback=ODD)]
    publish_prepared(database, [*made, RULED, AWAITED], *Quarter)
    publish_prepared(database, [*made, RULED, AWAITED], *Quarter)
    database.dispose()
    chosen = {LEARNING: "", TRIAL: "trial", FALLBACK: "", RULED: "rule", AWAITED: "learning"}
    campaigns = "".join(f"{each},Sale {each},,,yes,{by}\n" for each, by in chosen.items())
    banners = "".join(
        f"{each},{10 * each + place},Card {place},,,,{'no' if place == 7 else 'yes'}\n"
        for each in chosen
        for place in range(8)
    )
    files(workplace.folder / "catalogue", campaigns, banners)
    ended = workplace.run("catalogue", "import", "catalogue")
    assert ended.returncode == 0, ended.stderr
    return workplace


@pytest.fixture(scope="module")
def client(site: Workplace) -> Iterator[httpx.Client]:
    overrides = {
        "database_url": f"sqlite:///{site.folder / 'var' / 'banners.db'}",
        "operators": "open",
        "policy": "learning",
    }
    application = web_application(load_settings(overrides))
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


def report(client: httpx.Client, campaign: int, **query: str | int) -> str:
    answer = client.get(f"/campaigns/{campaign}/report", params={"quarter": 2, **query})
    assert answer.status_code == 200, answer.text
    return answer.text


def told(client: httpx.Client, campaign: int) -> Any:
    return client.get(f"/api/v1/campaigns/{campaign}/report?quarter=2").json()


def shown(site: Workplace, campaign: int, *more: str) -> str:
    ended = site.run("show", str(campaign), "--quarter", "2", *more)
    assert ended.returncode == 0, ended.stderr
    return " ".join(ended.stdout.split())


def test_the_report_explains_each_banner_that_may_be_shown(client: httpx.Client) -> None:
    page = report(client, LEARNING)
    text = text_of(page)
    assert PICKS in text
    assert SENTENCE in text
    explained = re.findall(r"<h3>Banner (\d+) <small>", page)
    # Those that are shown most come first; the eighth is off.
    assert explained == [str(each) for each in range(50, 57)]
    assert "What the rule would show" in text
    assert "By the catalogue, visitors do not see banner 57 (paused) now; others have" in text


def test_the_interval_is_drawn_where_its_figures_say(client: httpx.Client) -> None:
    page = report(client, LEARNING)
    intervals = [
        central_interval(Expectation(0.02 - place / 1_000, 0.08, 2_000_000, 30 + place, 4, 6, 640))
        for place in range(7)
    ]
    most = max(high for _, high in intervals)
    drawn = re.findall(
        r'aria-label="[^"]*: ([\d.]+) \(([\d.]+) to ([\d.]+)\)".*?<rect x="([\d.]+)%" y="4" '
        r'width="([\d.]+)%" [^>]*class="bar"/>\s*<line x1="([\d.]+)%"',
        page,
        re.DOTALL,
    )
    for place, ((low, high), found) in enumerate(zip(intervals, drawn, strict=True)):
        expected = (0.02 - place / 1_000) * 0.08 * 2_000
        numbers = (
            expected,
            low,
            high,
            *(100 * each / most for each in (low, high - low, expected)),
        )
        assert [float(each) for each in found] == pytest.approx(numbers, abs=0.006)


def test_the_table_can_be_sorted_by_what_is_expected(client: httpx.Client) -> None:
    page = report(client, LEARNING, sort="expected_per_thousand", order="asc")
    order = re.findall(r'<th scope="row">(\d+) <small>', page)
    assert order == [*map(str, range(56, 49, -1)), "57"]
    assert "Of 64 lineups" in page
    # Under the rule there is no such column, and nothing to sort by.
    ruled = report(client, RULED, sort="of_64")
    assert "Of 64 lineups" not in ruled
    assert "policy.css" not in ruled


def test_json_and_csv_have_what_is_expected(client: httpx.Client) -> None:
    found = told(client, LEARNING)
    assert [found[each] for each in ("policy", "places", "fallback")] == ["learning", 5, ""]
    fifth, *_, off = found["candidates"][4:]
    low, high = central_interval(Expectation(0.016, 0.08, 2_000_000, 34, 4, 6, 640))
    expected = {
        "expected_per_thousand": 2.56,
        "expected_from": low,
        "expected_to": high,
        "expected_click_rate": 0.016,
        "expected_conversion_rate": 0.08,
        "expected_revenue_per_conversion": 2,
    }
    assert fifth["of_64"] == 48
    assert {each: fifth[each] for each in expected} == pytest.approx(expected)
    assert off["of_64"] == 0
    assert not expected.keys() & off
    sheet = [*csv.DictReader(io.StringIO(report(client, LEARNING, format="csv"), newline=""))]
    assert [row["of_64"] for row in sheet] == ["64"] * 4 + ["48", "16", "0", "0"]
    assert {each: float(sheet[4][each]) for each in expected} == pytest.approx(expected, abs=1e-6)
    assert {sheet[7][each] for each in expected} == {""}


def test_under_the_rule_json_and_csv_are_as_before(client: httpx.Client) -> None:
    found = told(client, RULED)
    assert not {"policy", "places", "fallback"} & found.keys()
    assert not [each for each in found["candidates"] if "of_64" in each]
    header = report(client, RULED, format="csv").partition("\r\n")[0]
    assert header.endswith("campaign_name,banner_name")


def test_a_trial_says_how_its_pages_are_divided(client: httpx.Client, site: Workplace) -> None:
    says = "A trial picks what visitors see: each page shows one of 64 prepared lineups"
    halves = "32 are those of the policy “learning”, with 5 banners, and 32 are the rule's."
    for text in (text_of(report(client, TRIAL)), shown(site, TRIAL)):
        assert says in text
        assert halves in text
        assert "Each arm picks by its own figures only" in text
    for text in (text_of(report(client, LEARNING)), shown(site, LEARNING)):
        assert "Each arm picks" not in text


def test_a_fallback_is_said_with_its_reason(client: httpx.Client, site: Workplace) -> None:
    note = f"The rule picks in place of the policy “learning”. {ODD}"
    for text in (text_of(report(client, FALLBACK)), shown(site, FALLBACK)):
        assert note in text
        assert "picks what visitors see" not in text
        assert "six banners earned something, so all of these are shown." in text
    assert told(client, FALLBACK)["fallback"] == ODD


def test_a_policy_that_is_chosen_but_not_published_is_said(
    client: httpx.Client, site: Workplace
) -> None:
    note = "The policy “learning” is chosen for this campaign. It picks as soon as closed slots"
    for text in (text_of(report(client, AWAITED)), shown(site, AWAITED)):
        assert note in text
    assert "is chosen for this campaign" not in report(client, RULED)


def test_the_terminal_explains_the_same(client: httpx.Client, site: Workplace) -> None:
    text = shown(site, LEARNING)
    assert PICKS in text
    assert SENTENCE in text
    low, high = central_interval(Expectation(0.016, 0.08, 2_000_000, 34, 4, 6, 640))
    assert f"With a probability of 90 %: {low:.2f} to {high:.2f}." in text
    assert "picks what visitors see" not in shown(site, RULED)
    assert PICKS in text_of(report(client, LEARNING))


def test_a_preview_has_what_was_prepared_in_its_generation(
    client: httpx.Client, site: Workplace
) -> None:
    live = client.get(f"/api/v1/campaigns/{LEARNING}?quarter=2").json()
    assert [each["of_64"] for each in live["candidates"]] == [64] * 4 + [48, 16, 0, 0]
    previewed = client.get(f"/api/v1/campaigns/{LEARNING}?quarter=2&generation=1").json()
    assert (previewed["generation"], previewed["preview"]) == (1, True)
    assert {**previewed, "generation": 2} == {**live, "preview": True, "served": 2}
    assert '"of_64": 48' in shown(site, LEARNING, "--generation", "1", "--json")
    assert PICKS in text_of(report(client, LEARNING, generation=1))


def test_the_export_has_the_shares(site: Workplace) -> None:
    ended = site.run("export", "-", "--quarter", "2")
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    found = [row["of_64"] for row in rows if row["campaign_id"] == str(LEARNING)]
    assert found == ["64"] * 4 + ["48", "16", "0", "0"]
    assert {row["of_64"] for row in rows if row["campaign_id"] == str(RULED)} == {""}


def test_the_list_of_campaigns_has_the_policy_of_each(client: httpx.Client) -> None:
    page = client.get("/campaigns").text
    found = re.findall(r'<td class="policy">(\w+)', page)
    assert found == ["Learning", "Trial", "Learning", "Rule", "Learning"]


def test_a_card_says_in_how_many_lineups_its_banner_is(client: httpx.Client) -> None:
    cards = text_of(client.get(f"/catalogue/{LEARNING}").text)
    assert cards.count("Now on every page") == 4
    assert cards.count("Now in 48 of 64 lineups") == 1
    assert cards.count("Now in 16 of 64 lineups") == 1
    assert cards.count("Not shown in this quarter") == 1


def test_places_of_banners_that_are_off_are_accounted_for(
    client: httpx.Client, site: Workplace
) -> None:
    banners = (site.folder / "catalogue" / "banners.csv").read_text()
    paused = banners.replace("50,Card 0,,,,yes", "50,Card 0,,,,no")
    for text, changed in ((paused, True), (banners, False)):
        (site.folder / "catalogue" / "banners.csv").write_text(text)
        assert site.run("catalogue", "import", "catalogue").returncode == 0
        said = "64 of the lineups are not shown as prepared" in text_of(report(client, LEARNING))
        assert said is changed
