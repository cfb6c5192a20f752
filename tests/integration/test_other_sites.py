"""JSON for the scripts of other sites: what they may read, and ids that they read right."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from banners.core.addresses import Route
from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from support.answers import Clock, application_over
from support.publishing import batches, campaign, drafting, inventory
from support.running import required, serving

ORIGIN = {"Origin": "https://publisher.example"}
PREFLIGHT = {
    **ORIGIN,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "x-requested-with",
}
ALLOWED = "access-control-allow-origin"

LARGE, BANNER = 987_654_321_098_765_432, 123_456_789_012_345_678
"""Ids that are other numbers in JavaScript."""

IDS = {
    ("BannerHistoryAnswer", "banner_id"),
    ("CampaignItem", "campaign_id"),
    ("CandidateAnswer", "banner_id"),
    ("HistoryAnswer", "campaign_id"),
    ("LineupAnswer", "campaign_id"),
    ("LineupBanner", "banner_id"),
    ("PreparedBanner", "banner_id"),
    ("PreviewAnswer", "campaign_id"),
    ("ReportAnswer", "campaign_id"),
    ("ServedAnswer", "campaign_id"),
    ("ServedBannerAnswer", "banner_id"),
}
"""The members of the description that are ids, by the name of the object."""
PUBLIC = [f"/api/v1/campaigns/{LARGE}/banners", "/openapi.json"]
PARTS = {
    "banner_id": BANNER,
    "campaign_id": LARGE,
    "digest": "0" * 64,
    "name": "image_1.png",
    "position": "1",
    "token": "x",
    "version": "0",
}


@pytest.fixture(scope="module", params=["in memory", "by the framework"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('db')}/banners.db", create=True)
    with drafting(database) as begun:
        rows = campaign(LARGE, BANNER, shown=2, others=4)
        begun.write_quarter(Quarter.SECOND, batches(*rows), inventory(*range(BANNER, BANNER + 6)))
        begun.describe_quarter(Quarter.SECOND, digest="large", rows=1, summary={})
        begun.activate()
    opened = partial(open_database, str(database.url), create=False)
    application = application_over(
        *(DatabaseReader(opened()), Path("nowhere"), Clock().now),
        in_memory=request.param == "in memory",
        reports=DatabaseReports(opened()),
    )
    with serving(application) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.parametrize("path", [*PUBLIC, "/api/v1/campaigns/x/banners?quarter=9"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [ORIGIN, {}])
def test_scripts_of_any_site_may_read_public_json(
    client: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, path, headers=headers)
    assert answer.headers.get_list(ALLOWED) == ["*"]
    assert "access-control-allow-credentials" not in answer.headers


def test_a_redirect_to_public_json_may_be_followed(client: httpx.Client) -> None:
    answer = client.get(f"{PUBLIC[0]}/", headers=ORIGIN)
    assert (answer.status_code, answer.headers[ALLOWED]) == (308, "*")


@pytest.mark.parametrize("path", PUBLIC)
def test_a_preflight_is_answered(client: httpx.Client, path: str) -> None:
    answer = client.options(path, headers=PREFLIGHT)
    assert (answer.status_code, answer.headers.get_list(ALLOWED)) == (200, ["*"])
    assert "GET" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "x-requested-with"
    assert client.options(path, headers=ORIGIN).status_code == 405
    refused = client.options(path, headers={**PREFLIGHT, "Access-Control-Request-Method": "PUT"})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "route", [each for each in Route if each not in {Route.API_BANNERS, Route.OPENAPI}]
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_all_else_stays_closed_to_scripts_of_other_sites(
    client: httpx.Client, route: Route, method: str
) -> None:
    answer = client.request(method, route.at(**PARTS), headers=PREFLIGHT)
    assert ALLOWED not in answer.headers


def ids_in(answer: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield every id of JSON: the name of its member, its value, and that of the text beside it."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            if key in {"campaign_id", "banner_id"} or (key == "campaign" and name == "fill"):
                yield key, value, answer[f"{key}_text"]
            yield from ids_in(value, key)
    elif isinstance(answer, list):
        for each in answer:
            yield from ids_in(each, name)


JSON = [
    "/api/v1/campaigns?quarter=2",
    f"/api/v1/campaigns/{LARGE}?quarter=2",
    f"/api/v1/campaigns/{LARGE}?quarter=2&generation=1",
    f"/api/v1/campaigns/{LARGE}/report?quarter=2",
    f"/api/v1/campaigns/{LARGE}/banners?quarter=2",
]


@pytest.mark.parametrize("path", JSON)
def test_every_id_stays_a_number_and_stands_beside_it_as_text(
    client: httpx.Client, path: str
) -> None:
    found = list(ids_in(client.get(path).json()))
    assert found
    for _, number, text in found:
        assert text == ([str(each) for each in number] if isinstance(number, list) else str(number))
    assert {number for name, number, _ in found if name == "campaign_id"} == {LARGE}


def test_no_member_of_the_description_is_an_id_without_text(client: httpx.Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    found = set()
    for answer, schema in schemas.items():
        members = schema.get("properties", {})
        for name in {"campaign_id", "banner_id"} & members.keys():
            found.add((answer, name))
            assert members[name]["type"] == "integer"
            assert members[f"{name}_text"]["type"] == "string"
            assert "2^53" in members[f"{name}_text"]["description"]
    assert found == IDS


def test_a_browser_reads_the_text_right_and_the_number_wrong(
    client: httpx.Client, tmp_path: Path
) -> None:
    """A page of another site reads the JSON, as a publisher's would."""
    page = tmp_path / "page.html"
    address = client.base_url.join(f"/api/v1/campaigns/{LARGE}/banners?quarter=2")
    page.write_text(
        "<!doctype html><pre id=out></pre><script>"
        f"fetch({json.dumps(str(address))}, {{headers: {{'X-Requested-With': 'page'}}}})"
        ".then((answer) => answer.json()).then((json) => {"
        "document.getElementById('out').textContent = json.campaign_id_text + ' ' +"
        " (String(json.campaign_id) === json.campaign_id_text); });</script>"
    )
    chromium = required("chromium")
    shown = subprocess.run(
        [
            *(chromium, "--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--virtual-time-budget=20000", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    found = re.search("<pre id=.out.>(.*)</pre>", shown.stdout)
    assert found is not None, shown.stderr
    assert found[1] == f"{LARGE} false"
