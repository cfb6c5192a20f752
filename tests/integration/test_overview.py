"""The overview over real HTTP, compared with the reference, and with twenty thousand campaigns."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from banners.core.model import Quarter
from banners.settings import Settings, load_settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.wiring import reader, reports
from reference.events import QuarterReference
from support.answers import Clock, application_over, assert_problem
from support.publishing import drafting, inventory, many, publish
from support.running import Workplace, serving

MANY = 20_000


def settings_of(published: Workplace) -> Settings:
    return load_settings(
        {"database_url": f"sqlite:///{published.folder / 'var' / 'banners.db'}"},
    )


@pytest.fixture(scope="module")
def client(published: Workplace) -> Iterator[httpx.Client]:
    settings, clock = settings_of(published), Clock()
    clock.time = datetime(2026, 1, 31, 10, 20, tzinfo=UTC)
    application = application_over(
        reader(settings), published.folder, clock.now, reports=reports(settings)
    )
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


@pytest.fixture(scope="module")
def references(worked_out: Callable[[int], QuarterReference]) -> dict[int, QuarterReference]:
    return {int(each): worked_out(int(each)) for each in Quarter}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Twenty thousand campaigns of fifty banners each, in the first quarter alone."""
    url = f"sqlite:///{tmp_path_factory.mktemp('crowd') / 'banners.db'}"
    database = open_database(url, create=True)
    with drafting(database) as begun:
        begun.write_quarter(Quarter.FIRST, many(MANY * 50, 20_000), inventory(1))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    application = application_over(
        DatabaseReader(database), Path("nowhere"), Clock().now, reports=DatabaseReports(database)
    )
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


def items_of(reference: QuarterReference) -> dict[int, dict[str, Any]]:
    """The expected entry of each campaign of a quarter."""
    revenues: dict[int, Decimal] = {}
    for (campaign_id, _), banner in reference.performance.items():
        revenues[campaign_id] = revenues.get(campaign_id, Decimal(0)) + banner.revenue
    return {
        campaign_id: {
            "campaign_id": campaign_id,
            "campaign_id_text": str(campaign_id),
            "rule": lineup.rule,
            "converting": lineup.converting,
            "slots": lineup.slots,
            "banners": len(lineup.banners),
            "revenue": f"{revenues[campaign_id]:.6f}",
            "name": None,
        }
        for campaign_id, lineup in sorted(reference.lineups.items())
    }


def listed(client: httpx.Client, address: str) -> list[dict[str, Any]]:
    """Follow the pages of a list to its end."""
    found = []
    following: str | None = address
    while following:
        answer = client.get(following).json()
        found += answer["items"]
        following = answer["next"]
    return found


def cells(page: httpx.Response) -> list[list[str]]:
    """The cells of the table of a page, row by row."""
    body = page.text.partition("<tbody")[2].partition("</tbody>")[0]
    return [
        [unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall("<t[hd].*?</t[hd]>", row)]
        for row in re.findall("<tr.*?</tr>", body)
    ]


@pytest.mark.parametrize("quarter", [1, 2, 3, 4])
def test_the_campaigns_are_those_that_the_reference_works_out(
    client: httpx.Client, references: dict[int, QuarterReference], quarter: int
) -> None:
    expected = items_of(references[quarter])
    assert listed(client, f"/api/v1/campaigns?quarter={quarter}") == list(expected.values())


