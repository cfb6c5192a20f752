"""The web application over real HTTP, with a clock that the test sets."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import pytest

from banners import web
from banners.core.model import Quarter
from banners.web.http.files import StaticFiles
from reference.events import QuarterReference
from support.answers import SECURITY, Clock, application_over, assert_problem, database
from support.running import Workplace, serving

KOLKATA = ZoneInfo("Asia/Kolkata")  # half an hour beside UTC
STYLES = StaticFiles.packaged().address("banners.css")
ODD_IDS = [
    *("²", "٣", "1.5", "-3", "5\x00", "9" * 5_000, "1'; DROP TABLE lineups; --", "0", "x/y"),
    *("27\n", "\n27", "2\n7", "27\r\n", "27 "),
]


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module", params=["in memory", "by the framework"])
def client(
    request: pytest.FixtureRequest, published: Workplace, clock: Clock
) -> Iterator[httpx.Client]:
    """The application as it answers from memory, and as it answers everything else: alike."""
    images = published.folder / "var" / "images"
    application = application_over(
        database(published), images, clock.now, in_memory=request.param == "in memory"
    )
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _twenty_past_ten(clock: Clock) -> None:
    clock.time, clock.step = datetime(2026, 1, 31, 10, 20, tzinfo=UTC), timedelta(0)


@pytest.fixture(scope="module")
def references(worked_out: Callable[[int], QuarterReference]) -> dict[int, QuarterReference]:
    return {int(each): worked_out(int(each)) for each in Quarter}


def shown(page: httpx.Response) -> list[int]:
    """The banners of a page, in their order."""
    pieces = page.text.split('src="/static/images/image_')[1:]
    return [int(piece.split(".png", 1)[0]) for piece in pieces]


def banners_of(reference: QuarterReference, campaign_id: int) -> set[int]:
    return {each.banner_id for each in reference.lineups[campaign_id].banners}


@pytest.mark.parametrize("zone", [UTC, KOLKATA])
@pytest.mark.parametrize(
    ("minute", "second", "quarter"),
    [
        (0, 0, 1),
        (14, 59, 1),
        (15, 0, 2),
        (29, 59, 2),
        (30, 0, 3),
        (44, 59, 3),
        (45, 0, 4),
        (59, 59, 4),
    ],
)
def test_a_page_shows_the_lineup_of_the_quarter_on_the_clock(
    client: httpx.Client,
    clock: Clock,
    references: dict[int, QuarterReference],
    zone: ZoneInfo,
    minute: int,
    second: int,
    quarter: int,
) -> None:
    clock.time = datetime(2026, 1, 31, 10, minute, second, 999_999, tzinfo=zone)
    page = client.get("/campaigns/1")
    assert set(shown(page)) == banners_of(references[quarter], 1)
    assert f"Quarter {quarter} of the hour" in page.text


def test_half_an_hour_of_offset_shows_another_quarter(
    client: httpx.Client, clock: Clock, references: dict[int, QuarterReference]
) -> None:
    clock.time = datetime(2026, 1, 31, 10, 5, tzinfo=UTC).astimezone(KOLKATA)
    assert set(shown(client.get("/campaigns/1"))) == banners_of(references[3], 1)
    assert client.get("/api/v1/campaigns/1").json()["quarter"] == 3


def test_a_page_shows_one_quarter_even_if_the_next_begins_during_the_request(
    client: httpx.Client, clock: Clock
) -> None:
    clock.step = timedelta(minutes=15)
    page = client.get("/campaigns/54").text
    lacking = re.search(r"no banners in quarter ([1-4]) of the hour", page)
    shown = re.search(r"Quarter ([1-4]) of the hour", page)
    assert lacking
    assert shown
    assert lacking[1] == shown[1]


def test_the_order_is_random_and_the_banners_stay_the_same(client: httpx.Client) -> None:
    pages = [shown(client.get("/campaigns/1")) for _ in range(20)]
    assert len({tuple(page) for page in pages}) > 10
    assert len({frozenset(page) for page in pages}) == 1


def test_every_campaigns_page_shows_its_lineup_and_at_least_five_different_banners(
    client: httpx.Client, clock: Clock, references: dict[int, QuarterReference]
) -> None:
    clock.time = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)
    for campaign_id in references[1].lineups:
        page = shown(client.get(f"/campaigns/{campaign_id}"))
        assert len(set(page)) == len(page) == max(5, len(banners_of(references[1], campaign_id)))
        assert banners_of(references[1], campaign_id) <= set(page)


def test_what_is_filled_in_is_marked_in_json_and_drawn_afresh(
    client: httpx.Client, references: dict[int, QuarterReference]
) -> None:
    short = [
        campaign_id
        for campaign_id, lineup in references[1].lineups.items()
        if len(lineup.banners) < 5
    ]
    assert short
    for campaign_id in short:
        lineup = banners_of(references[1], campaign_id)
        drawn = set()
        for _ in range(5):
            answer = client.get(f"/api/v1/campaigns/{campaign_id}/banners?quarter=1").json()
            filled = {each["banner_id"] for each in answer["banners"] if each["filled"]}
            assert {each["banner_id"] for each in answer["banners"]} - filled == lineup
            drawn.add(frozenset(filled))
        pool = len(references[1].lineups[campaign_id].others)
        assert len(drawn) > 1 or pool + len(lineup) == 5


def test_the_json_of_a_lineup_is_what_the_reference_works_out(
    client: httpx.Client, references: dict[int, QuarterReference]
) -> None:
    for quarter, reference in references.items():
        for campaign_id in list(reference.lineups)[::7]:
            answer = client.get(f"/api/v1/campaigns/{campaign_id}", params={"quarter": quarter})
            assert answer.json() == reference.lineup_json(campaign_id, generation=1)


def test_without_a_quarter_the_json_is_of_the_current_one(client: httpx.Client) -> None:
    assert client.get("/api/v1/campaigns/1").json()["quarter"] == 2


@pytest.mark.parametrize("text", ["27", "0027"])
def test_the_form_leads_to_the_campaign(client: httpx.Client, text: str) -> None:
    answer = client.post("/campaigns", data={"campaign_id": text})
    assert (answer.status_code, answer.headers["location"]) == (303, "/campaigns/27")


@pytest.mark.parametrize(
    "text",
    [
        *("²", "-3", "5\x00", "9" * 5_000, "1'; DROP TABLE lineups; --", "2\n7", "", " "),
        *(" 27", "27 ", "27\n"),
    ],
)
def test_the_form_answers_what_is_no_id_with_400_and_the_form_again(
    client: httpx.Client, text: str
) -> None:
    answer = client.post("/campaigns", data={"campaign_id": text})
    assert answer.status_code == 400
    assert "1 to 18 digits" in answer.text
    assert '<form method="post" action="/campaigns">' in answer.text


@pytest.mark.parametrize("text", ODD_IDS)
def test_a_page_of_what_is_no_id_is_400_and_the_form_again(client: httpx.Client, text: str) -> None:
    answer = client.get(f"/campaigns/{quote(text, safe='')}")
    assert answer.status_code == 400
    assert "1 to 18 digits" in answer.text
    assert '<form method="post" action="/campaigns">' in answer.text


@pytest.mark.parametrize("text", ODD_IDS)
def test_json_of_what_is_no_id_is_a_problem_document(client: httpx.Client, text: str) -> None:
    answer = client.get(f"/api/v1/campaigns/{quote(text, safe='')}")
    assert "1 to 18 digits" in assert_problem(answer, 400, "invalid_campaign_id")


@pytest.mark.parametrize("quarter", ["0", "5", "x", ""])
def test_json_of_what_is_no_quarter_is_a_problem_document(
    client: httpx.Client, quarter: str
) -> None:
    answer = client.get("/api/v1/campaigns/1", params={"quarter": quarter})
    assert_problem(answer, 400, "invalid_quarter")


def test_an_unknown_campaign_is_404_and_the_form_again(client: httpx.Client) -> None:
    answer = client.get("/campaigns/63")
    assert answer.status_code == 404
    assert "unknown" in answer.text
    assert '<form method="post" action="/campaigns">' in answer.text
    assert_problem(client.get("/api/v1/campaigns/63"), 404, "unknown_campaign")


def test_a_campaign_of_another_quarter_is_404_that_says_which(client: httpx.Client) -> None:
    answer = client.get("/campaigns/54")
    assert answer.status_code == 404
    assert "It has banners in quarter 1." in answer.text
    assert_problem(client.get("/api/v1/campaigns/54"), 404, "not_in_quarter")
    assert client.get("/api/v1/campaigns/54").json()["quarters"] == [1]


@pytest.mark.parametrize(
    "path",
    [
        *("/nope", "/api/v1/nope", "/api/v1/campaign", "//campaigns/1"),
        *("/static", "/static/nope.css", "/static/images/x"),
    ],
)
def test_an_address_that_is_none_is_404(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_method_that_is_not_taken_is_405_with_those_that_are(client: httpx.Client) -> None:
    answer = client.delete("/api/v1/campaigns/1")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


def test_an_address_that_accepts_two_methods_names_both(client: httpx.Client) -> None:
    assert client.delete("/campaigns").headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/campaigns/27/", "/campaigns/27"),
        ("/campaigns/27/banner/?format=html", "/campaigns/27/banner?format=html"),
        ("/api/v1/campaigns/27/?quarter=1", "/api/v1/campaigns/27?quarter=1"),
        ("/api/v1/campaigns/27/banners//", "/api/v1/campaigns/27/banners"),
        ("/status/", "/status"),
        ("/static/1/banners.css/", "/static/1/banners.css"),
        ("//elsewhere.example/", "/elsewhere.example"),
        ("/%5Celsewhere.example/", "/%5Celsewhere.example"),
    ],
)
def test_an_address_that_ends_in_a_slash_leads_to_the_one_without(
    client: httpx.Client, path: str, leads_to: str
) -> None:
    answer = client.get(f"{client.base_url}".rstrip("/") + path)
    assert (answer.status_code, answer.headers["location"]) == (308, leads_to)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_form_with_many_other_fields_leads_to_the_campaign(client: httpx.Client) -> None:
    others = {f"field_{number}": "x" for number in range(100)}
    answer = client.post("/campaigns", data={**others, "campaign_id": "27"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/campaigns/27")


def test_a_form_larger_than_any_id_is_refused(client: httpx.Client) -> None:
    assert client.post("/campaigns", data={"campaign_id": "9" * 50_000}).status_code == 413


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/campaigns/1", "/campaigns/x", "/nope", "/healthz", "/readyz", "/openapi.json"),
        *("/api/v1/campaigns/1", "/api/v1/campaigns/x", STYLES, "/favicon.ico", "/robots.txt"),
        *("/static/images/image_100.png", "/static/images/image_99.png"),
    ],
)
def test_every_answer_carries_the_security_headers_and_head_has_no_body(
    client: httpx.Client, path: str
) -> None:
    whole = client.get(path)
    head = client.head(path)
    assert set(whole.headers) >= SECURITY
    policy = whole.headers["content-security-policy"]
    # An image may have styles of its own, and no other page may use it as a page.
    assert ("unsafe-inline" in policy, "sandbox" in policy) == (("/images/" in path),) * 2
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/campaigns", "/campaigns/1", "/campaigns/27/", "/campaigns/54", "/campaigns/63"),
        *("/campaigns/x", "/nope", "/healthz", "/readyz", "/openapi.json", "/docs", "/api/v1/nope"),
        *("/api/v1/campaigns/1", "/api/v1/campaigns/1/banners", "/api/v1/campaigns/54"),
        *("/static/nope.css", "/static/1/nope.css", "/static/images/x"),
    ],
)
def test_what_may_be_answered_otherwise_next_time_is_not_kept(
    client: httpx.Client, path: str
) -> None:
    assert client.get(path).headers["cache-control"] == "no-store"
    assert client.post(path).headers["cache-control"] == "no-store"


def test_a_placeholder_may_be_kept_for_five_minutes(client: httpx.Client) -> None:
    answer = client.get("/static/images/image_99.png")
    assert answer.headers["cache-control"] == "public, max-age=300"


def test_an_image_may_be_kept_for_a_day(client: httpx.Client) -> None:
    for _ in range(2):
        answer = client.get("/static/images/image_100.png")
        assert answer.headers["cache-control"] == "public, max-age=86400"


def test_a_banners_image_is_sent_and_need_not_be_sent_again(client: httpx.Client) -> None:
    image = client.get("/static/images/image_100.png")
    assert (image.status_code, image.headers["content-type"]) == (200, "image/png")
    again = client.get(
        "/static/images/image_100.png", headers={"If-None-Match": image.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_banner_without_an_image_gets_a_labelled_placeholder(client: httpx.Client) -> None:
    image = client.get("/static/images/image_999999999999999999.png")
    assert (image.status_code, image.headers["content-type"]) == (200, "image/svg+xml")
    assert ">999999999999999999<" in image.text


@pytest.mark.parametrize(
    ("folder", "path"), [("/static/images", "../banners.db"), ("/static", "../app.py")]
)
def test_no_path_leads_out_of_the_folder(
    client: httpx.Client, published: Workplace, folder: str, path: str
) -> None:
    assert (published.folder / "var" / "images" / "../banners.db").is_file()
    assert (Path(web.__file__).parent / "static" / "../app.py").is_file()
    assert client.get(f"{folder}/{quote(path, safe='')}").status_code == 404


def test_a_form_of_another_type_is_refused_with_the_right_type(client: httpx.Client) -> None:
    answer = client.post("/campaigns", files={"campaign_id": b"27"})
    assert answer.status_code == 415
    assert "application/x-www-form-urlencoded" in answer.text


def test_the_openapi_document_describes_problems_as_they_are_sent(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    responses = document["paths"]["/api/v1/campaigns/{campaign_id}"]["get"]["responses"]
    assert set(responses) == {"200", "308", "400", "404", "503"}
    schema = responses["404"]["content"]["application/problem+json"]["schema"]
    assert schema["$ref"].endswith("/ProblemDocument")
    assert "422" not in str(document["paths"])


def test_the_openapi_document_describes_the_addresses(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert {"/", "/campaigns", "/campaigns/{campaign_id}", "/healthz", "/readyz"} <= set(
        document["paths"]
    )
    lineup = document["components"]["schemas"]["LineupAnswer"]["properties"]
    assert set(lineup) >= {"campaign_id", "rule", "converting", "slots", "lineup", "fill"}
