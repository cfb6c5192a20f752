"""Names of the catalogue stand where operators read ids: on pages, in JSON, CSV and terminals."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

import banners
from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.answers import Clock, application_over
from support.catalogues import banner, campaign, files
from support.deliveries import small_quarter
from support.publishing import publish
from support.running import Workplace, serving

AUTUMN, SHOE = "=Autumn & <b>", "Red “shoe”"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Campaigns 5, 6 and a large one, of which the catalogue has the first."""
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('names') / 'b.db'}", create=True)
    publish(database, 100, Quarter.FIRST)
    writer = DatabaseCatalogueWriter(database, now=lambda: datetime.now(UTC), wait_seconds=10)
    named = replace(campaign(5, name=AUTUMN), banners=(banner(100, name=SHOE),))
    writer.replace([named, campaign(9, name="Unseen")], by="ada", what="Imported")
    application = application_over(
        DatabaseReader(database), Path("nowhere"), Clock().now, reports=DatabaseReports(database)
    )
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


def test_the_report_says_them_beside_the_ids(client: httpx.Client) -> None:
    page = client.get("/campaigns/5/report?quarter=1").text
    assert f"<h1>{escape(AUTUMN)}</h1>" in page
    assert '<span class="state on">On</span> <span>Campaign 5</span>' in page
    assert f'<span class="name">Banner 100 <small>{SHOE}</small></span>' in page
    assert f'<th scope="row">100 <small>{SHOE}</small></th>' in page
    assert '<th scope="row">101</th>' in page


def test_the_report_says_what_the_catalogue_takes_out(client: httpx.Client) -> None:
    page = client.get("/campaigns/5/report?quarter=1").text
    why = "not in the catalogue"
    assert f"visitors do not see banners 101 ({why}), 102 ({why}) now" in page
    assert page.count(f'<td class="words">no: {why}</td>') == 2
    page = client.get("/campaigns/6/report?quarter=1").text
    assert "The catalogue does not have this campaign, so visitors see none of its banners" in page


def test_the_report_as_json_has_them(client: httpx.Client) -> None:
    answer = client.get("/api/v1/campaigns/5/report?quarter=1").json()
    assert answer["name"] == AUTUMN
    assert [each["name"] for each in answer["candidates"]] == [SHOE, None, None]


def test_the_report_as_csv_has_them_and_no_formula(client: httpx.Client) -> None:
    answer = client.get("/campaigns/5/report?quarter=1&format=csv").text
    rows = list(csv.DictReader(io.StringIO(answer)))
    assert [row["campaign_name"] for row in rows] == [f"'{AUTUMN}"] * 3
    assert [row["banner_name"] for row in rows] == [SHOE, "", ""]


def test_a_campaign_that_the_catalogue_lacks_has_none(client: httpx.Client) -> None:
    answer = client.get("/api/v1/campaigns/6/report?quarter=1").json()
    assert answer["name"] is None
    assert "<h1>Report on campaign 6</h1>" in client.get("/campaigns/6/report?quarter=1").text


def test_the_list_has_them(client: httpx.Client) -> None:
    items = client.get("/api/v1/campaigns?quarter=1").json()["items"]
    assert [each["name"] for each in items] == [AUTUMN, None, None]
    page = client.get("/campaigns?quarter=1").text
    assert f'href="/campaigns/5?preview=1">5</a> <small>{escape(AUTUMN)}</small></th>' in page


@pytest.mark.parametrize(
    ("search", "ids"),
    [("AUTUMN", [5]), ("red", [5]), ("&", [5]), ("6", [6]), ("5", [5]), ("100", [5]), ("no", [])],
)
def test_a_search_finds_names_and_ids(client: httpx.Client, search: str, ids: list[int]) -> None:
    words = {"quarter": "1", "search": search}
    answer = client.get("/api/v1/campaigns", params=words).json()
    assert [each["campaign_id"] for each in answer["items"]] == ids
    assert answer["total"] == len(ids)
    page = client.get("/campaigns", params=words).text
    assert f'value="{escape(search)}"' in page


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    workplace = Workplace(tmp_path_factory.mktemp("named"))
    small_quarter(workplace.folder)
    files(workplace.folder / "catalogue", "5,Autumn sale,,,yes,\n", "5,10,Red shoe,,,,yes\n")
    assert workplace.run("crunch", "events").returncode == 0
    assert workplace.run("catalogue", "import", "catalogue").returncode == 0
    return workplace


def test_the_terminal_says_them(named: Workplace) -> None:
    told = named.run("show", "5", "--quarter", "2").stdout.splitlines()
    assert told[0].startswith("Campaign 5 “Autumn sale”, quarter 2 of the hour")
    table = [line.split() for line in told if line]
    assert any("visitors do not see banner 11 (not in the catalogue) now" in line for line in told)
    assert ["name"] in [words[-1:] for words in table]
    assert [words[-2:] for words in table if words[:2] == ["1", "10"]] == [["Red", "shoe"]]


@pytest.mark.parametrize("more", [(), ("--generation", "1")], ids=["live", "preview"])
def test_the_lineup_as_json_has_them(named: Workplace, more: tuple[str, ...]) -> None:
    told = json.loads(named.run("show", "5", "--quarter", "2", "--json", *more).stdout)
    assert (told["name"], told["lineup"][0]["name"]) == ("Autumn sale", "Red shoe")


def test_an_export_has_them_and_no_formula(named: Workplace) -> None:
    assert named.run("export", "figures.parquet").returncode == 0
    rows = pq.read_table(named.folder / "figures.parquet").to_pylist()
    found = {(row["campaign_id"], row["banner_id"]): row["banner_name"] for row in rows}
    assert (found[5, 10], found[5, 11]) == ("Red shoe", None)
    assert {row["campaign_name"] for row in rows if row["campaign_id"] == 5} == {"Autumn sale"}
    files(named.folder / "renamed", '5,"=1+1, ""a""",,,yes,\n', "5,10,Red shoe,,,,yes\n")
    assert named.run("catalogue", "import", "renamed").returncode == 0
    text = named.run("export", "-").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["campaign_name"] == '\'=1+1, "a"'
    assert rows[0]["revenue"] in text.splitlines()[1].split(",")


def test_the_library_has_them(named: Workplace) -> None:
    database = f"sqlite:///{named.folder / 'var' / 'banners.db'}"
    rows = banners.read_generation(quarter=2, database=database).to_pylist()
    assert {row["banner_name"] for row in rows if row["banner_id"] == 10} == {"Red shoe"}


def test_a_preview_as_json_has_them(client: httpx.Client) -> None:
    answer = client.get("/api/v1/campaigns/5?quarter=1&generation=1").json()
    assert answer["name"] == AUTUMN
    # The banners that the catalogue does not assign to the campaign are left out.
    assert [each["name"] for each in answer["lineup"]] == [SHOE]
    assert answer["fill"]["campaign"] == []


def test_a_preview_of_a_campaign_that_the_catalogue_lacks_is_refused(client: httpx.Client) -> None:
    answer = client.get("/api/v1/campaigns/6?quarter=1&generation=1")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_campaign")