@pytest.mark.parametrize("sort", ["campaign_id", "converting", "banners", "revenue"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_campaigns_are_sorted_by_what_is_asked_for(
    client: httpx.Client, references: dict[int, QuarterReference], sort: str, sign: str
) -> None:
    items = list(items_of(references[1]).values())
    items.sort(key=lambda each: Decimal(each[sort]), reverse=bool(sign))
    assert listed(client, f"/api/v1/campaigns?quarter=1&sort={sign}{sort}") == items


def test_without_a_quarter_the_list_is_of_the_current_one(
    client: httpx.Client, references: dict[int, QuarterReference]
) -> None:
    answer = client.get("/api/v1/campaigns").json()
    assert (answer["quarter"], answer["total"]) == (2, len(references[2].lineups))
    assert 'aria-current="page"><span class="dial from-2"' in client.get("/campaigns").text


def test_the_page_shows_what_the_json_tells(
    client: httpx.Client, references: dict[int, QuarterReference]
) -> None:
    page = client.get("/campaigns?quarter=1&sort=-revenue")
    items = sorted(
        items_of(references[1]).values(), key=lambda each: Decimal(each["revenue"]), reverse=True
    )
    assert len(items) > 50
    assert [[row[0], *row[2:]] for row in cells(page)] == [
        [
            *(str(each["campaign_id"]), str(each["converting"]), str(each["banners"])),
            f"{Decimal(each['revenue']):.2f}",
        ]
        for each in items[:50]
    ]
    assert len({row[1] for row in cells(page)}) == len({each["rule"] for each in items[:50]})


def test_a_row_leads_to_the_campaign_and_to_its_report(client: httpx.Client) -> None:
    page = client.get("/campaigns?quarter=1&search=27").text
    assert 'href="/campaigns/27?preview=1"' in page
    assert 'href="/campaigns/27/report?quarter=1"' in page


@pytest.mark.parametrize("address", ["/campaigns", "/api/v1/campaigns"])
@pytest.mark.parametrize(
    "query",
    [
        *("quarter=0", "quarter=5", "quarter=x", "quarter="),
        *("page=0", "page=-1", "page=x", "page=1.0", "page=1_0", "page=%201", "page=9999999999"),
        f"search={'x' * 201}",
        *("sort=", "sort=rule", "sort=--revenue", "sort=revenue%0A", "sort=1'; DROP TABLE lineups"),
    ],
)
def test_what_no_list_can_be_asked_for_is_400(
    client: httpx.Client, address: str, query: str
) -> None:
    answer = client.get(f"{address}?{query}")
    assert answer.status_code == 400
    if address.startswith("/api/"):
        code = "invalid_quarter" if "quarter" in query else "invalid_request"
        assert_problem(answer, 400, code)


def test_a_page_after_the_last_is_empty_and_says_so(client: httpx.Client) -> None:
    answer = client.get("/api/v1/campaigns?quarter=1&page=9").json()
    assert (answer["items"], answer["next"], answer["pages"]) == ([], None, 2)
    page = client.get("/campaigns?quarter=1&page=9").text
    assert "there is no page 9" in page
    assert 'href="/campaigns?quarter=1&amp;page=2"' in page


def test_a_search_that_finds_nothing_leads_back_to_all(client: httpx.Client) -> None:
    page = client.get("/campaigns?quarter=1&search=999").text
    assert "0 campaigns found for “999”" in page
    assert '<a href="/campaigns?quarter=1">Show all campaigns</a>' in page


@pytest.mark.parametrize("search", ["x", "-1", "%C2%B2", "1%0A", "9" * 19, "%00", "%FF"])
def test_without_a_catalogue_no_campaign_is_found_by_a_name(
    client: httpx.Client, search: str
) -> None:
    answer = client.get(f"/api/v1/campaigns?quarter=1&search={search}")
    assert (answer.status_code, answer.json()["total"]) == (200, 0)
    assert client.get(f"/campaigns?quarter=1&search={search}").status_code == 200


def test_every_campaign_of_twenty_thousand_is_on_one_page(crowd: httpx.Client) -> None:
    found = [each["campaign_id"] for each in listed(crowd, "/api/v1/campaigns?quarter=1")]
    assert found == list(range(1, MANY + 1))


def test_the_last_of_twenty_thousand_is_reached_by_a_link(crowd: httpx.Client) -> None:
    page = crowd.get("/campaigns?quarter=1")
    (last,) = re.findall('<a href="([^"]*)">Last</a>', page.text)
    assert [row[0] for row in cells(crowd.get(unescape(last)))] == [
        str(each) for each in range(MANY - 49, MANY + 1)
    ]


@pytest.mark.parametrize("search", ["1", "19", "1999", "20000", "3", "123456", "0"])
def test_a_search_among_twenty_thousand_finds_each_that_begins_so(
    crowd: httpx.Client, search: str
) -> None:
    found = listed(crowd, f"/api/v1/campaigns?quarter=1&search={search}&sort=-campaign_id")
    expected = [each for each in range(MANY, 0, -1) if str(each).startswith(search)]
    assert [each["campaign_id"] for each in found] == expected


def test_the_revenue_of_a_campaign_is_that_of_its_banners_in_the_lineup_and_of_the_others(
    crowd: httpx.Client,
) -> None:
    answer = crowd.get("/api/v1/campaigns?quarter=1").json()
    assert {each["revenue"] for each in answer["items"]} == {"0.000350"}
    assert {each["banners"] for each in answer["items"]} == {10}


def test_a_quarter_without_a_generation_has_no_campaigns(crowd: httpx.Client) -> None:
    answer = crowd.get("/api/v1/campaigns?quarter=3").json()
    assert (answer["generation"], answer["total"], answer["pages"]) == (None, 0, 0)
    assert (answer["next"], answer["items"]) == (None, [])
    assert "Nothing is published in quarter 3" in crowd.get("/campaigns?quarter=3").text


def test_a_database_out_of_reach_is_said_and_retried_later(tmp_path: Path) -> None:
    file = tmp_path / "banners.db"
    database = open_database(f"sqlite:///{file}", create=True)
    publish(database, 100, Quarter.SECOND)
    application = application_over(
        DatabaseReader(database),
        tmp_path,
        Clock().now,
        in_memory=True,
        reports=DatabaseReports(database),
    )
    with serving(application) as address, httpx.Client(base_url=address) as client:
        assert client.get("/campaigns").status_code == 200
        # Without delay: a job that publishes would turn an empty file into a new database.
        other = tmp_path / "other"
        other.write_bytes(b"no database any more" * 1_000)
        other.replace(file)
        answer = client.get("/api/v1/campaigns")
        assert_problem(answer, 503, "store_unavailable")
        assert answer.headers["retry-after"]
        page = client.get("/campaigns")
        assert page.status_code == 503
        assert str(file) not in page.text


def test_nothing_published_is_503(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'none.db'}", create=False)
    application = application_over(DatabaseReader(database), tmp_path, Clock().now)
    with serving(application) as address:
        assert_problem(httpx.get(f"{address}/api/v1/campaigns"), 503, "nothing_published")
        assert httpx.get(f"{address}/campaigns").status_code == 503


def test_the_list_is_described_with_all_that_it_takes(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/api/v1/campaigns"]["get"]
    schemas = {each["name"]: each["schema"] for each in operation["parameters"]}
    assert set(schemas) == {"quarter", "page", "search", "sort"}
    assert "-revenue" in schemas["sort"]["enum"]
    # 401, 403 and 429 are described where operators sign in; here, everybody is an operator.
    assert set(operation["responses"]) == {"200", "400", "503"}
    answer = document["components"]["schemas"]["CampaignsAnswer"]["properties"]
    assert set(answer) == set(client.get("/api/v1/campaigns").json())
