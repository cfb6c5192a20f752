"""With a catalogue, reports say what visitors see: on the page, in the terminal and as JSON."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import httpx
import pytest

from banners.settings import load_settings
from banners.wiring import web_application
from support.catalogues import files
from support.deliveries import small_quarter
from support.running import Workplace, serving

NOTHING = "Nothing has been recorded of this campaign in quarter 2 of the hour yet."
GONE = "so visitors see none of its banners now."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Campaigns 5 and others have events; of 5, the catalogue leaves none of these banners."""
    workplace = Workplace(tmp_path_factory.mktemp("catalogue"))
    small_quarter(workplace.folder, 2)
    assert workplace.run("crunch", "events").returncode == 0
    return workplace


def catalogue(site: Workplace, campaigns: str, banners: str = "") -> None:
    files(site.folder / "catalogue", campaigns, banners)
    ended = site.run("catalogue", "import", "catalogue")
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def client(site: Workplace) -> Iterator[httpx.Client]:
    catalogue(
        site,
        "5,Shoes,,,yes,\n6,Boots,,,yes,\n7,Hats,,,no,\n9,Empty,,,yes,\n",
        "5,11,Red shoes,,,,yes\n5,12,New,,,,yes\n6,60,Boots,,,,yes\n7,70,Hat,,,,yes\n",
    )
    with visiting(site) as opened:
        yield opened


@contextmanager
def visiting(site: Workplace) -> Iterator[httpx.Client]:
    overrides = {
        "database_url": f"sqlite:///{site.folder / 'var' / 'banners.db'}",
        "operators": "open",
    }
    application = web_application(load_settings(overrides))
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


def report(client: httpx.Client, campaign: int) -> Any:
    answer = client.get(f"/api/v1/campaigns/{campaign}/report?quarter=2")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("campaign", [5, 6, 9])
def test_the_lineup_is_that_of_the_api(client: httpx.Client, campaign: int) -> None:
    told = report(client, campaign)
    served = client.get(f"/api/v1/campaigns/{campaign}?quarter=2").json()
    same = ("rule", "converting", "slots", "fill", "generation", "name")
    assert [told[each] for each in same] == [served[each] for each in same]
    in_lineup = [each["banner_id"] for each in told["candidates"] if each["shown"] == "lineup"]
    assert in_lineup == [each["banner_id"] for each in served["lineup"]]


def test_page_terminal_and_json_say_the_same(site: Workplace, client: httpx.Client) -> None:
    page = unescape(client.get("/campaigns/5/report?quarter=2").text)
    shown = " ".join(site.run("show", "5", "--quarter", "2").stdout.split())
    explanation = report(client, 5)["explanation"]
    rule, out = explanation.split(" By the catalogue, ")
    assert rule.startswith("Of the banners that the catalogue leaves, ")
    for told in (page, shown):
        assert rule in told
        assert f"By the catalogue, {out}" in told
        assert "Two are shown: the campaign's two banners." in told


@pytest.mark.parametrize("campaign", [6, 9])
def test_a_campaign_without_events_has_a_report_of_zeros(
    site: Workplace, client: httpx.Client, campaign: int
) -> None:
    told = report(client, campaign)
    assert told["explanation"] == NOTHING
    assert (told["preview"], told["served"], told["totals"]["impressions"]) == (False, 1, 0)
    page = client.get(f"/campaigns/{campaign}/report?quarter=2")
    assert (page.status_code, NOTHING in page.text) == (200, True)
    assert client.get(f"/campaigns/{campaign}/report?quarter=2&format=csv").status_code == 200
    ended = site.run("show", str(campaign), "--quarter", "2")
    assert (ended.returncode, NOTHING in " ".join(ended.stdout.split())) == (0, True)


def test_a_campaign_without_events_that_is_off_says_both(client: httpx.Client) -> None:
    assert report(client, 7)["explanation"] == f"{NOTHING} The campaign is paused, {GONE}"


def test_a_campaign_that_nobody_knows_has_no_report(client: httpx.Client) -> None:
    assert client.get("/api/v1/campaigns/8/report?quarter=2").status_code == 404


def test_a_campaign_that_the_catalogue_lacks_is_not_shown_and_keeps_its_figures(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    workplace = Workplace(tmp_path_factory.mktemp("lacking"))
    small_quarter(workplace.folder, 2)
    assert workplace.run("crunch", "events").returncode == 0
    before = workplace.run("show", "5", "--quarter", "2").stdout
    assert "catalogue" not in before
    catalogue(workplace, "6,Boots,,,yes,\n")
    told = " ".join(workplace.run("show", "5", "--quarter", "2").stdout.split())
    assert f"The catalogue does not have this campaign, {GONE}" in told
    assert "drawn" not in told
    preview = workplace.run("show", "5", "--quarter", "2", "--generation", "1", "--json")
    assert preview.returncode == 1
    assert "Campaign 5 is unknown: the catalogue does not have it" in " ".join(
        preview.stderr.split()
    )


def test_the_chart_of_a_campaign_that_shows_nothing_links_to_its_table(
    workplace: Workplace,
) -> None:
    small_quarter(workplace.folder, 2)
    assert workplace.run("crunch", "events").returncode == 0
    catalogue(workplace, "6,Boots,,,yes,\n")
    with visiting(workplace) as client:
        page = client.get("/campaigns/5/report?quarter=2").text
    assert 'No banner is shown now. All banners are in the <a href="#candidates">table</a>.' in page
