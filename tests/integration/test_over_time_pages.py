"""Pages and JSON of figures over time, over real HTTP, compared with sums of what was recorded."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from banners.core.figures import Figures, as_decimal
from banners.core.model import Quarter
from banners.core.slots import SLOT_SECONDS
from banners.core.totals import Totals
from banners.store.connect import open_database
from support.answers import assert_problem
from support.held_totals import HeldTotals
from support.html_text import text_of
from support.operators import OPERATOR, OTHER_READER, READER, Office, lines
from support.publishing import publish
from support.recorded_pages import NAMES, UNTIL, recorded_site, recorded_totals

TOTALS = recorded_totals()
FIGURES = ("impressions", "clicks", "conversions")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with recorded_site(tmp_path_factory.mktemp("recorded"), TOTALS) as opened:
        yield opened


@pytest.fixture(scope="module")
def unrecorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The same catalogue, where nothing is recorded."""
    with recorded_site(tmp_path_factory.mktemp("unrecorded"), None) as opened:
        yield opened


def recorded(campaign_id: int, slots: range) -> Totals:
    """What was recorded of a campaign in some slots, added up by hand."""
    return Totals.sum_of(
        each.totals
        for slot in slots
        for each in TOTALS.slots.get(slot, ())
        if each.campaign_id == campaign_id
    )


