"""Which report answers a request: previews, odd requests, and campaigns without a report."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from banners.settings import load_settings
from banners.wiring import reader, reports
from reference.events import QuarterReference
from reference.report import report_json
from support.answers import Clock, application_over, assert_problem
from support.reported import PATHS, SERVED, of_each_rule
from support.running import serving
from support.tables import Tables

ODD_IDS = ["²", "1.5", "-3", "5\x00", "9" * 5_000, "1'; DROP TABLE lineups; --", "0", "x/y", "27\n"]


@pytest.mark.parametrize("quarter", [1, 2])
def test_an_earlier_generation_is_previewed_with_its_own_figures(
    client: httpx.Client, references: dict[int, dict[int, QuarterReference]], quarter: int
) -> None:
    older = references[1]
    for campaigns in of_each_rule(older[quarter]).values():
        for campaign_id in campaigns:
            query = f"quarter={quarter}&generation=1"
            answer = client.get(f"/api/v1/campaigns/{campaign_id}/report?{query}").json()
            del answer["explanation"]
            generations = dict.fromkeys(older, 1)
            assert answer == report_json(older, generations, campaign_id, quarter, served=2)
            lineup = client.get(f"/api/v1/campaigns/{campaign_id}?{query}").json()
            assert lineup == {
                **older[quarter].lineup_json(campaign_id, generation=1),
                "preview": True,
                "served": 2,
            }


def test_a_preview_is_marked_and_leads_to_the_live_generation(client: httpx.Client) -> None:
    page = client.get("/campaigns/1/report?quarter=1&generation=1").text
    assert "Preview: generation 1, not the live one." in page
    assert "<title>Preview of generation 1: " in page
    assert '<a href="/campaigns/1/report?quarter=1">See generation 2, which is live</a>' in page
    answer = client.get("/campaigns/1/report?quarter=1&generation=1&format=csv")
    assert "-generation-1-preview.csv" in answer.headers["content-disposition"]


@pytest.mark.parametrize("query", ["quarter=1", "quarter=1&generation=2", "quarter=3&generation=1"])
def test_the_live_generation_is_no_preview(client: httpx.Client, query: str) -> None:
    page = client.get(f"/campaigns/1/report?{query}").text
    assert "Preview" not in page
    assert "not the live one" not in page
    assert client.get(f"/api/v1/campaigns/1/report?{query}").json()["preview"] is False


def test_the_lineup_of_the_live_generation_is_marked_so_where_its_generation_is_asked_for(
    client: httpx.Client,
) -> None:
    plain = client.get("/api/v1/campaigns/1?quarter=1").json()
    asked_for = client.get("/api/v1/campaigns/1?quarter=1&generation=2").json()
    assert asked_for == {**plain, "preview": False, "served": 2}


def test_a_preview_shows_which_quarters_its_generation_has(client: httpx.Client) -> None:
    settings = {"quarter": 2, "generation": 2}
    page = client.get("/campaigns/1/report", params=settings).text
    assert [row[0][0] for row in Tables(page).tables[0][1:]] == ["1", "2", "3", "4"]
    quarters = client.get("/api/v1/campaigns/1/report", params=settings).json()["quarters"]
    assert {each["quarter"]: each["generation"] for each in quarters} == SERVED


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/campaigns/{}"])
@pytest.mark.parametrize(("number", "quarter", "kept"), [(9, 1, [2, 1]), (2, 3, [1])])
def test_a_generation_that_is_not_kept_is_404_and_those_that_are_kept(
    client: httpx.Client, path: str, number: int, quarter: int, kept: list[int]
) -> None:
    answer = client.get(f"{path.format(1)}?quarter={quarter}&generation={number}")
    named = "generation 2 or 1" if len(kept) == 2 else "generation 1"
    sentence = f"Generation {number} is not kept for quarter {quarter} of the hour. Choose"
    assert answer.status_code == 404
    assert sentence in answer.text
    assert named in answer.text
    if path.startswith("/api/"):
        assert_problem(answer, 404, "unknown_generation")
        assert answer.json()["generations"] == kept


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/campaigns/{}"])
@pytest.mark.parametrize("text", ["0", "-1", "x", "", "1.0", "²", "9" * 30, "1 "])
def test_what_is_no_generation_is_400(client: httpx.Client, path: str, text: str) -> None:
    answer = client.get(path.format(1), params={"generation": text})
    assert answer.status_code == 400
    assert "is not the number of a generation" in answer.text
    if path.startswith("/api/"):
        assert_problem(answer, 400, "invalid_generation")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("text", ["0", "5", "x", ""])
def test_what_is_no_quarter_is_400(client: httpx.Client, path: str, text: str) -> None:
    answer = client.get(path.format(1), params={"quarter": text})
    assert answer.status_code == 400
    assert "is not a quarter of the hour" in answer.text
    assert "aria-invalid" not in answer.text


@pytest.mark.parametrize("query", ["sort=x", "sort=", "order=up", "format=json", "format="])
def test_what_the_page_does_not_know_is_400_and_says_what_it_takes(
    client: httpx.Client, query: str
) -> None:
    answer = client.get(f"/campaigns/1/report?{query}")
    assert answer.status_code == 400
    assert f"“query.{query.partition('=')[0]}”: " in answer.text


@pytest.mark.parametrize("text", ODD_IDS)
def test_the_report_of_what_is_no_id_is_400(client: httpx.Client, text: str) -> None:
    for path in PATHS:
        answer = client.get(path.format(quote(text, safe="")))
        assert answer.status_code == 400
        assert "1 to 18 digits" in answer.text


@pytest.mark.parametrize("query", ["quarter=1", "quarter=1&generation=1"])
def test_the_report_of_an_unknown_campaign_is_404(client: httpx.Client, query: str) -> None:
    page = client.get(f"/campaigns/999/report?{query}")
    assert page.status_code == 404
    assert "Campaign 999 is unknown" in page.text
    assert '<form method="post" action="/campaigns">' in page.text
    answer = client.get(f"/api/v1/campaigns/999/report?{query}")
    assert_problem(answer, 404, "unknown_campaign")


@pytest.mark.parametrize("query", ["quarter=2", "quarter=2&generation=1"])
def test_the_report_of_a_campaign_of_another_quarter_is_404_that_says_which(
    client: httpx.Client, query: str
) -> None:
    answer = client.get(f"/api/v1/campaigns/54/report?{query}")
    assert "It has banners in quarter 1." in assert_problem(answer, 404, "not_in_quarter")
    assert answer.json()["quarters"] == [1]
    assert client.get(f"/campaigns/54/report?{query}").status_code == 404


def test_an_address_written_otherwise_leads_to_the_report(client: httpx.Client) -> None:
    answer = client.get("/campaigns/0027/report?quarter=1&sort=clicks")
    assert (answer.status_code, answer.headers["location"]) == (
        *(308, "/campaigns/27/report?quarter=1&sort=clicks"),
    )
    assert client.get("/api/v1/campaigns/0027/report?quarter=1").json()["campaign_id"] == 27


def test_without_a_quarter_the_report_is_on_the_current_one(
    client: httpx.Client, clock: Clock
) -> None:
    for minute, quarter in ((0, 1), (15, 2), (59, 4)):
        clock.time = datetime(2026, 1, 31, 10, minute, tzinfo=UTC)
        assert client.get("/api/v1/campaigns/1/report").json()["quarter"] == quarter
        assert f"Quarter {quarter} of the hour" in client.get("/campaigns/1/report").text


def test_a_campaigns_page_leads_to_the_report_on_the_same_quarter(
    client: httpx.Client, clock: Clock
) -> None:
    for minute, quarter in ((0, 1), (30, 3)):
        clock.time = datetime(2026, 1, 31, 10, minute, tzinfo=UTC)
        page = client.get("/campaigns/1").text
        assert f'href="/campaigns/1/report?quarter={quarter}"' in page


def test_with_nothing_published_a_report_is_503_and_the_command(tmp_path: Path) -> None:
    settings = load_settings({"database_url": f"sqlite:///{tmp_path}/none.db"})
    application = application_over(
        reader(settings), tmp_path, Clock().now, reports=reports(settings)
    )
    with serving(application) as address, httpx.Client(base_url=address) as client:
        for path in (*PATHS, "/campaigns/{}/report?generation=1"):
            answer = client.get(path.format(27))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
            assert "banners crunch DIR" in answer.text
