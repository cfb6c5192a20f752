"""The report over real HTTP: every figure is compared with a slow reading of the event files."""

import csv
import io
import re
from decimal import ROUND_HALF_EVEN, Decimal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from reference.events import QuarterReference
from reference.report import candidates_json, report_json
from support.answers import SECURITY
from support.reported import PATHS, RULES, SERVED, of_each_rule
from support.tables import Tables

HEADINGS = {
    "place": "Place",
    "banner_id": "Banner",
    "shown": "Shown",
    "impressions": "Impressions",
    "clicks": "Clicks",
    "conversions": "Conversions",
    "revenue": "Revenue",
    "click_rate": "Click rate",
    "revenue_per_thousand": "Revenue per thousand",
}


def table_of(page: httpx.Response) -> list[dict[str, str]]:
    """The table of all banners, a mapping from heading to cell for each."""
    headings, *rows = Tables(page.text).tables[1]
    return [dict(zip(headings, row, strict=True)) for row in rows]


def csv_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def rounded(text: str | None, like: str) -> str:
    """Round an exact figure to as many places as a cell of the page has."""
    if text is None:
        return "\N{EN DASH}"
    exact = Decimal(text)
    if like.endswith("%"):
        exact *= 100
    number = like.rstrip("%\N{NO-BREAK SPACE}").replace(",", "")
    if number.startswith("<"):
        least = Decimal(number[2:])
        assert 0 < exact < least
        return like
    places = len(number.partition(".")[2])
    assert places in {2, 4} or exact == 0
    unit = "\N{NO-BREAK SPACE}%" if like.endswith("%") else ""
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,}{unit}"


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("quarter", [1, 3])
def test_the_json_is_what_the_reference_works_out(
    client: httpx.Client, served: dict[int, QuarterReference], quarter: int, rule: str
) -> None:
    campaigns = of_each_rule(served[quarter])[rule]
    assert campaigns
    for campaign_id in campaigns:
        answer = client.get(f"/api/v1/campaigns/{campaign_id}/report?quarter={quarter}").json()
        del answer["explanation"]
        expected = report_json(served, SERVED, campaign_id, quarter, served=SERVED[quarter])
        assert answer == expected


@pytest.mark.parametrize("rule", RULES)
def test_the_page_shows_every_figure_of_the_reference(
    client: httpx.Client, served: dict[int, QuarterReference], rule: str
) -> None:
    for campaign_id in of_each_rule(served[1])[rule]:
        page = client.get(f"/campaigns/{campaign_id}/report?quarter=1")
        rows = table_of(page)
        expected = candidates_json(served[1], campaign_id)
        assert len(rows) == len(expected)
        for row, banner in zip(rows, expected, strict=True):
            for name in ("place", "banner_id", "shown"):
                assert row[HEADINGS[name]] == str(banner[name])
            for name in ("impressions", "clicks", "conversions"):
                assert row[HEADINGS[name]] == f"{banner[name]:,}"
            for name in ("revenue", "click_rate", "revenue_per_thousand"):
                exact = banner[name]
                assert exact is None or isinstance(exact, str)
                assert row[HEADINGS[name]] == rounded(exact, like=row[HEADINGS[name]])


@pytest.mark.parametrize("rule", RULES)
def test_the_csv_is_the_json_line_by_line(
    client: httpx.Client, served: dict[int, QuarterReference], rule: str
) -> None:
    for campaign_id in of_each_rule(served[1])[rule]:
        lines = csv_of(client.get(f"/campaigns/{campaign_id}/report?quarter=1&format=csv"))
        expected = candidates_json(served[1], campaign_id)
        assert len(lines) == len(expected)
        for line, banner in zip(lines, expected, strict=True):
            assert (line.pop("campaign_id"), line.pop("quarter"), line.pop("generation")) == (
                *(str(campaign_id), "1", "2"),
            )
            assert (line.pop("campaign_name"), line.pop("banner_name")) == ("", "")
            del banner["image"], banner["banner_id_text"], banner["name"]
            assert line == {
                name: "" if value is None else str(value) for name, value in banner.items()
            }


def test_the_csv_is_a_file_to_be_saved(client: httpx.Client) -> None:
    answer = client.get("/campaigns/27/report?quarter=1&format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="campaign-27-quarter-1-generation-2.csv"'
    )
    assert answer.text.count("\r\n") == answer.text.count("\n")


@pytest.mark.parametrize("rule", RULES)
def test_the_lineup_stands_with_its_images_in_order_and_then_what_may_fill_it_up(
    client: httpx.Client, served: dict[int, QuarterReference], rule: str
) -> None:
    for campaign_id in of_each_rule(served[1])[rule]:
        page = client.get(f"/campaigns/{campaign_id}/report?quarter=1").text
        images = [int(each) for each in re.findall(r'src="/static/images/image_(\d+).png"', page)]
        lineup = served[1].lineups[campaign_id]
        others = lineup.others[:10]
        assert images == [*(each.banner_id for each in lineup.banners), *others]
        assert page.count('<li class="filled">') == len(others)


def test_the_rule_is_explained_in_a_sentence(
    client: httpx.Client, served: dict[int, QuarterReference]
) -> None:
    for campaign_id in of_each_rule(served[1])["top_revenue"]:
        converting = served[1].lineups[campaign_id].converting
        sentence = (
            f"{converting if converting > 10 else 'Ten'} banners earned something, so the ten with "
            "the most revenue are shown."
        )
        assert sentence in client.get(f"/campaigns/{campaign_id}/report?quarter=1").text
        answer = client.get(f"/api/v1/campaigns/{campaign_id}/report?quarter=1").json()
        assert answer["explanation"] == sentence