def history(client: httpx.Client, query: str = "", campaign_id: int = 5) -> Any:
    answer = client.get(f"/api/v1/campaigns/{campaign_id}/history{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def slot_of(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp()) // SLOT_SECONDS


@pytest.mark.parametrize("over", ["24h", "7d"])
def test_json_has_every_hour_or_day_exactly(client: httpx.Client, over: str) -> None:
    answer = history(client, f"?over={over}")
    assert (answer["name"], answer["over"]) == ("Shoes & hats", over)
    assert len(answer["points"]) == (24 if over == "24h" else 7)
    for point in answer["points"]:
        slots = range(slot_of(point["begins"]), slot_of(point["ends"]))
        expected = recorded(5, slots)
        assert [point[each] for each in FIGURES] == [
            getattr(expected.net, each) for each in FIGURES
        ]
        assert Decimal(point["revenue"]) == expected.net.revenue
        assert point["recorded"]["impressions"] == expected.gross.impressions
        assert Decimal(point["refunded"]) == as_decimal(expected.refund_micros)
        assert point["complete"] == (slots.stop <= UNTIL)


def test_json_compares_with_the_time_before(client: httpx.Client) -> None:
    answer = history(client)
    assert slot_of(answer["until"]) == UNTIL
    for part, until in (("last", UNTIL), ("before", UNTIL - 96)):
        expected = recorded(5, range(until - 96, until)).net
        assert answer[part]["impressions"] == expected.impressions
        assert answer[part]["click_rate"] == f"{expected.click_rate:f}"


def test_json_has_the_banners_of_the_campaign(client: httpx.Client) -> None:
    answer = history(client)
    assert answer["banners_total"] == len(answer["banners"]) == 2
    assert {each["banner_id"] for each in answer["banners"]} == {100, 101}
    for name in FIGURES:
        banners = sum(each["last"][name] for each in answer["banners"])
        assert banners == answer["last"][name]
        for place, point in enumerate(answer["points"]):
            assert sum(each["points"][place][name] for each in answer["banners"]) == point[name]


def test_earlier_times_are_reached_page_by_page(client: httpx.Client) -> None:
    found: list[str] = []
    address, pages = "/api/v1/campaigns/6/history?over=7d", 0
    while address:
        answer = client.get(address).json()
        days = [each["begins"] for each in answer["points"]]
        assert not found or days[-1] < found[0]
        found = [*days, *found]
        address, pages = answer["previous"], pages + 1
        assert pages < 9
    assert found == sorted(set(found))
    # 15 days were recorded; the last page has none of them.
    assert pages == 4


def test_an_earlier_time_is_compared_with_the_one_before_it(client: httpx.Client) -> None:
    first = history(client)
    second = history(client, f"?{first['previous'].partition('?')[2]}")
    begins = slot_of(first["points"][0]["begins"])
    assert slot_of(second["until"]) == begins
    assert all(each["complete"] for each in second["points"])
    assert second["last"]["impressions"] == sum(each["impressions"] for each in second["points"])
    for part, until in (("last", begins), ("before", begins - 96)):
        expected = recorded(5, range(until - 96, until)).net
        assert [second[part][each] for each in FIGURES] == [
            getattr(expected, each) for each in FIGURES
        ]
        assert Decimal(second[part]["revenue"]) == expected.revenue


def test_json_without_recording_has_no_points(unrecorded: httpx.Client) -> None:
    answer = history(unrecorded)
    assert (answer["points"], answer["until"], answer["previous"]) == ([], None, None)
    assert answer["last"]["impressions"] == 0


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("77/history", 404, "unknown_campaign"),
        ("x/history", 400, "invalid_campaign_id"),
        ("5/history?over=1h", 400, "invalid_request"),
        ("5/history?before=now", 400, "invalid_request"),
        ("5/history?before=20260231T1000Z", 400, "invalid_request"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    client: httpx.Client, path: str, status: int, code: str
) -> None:
    assert_problem(client.get(f"/api/v1/campaigns/{path}"), status, code)


@pytest.mark.parametrize(("over", "length"), [("24h", 96), ("7d", 7 * 96)])
def test_the_report_has_four_figures_and_their_change(
    client: httpx.Client, over: str, length: int
) -> None:
    page = text_of(client.get(f"/campaigns/5/report?over={over}").text)
    last = recorded(5, range(UNTIL - length, UNTIL)).net
    before = recorded(5, range(UNTIL - 2 * length, UNTIL - length)).net
    by = 100 * (last.impressions - before.impressions) / before.impressions
    change = f"{by:+.2f} %".replace("-", "\N{MINUS SIGN}")
    assert f"Revenue {last.revenue:,.2f}" in page
    assert f"Impressions {last.impressions:,} {change} against the" in page
    assert f"Click rate {100 * last.clicks / last.impressions:.2f} %" in page


def test_the_report_says_what_was_recorded_and_what_counts(client: httpx.Client) -> None:
    page = text_of(client.get("/campaigns/5/report").text)
    totals = recorded(5, range(UNTIL - 96, UNTIL))
    gross, net = totals.gross, totals.net
    assert f"Recorded {gross.impressions:,} {gross.clicks:,} {gross.conversions:,}" in page
    assert f"Left out: other reasons {gross.impressions - net.impressions:,} " in page
    assert f"Counts {net.impressions:,} {net.clicks:,} {net.conversions:,}" in page
    refunded = as_decimal(totals.refund_micros)
    assert f"{totals.refunds} refunds of {refunded:,.2f} in total are not subtracted" in page


def test_the_charts_have_their_figures_as_a_table(client: httpx.Client) -> None:
    page = client.get("/campaigns/5/report").text
    table = page[page.index("<summary>These figures as a table") :]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>([\d,]+)</td>', table)[:24]
    newest = range(UNTIL - 1, UNTIL + 3)
    hours = [range(newest.start - 4 * ago, newest.stop - 4 * ago) for ago in range(24)]
    assert [row[1] for row in rows] == [f"{recorded(5, each).net.impressions:,}" for each in hours]
    assert "so far" in rows[0][0]
    assert page.count('<svg class="chart" role="img"') >= 3


def test_a_preview_and_a_report_without_recording_have_no_figures_over_time(
    tmp_path: Path, unrecorded: httpx.Client
) -> None:
    publish(open_database(f"sqlite:///{tmp_path}/banners.db", create=True), 100, *Quarter)
    with recorded_site(tmp_path, TOTALS) as client:  # which publishes again
        assert "How it performs" in client.get("/campaigns/5/report").text
        preview = client.get("/campaigns/5/report?generation=1").text
    assert "Preview: generation 1, not the live one." in preview
    assert "How it performs" not in preview
    report = unrecorded.get("/campaigns/5/report")
    assert report.status_code == 200
    assert "How it performs" not in report.text


def test_a_campaign_of_which_nothing_is_recorded_has_zeros(client: httpx.Client) -> None:
    page = text_of(client.get("/campaigns/9/report").text)
    assert "There are none in these 24 hours." in page


def settled(client: httpx.Client, query: str) -> list[dict[str, str]]:
    answer = client.get(f"/totals?{query}&format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_totals_between_two_dates_are_those_of_their_days(client: httpx.Client) -> None:
    rows = settled(client, "from=2026-11-20&to=2026-11-21")
    assert [(row["campaign_id"], row["group"]) for row in rows] == [
        ("5", "policy"),
        ("5", "rule"),
        ("6", "rule"),
    ]
    days = {date(2026, 11, 20), date(2026, 11, 21)}
    slots = [
        each
        for each in TOTALS.slots
        if datetime.fromtimestamp(each * SLOT_SECONDS, UTC).date() in days
    ]
    assert len(slots) == 192
    expected = Totals.sum_of(recorded(6, range(each, each + 1)) for each in slots)
    assert [rows[2][each] for each in FIGURES] == [
        str(getattr(expected.net, each)) for each in FIGURES
    ]
    assert Decimal(rows[2]["revenue"]) == expected.net.revenue
    assert Decimal(rows[2]["refunded"]) == as_decimal(expected.refund_micros)
    assert int(rows[2]["recorded_impressions"]) == expected.gross.impressions
    assert rows[0]["campaign_name"] == NAMES[5]


def test_the_page_of_totals_shows_the_same_with_the_reasons(client: httpx.Client) -> None:
    page = text_of(client.get("/totals?from=2026-11-20&to=2026-11-21").text)
    rows = settled(client, "from=2026-11-20&to=2026-11-21")
    together = sum(int(row["impressions"]) for row in rows)
    assert f"{together:,}" in page
    assert "Shoes & hats" in page
    assert f"Crawler {9 * 192:,} 0 0" in page
    assert f"Other campaign 0 0 {2 * 192}" in page


def test_days_without_events_and_days_the_wrong_way_round_say_so(client: httpx.Client) -> None:
    nothing = "Nothing was recorded on these days"
    assert nothing in client.get("/totals?from=2020-01-01&to=2020-01-31").text
    wrong = client.get("/totals?from=2026-11-21&to=2026-11-20").text
    assert "The first day is after the last one" in wrong


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-02-31", "from=0001-01-01"])
def test_what_is_no_day_is_400(client: httpx.Client, query: str) -> None:
    assert client.get(f"/totals?{query}").status_code == 400


def test_without_recording_the_page_of_totals_says_how_to_begin(unrecorded: httpx.Client) -> None:
    assert "BANNERS_EVENTS" in unrecorded.get("/totals").text


def test_readers_see_the_totals_of_their_campaigns_only(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text(lines(6))
    office = Office(tmp_path / "passwords")
    query = "/totals?from=2026-11-20&to=2026-11-21"
    with recorded_site(tmp_path, TOTALS, sign_ins=office.sign_ins) as client:

        def page(name: str, address: str) -> httpx.Response:
            return client.get(address, headers=office.session(name))

        own = page(READER, query).text
        assert ("Boots" in own, "Shoes" in own) == (True, False)
        assert "All campaigns" not in own
        assert "Other campaign" not in own
        told = page(READER, f"{query}&format=csv").text
        assert {row["campaign_id"] for row in csv.DictReader(io.StringIO(told))} == {"6"}
        assert "for your campaigns" in page(OTHER_READER, query).text
        assert "All campaigns" in page(OPERATOR, query).text
        assert page(READER, "/api/v1/campaigns/6/history").status_code == 200
        assert page(READER, "/api/v1/campaigns/5/history").status_code == 403
        report = page(READER, "/campaigns/6/report").text
        assert '<span class="state on">On</span>' in report
        assert 'aria-label="This campaign"' not in report


def rows_of_home(client: httpx.Client, query: str = "") -> list[str]:
    page = client.get(f"/campaigns{query}").text
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', page, re.DOTALL)
    return [text_of(row) for row in rows]


def last_day(campaign_id: int) -> Figures:
    return recorded(campaign_id, range(UNTIL - 96, UNTIL)).net


def test_home_has_the_figures_of_the_last_day(client: httpx.Client) -> None:
    boots, never, shoes = rows_of_home(client)
    for row, campaign_id in ((boots, 6), (shoes, 5)):
        figures = last_day(campaign_id)
        rate = 100 * figures.clicks / figures.impressions
        for told in (f"{figures.impressions:,}", f"{rate:.2f} %", f"{figures.revenue:,.2f}"):
            assert told in row
    assert "Never shown" in never
    page = text_of(client.get("/campaigns").text)
    together = Figures.sum_of([last_day(5), last_day(6)])
    assert f"All campaigns, in the 24 hours until 27 Nov, 14:15 : {together.impressions:,}" in page


@pytest.mark.parametrize("order", ["impressions", "click_rate", "revenue"])
def test_home_is_sorted_by_any_figure(client: httpx.Client, order: str) -> None:
    ranked = sorted((5, 6), key=lambda each: getattr(last_day(each), order), reverse=True)
    names = [NAMES[each] for each in (*ranked, 9)]
    for query, expected in ((f"?order=-{order}", names), (f"?order={order}", names[::-1])):
        found = rows_of_home(client, query)
        assert [name in row for name, row in zip(expected, found, strict=True)] == [True] * 3
    assert len(rows_of_home(client, f"?order=-{order}&q=boots&state=on")) == 1
    assert rows_of_home(client, f"?order=-{order}&state=paused") == []


def test_home_without_recording_has_the_revenue_of_the_quarter(unrecorded: httpx.Client) -> None:
    boots, *_ = rows_of_home(unrecorded)
    assert "140.00" in boots
    assert "Click rate" not in unrecorded.get("/campaigns").text


def test_home_before_anything_is_closed_has_the_revenue_of_the_quarter(tmp_path: Path) -> None:
    with recorded_site(tmp_path, HeldTotals()) as client:
        boots, *_ = rows_of_home(client)
        assert "140.00" in boots
        assert "How it performs" not in client.get("/campaigns/5/report").text
        assert "Nothing was recorded on these days" in client.get("/totals").text