@pytest.mark.parametrize("name", [each for each in HEADINGS if each != "shown"])
def test_a_link_in_each_heading_sorts_by_it_and_then_the_other_way_round(
    client: httpx.Client, name: str
) -> None:
    exact = {
        each["banner_id"]: each
        for each in client.get("/api/v1/campaigns/1/report?quarter=2").json()["candidates"]
    }
    falls = name not in {"place", "banner_id"}
    other = "clicks" if name == "conversions" else "conversions"
    path = f"/campaigns/1/report?quarter=2&sort={other}"
    for falling in (falls, not falls):
        page = client.get(path).text
        link = re.search(rf'<a href="(\?[^"]*)#candidates">{HEADINGS[name]}</a>', page)
        assert link
        path = "/campaigns/1/report" + link[1].replace("&amp;", "&")
        answer = client.get(path)
        values = [
            Decimal(exact[int(row["Banner"])][name])
            for row in table_of(answer)
            if exact[int(row["Banner"])][name] is not None
        ]
        assert len(values) > 10
        assert values == sorted(values, reverse=falling)
        word = "descending" if falling else "ascending"
        assert re.findall(r'aria-sort="(\w+)"[^>]*><a [^>]*>([\w ]+)<', answer.text) == [
            (word, HEADINGS[name])
        ]
        lines = csv_of(client.get(f"{path}&format=csv"))
        assert [row["Banner"] for row in table_of(answer)] == [line["banner_id"] for line in lines]


def test_the_links_to_the_files_lead_to_what_the_page_shows(client: httpx.Client) -> None:
    page = client.get("/campaigns/1/report?quarter=1&generation=1&sort=clicks&order=asc")
    links = {
        words: link.replace("&amp;", "&")
        for link, words in re.findall(r'<a href="([^"]*)"(?: download)?>(CSV|JSON)</a>', page.text)
    }
    assert parse_qs(urlsplit(links["CSV"]).query) == {
        "quarter": ["1"],
        "generation": ["1"],
        "sort": ["clicks"],
        "order": ["asc"],
        "format": ["csv"],
    }
    lines = csv_of(client.get(f"/campaigns/1/report{links['CSV']}"))
    assert [line["banner_id"] for line in lines] == [row["Banner"] for row in table_of(page)]
    answer = client.get(links["JSON"]).json()
    assert (answer["generation"], answer["quarter"]) == (1, 1)


@pytest.mark.parametrize("path", [*PATHS, "/campaigns/{}/report?format=csv"])
def test_a_report_is_guarded_and_not_kept(client: httpx.Client, path: str) -> None:
    whole, head = client.get(path.format(1)), client.head(path.format(1))
    assert set(whole.headers) >= SECURITY
    assert whole.headers["cache-control"] == "no-store"
    assert (head.status_code, head.content) == (200, b"")


def test_a_page_holds_nothing_that_the_policy_forbids(client: httpx.Client) -> None:
    page = client.get("/campaigns/1/report?quarter=1").text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:|data:", page)


@pytest.mark.parametrize("rule", RULES)
def test_every_rate_of_the_table_has_a_meter_that_compares_it_with_the_highest(
    client: httpx.Client, served: dict[int, QuarterReference], rule: str
) -> None:
    for campaign_id in of_each_rule(served[1])[rule]:
        page = client.get(f"/campaigns/{campaign_id}/report?quarter=1").text
        banners = candidates_json(served[1], campaign_id)
        for name, label in (
            ("click_rate", "Click rate"),
            ("revenue_per_thousand", "Revenue per thousand"),
        ):
            rates = {each["banner_id"]: Decimal(str(each[name] or 0)) for each in banners}
            meters = re.findall(
                rf'<meter max="(\S+)" value="(\S+)" aria-label="{label} of banner (\d+)">', page
            )
            found = {int(banner_id): Decimal(value) for _, value, banner_id in meters}
            assert found == {banner_id: rate for banner_id, rate in rates.items() if rate}
            assert {Decimal(most) for most, _, _ in meters} <= {max(rates.values())}


def test_every_chart_has_a_title_and_a_description(client: httpx.Client) -> None:
    page = client.get("/campaigns/1/report?quarter=1").text
    charts = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
    assert len(charts) == 3
    for chart in charts:
        named = re.search(r'role="img" aria-labelledby="([\w-]+) ([\w-]+)"', chart)
        assert named
        assert re.search(rf'<title id="{named[1]}">[^<]+</title>', chart)
        assert re.search(rf'<desc id="{named[2]}">[^<]+</desc>', chart)
    assert len(set(re.findall(r' id="([^"]*)"', page))) == page.count(' id="')


def test_the_openapi_document_describes_the_report(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    described = document["paths"]["/api/v1/campaigns/{campaign_id}/report"]["get"]
    assert [each["name"] for each in described["parameters"]] == [
        *("campaign_id", "quarter", "generation"),
    ]
    assert set(described["responses"]) == {"200", "308", "400", "404", "503"}
    answer = client.get("/api/v1/campaigns/1/report").json()
    schemas = document["components"]["schemas"]
    of_policies = {
        "policy",
        "places",
        "fallback",
        "comparisons",
    }  # absent under the rule, as in each candidate
    assert set(schemas["ReportAnswer"]["properties"]) == {*answer, *of_policies}
    known = set(schemas["CandidateAnswer"]["properties"])
    assert known - {each for each in known if each.startswith(("expected_", "of_64"))} == set(
        answer["candidates"][0]
    )
    page = document["paths"]["/campaigns/{campaign_id}/report"]["get"]
    assert {each["name"] for each in page["parameters"]} == {
        *("campaign_id", "quarter", "generation", "sort", "order", "format", "over"),
    }
