"""The hot addresses: rotation for visitors, embedding, and what is left to the framework."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from support.answers import SECURITY, Clock, application_over, assert_problem
from support.publishing import batches, campaign, drafting, inventory
from support.running import serving
from support.tiny_images import IMAGES

TEN, TWO, NONE = 27, 28, 29
"""Campaigns with ten banners, with two and three others, and with none but three others."""

FORWARDED = re.compile(r"/static/images/image_([0-9]+)\.png")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('db')}/banners.db", create=True)
    publish(opened, 100)
    return opened


def publish(database: Engine, first: int) -> None:
    rows = [
        *campaign(TEN, first, shown=10, others=0),
        *campaign(TWO, first + 20, shown=2, others=3),
        *campaign(NONE, first + 30, shown=0, others=3),
    ]
    with drafting(database) as begun:
        begun.write_quarter(Quarter.SECOND, batches(*rows), inventory(*range(first, first + 40)))
        begun.describe_quarter(Quarter.SECOND, digest=str(first), rows=1, summary={})
        begun.activate()


@pytest.fixture(scope="module", params=["in memory", "by the framework"])
def address(
    request: pytest.FixtureRequest, database: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    images = tmp_path_factory.mktemp("images")
    (images / "image_100.png").write_bytes(IMAGES[".png"])
    application = application_over(
        DatabaseReader(open_database(str(database.url), create=False)),
        images,
        Clock().now,
        in_memory=request.param == "in memory",
    )
    with serving(application) as address:
        yield address


@pytest.fixture
def visitor(address: str) -> Iterator[httpx.Client]:
    """A visitor who keeps cookies."""
    with httpx.Client(base_url=address) as opened:
        yield opened


def shown(page: httpx.Response) -> list[int]:
    assert page.status_code == 200
    return [int(each) for each in FORWARDED.findall(page.text)]


def led_to(answer: httpx.Response) -> int:
    assert answer.status_code == 302
    found = FORWARDED.fullmatch(answer.headers["location"])
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("campaign_id", [TEN, TWO, NONE])
def test_no_banner_comes_first_twice_in_a_row(visitor: httpx.Client, campaign_id: int) -> None:
    firsts = [shown(visitor.get(f"/campaigns/{campaign_id}"))[0] for _ in range(60)]
    assert all(before != after for before, after in pairwise(firsts))


def test_every_banner_comes_once_a_round(visitor: httpx.Client) -> None:
    seen = [led_to(visitor.get(f"/campaigns/{TEN}/banner")) for _ in range(50)]
    for start in range(0, 50, 10):
        assert sorted(seen[start : start + 10]) == list(range(100, 110))
    assert all(before != after for before, after in pairwise(seen))


def test_two_visitors_do_not_disturb_each_other(address: str) -> None:
    with httpx.Client(base_url=address) as one, httpx.Client(base_url=address) as other:
        seen: dict[str, list[int]] = {"one": [], "other": []}
        for _ in range(10):
            for name, client in (("one", one), ("other", other)):
                seen[name].append(led_to(client.get(f"/campaigns/{TEN}/banner")))
    assert [sorted(each) for each in seen.values()] == [list(range(100, 110))] * 2


def test_the_cookie_is_of_the_campaign_alone(visitor: httpx.Client) -> None:
    visitor.get(f"/campaigns/{TEN}")
    visitor.get(f"/campaigns/{TEN}/banner")
    assert {(each.name, each.path) for each in visitor.cookies.jar} == {
        ("rotation_page", f"/campaigns/{TEN}"),
        ("rotation_banner", f"/campaigns/{TEN}"),
    }


@pytest.mark.parametrize("cookie", ["", "nonsense", "0", "9" * 400, "1.2.3", "100.1.1.99999"])
def test_any_cookie_is_taken(address: str, cookie: str) -> None:
    for path in (f"/campaigns/{TEN}", f"/campaigns/{TEN}/banner"):
        sent = {"Cookie": f"other=1; rotation_page={cookie}; rotation_banner={cookie}; x"}
        assert httpx.get(f"{address}{path}", headers=sent).status_code in {200, 302}


def test_several_cookies_may_come_in_several_headers(address: str) -> None:
    first = shown(httpx.get(f"{address}/campaigns/{TEN}"))[0]
    headers = [("Cookie", "a=b"), ("Cookie", f"rotation_page={first}")]
    for _ in range(40):
        assert shown(httpx.get(f"{address}/campaigns/{TEN}", headers=headers))[0] != first


def test_a_short_lineup_is_filled_with_others_of_the_campaign(visitor: httpx.Client) -> None:
    for _ in range(10):
        assert sorted(shown(visitor.get(f"/campaigns/{TWO}"))) == [120, 121, 122, 123, 124]


def test_the_fill_goes_on_in_the_inventory(visitor: httpx.Client) -> None:
    drawn: Counter[int] = Counter()
    for _ in range(60):
        page = shown(visitor.get(f"/campaigns/{NONE}"))
        assert len(set(page)) == 5
        assert set(page) >= {130, 131, 132}
        drawn.update(set(page) - {130, 131, 132})
    assert set(drawn) <= set(range(100, 140))
    assert len(drawn) > 20


def test_a_campaign_without_a_lineup_leads_to_one_of_the_fill(visitor: httpx.Client) -> None:
    assert led_to(visitor.get(f"/campaigns/{NONE}/banner")) in range(100, 140)


def test_one_banner_may_be_framed_and_nothing_else(address: str) -> None:
    framed = httpx.get(f"{address}/campaigns/{TEN}/banner?format=html")
    assert len(set(shown(framed))) == 1
    assert "frame-ancestors *" in framed.headers["content-security-policy"]
    for path in (f"/campaigns/{TEN}", f"/campaigns/{TEN}/banner", f"/api/v1/campaigns/{TEN}", "/"):
        answer = httpx.get(f"{address}{path}")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert set(answer.headers) >= SECURITY


@pytest.mark.parametrize(
    "path",
    [
        f"/campaigns/{TEN}",
        f"/campaigns/{TEN}/banner",
        f"/api/v1/campaigns/{TEN}/banners",
        f"/api/v1/campaigns/{TEN}",
        f"/api/v1/campaigns/{TEN}?quarter=2",
        "/static/images/image_100.png",
    ],
)
def test_head_is_answered_like_get_without_a_body(address: str, path: str) -> None:
    got, asked = httpx.get(f"{address}{path}"), httpx.head(f"{address}{path}")
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    same = set(got.headers) - {"location", "set-cookie", "date"}
    assert {name: asked.headers[name] for name in same} == {
        name: got.headers[name] for name in same
    }


@pytest.mark.parametrize(
    "path", [f"/campaigns/{TEN}", f"/campaigns/{TEN}/banner", f"/api/v1/campaigns/{TEN}"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_what_only_reads_takes_nothing_else(address: str, path: str, method: str) -> None:
    answer = httpx.request(method, f"{address}{path}")
    assert answer.status_code == 405
    assert {each.strip() for each in answer.headers["allow"].split(",")} >= {"GET", "HEAD"}


def test_an_encoded_path_is_the_same_path(address: str) -> None:
    assert sorted(shown(httpx.get(f"{address}/campaigns/%32%37"))) == list(range(100, 110))


def test_an_address_with_zeros_in_front_leads_to_the_one_without(address: str) -> None:
    for path in ("", "/banner"):
        answer = httpx.get(f"{address}/campaigns/0027{path}")
        assert (answer.status_code, answer.headers["location"]) == (308, f"/campaigns/27{path}")


def test_another_quarter_is_asked_for_by_programs_alone(address: str) -> None:
    assert_problem(httpx.get(f"{address}/api/v1/campaigns/{TEN}?quarter=3"), 404, "not_in_quarter")
    assert_problem(httpx.get(f"{address}/api/v1/campaigns/{TEN}?quarter=5"), 400, "invalid_quarter")
    assert len(shown(httpx.get(f"{address}/campaigns/{TEN}?quarter=3"))) == 10


def test_an_image_that_the_client_has_is_not_sent_again(address: str) -> None:
    path = f"{address}/static/images/image_100.png"
    got = httpx.get(path)
    assert got.content == IMAGES[".png"]
    for known in (got.headers["etag"], f'"other", W/{got.headers["etag"]}'):
        again = httpx.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    part = httpx.get(path, headers={"Range": "bytes=2-8"})
    assert (part.status_code, part.content) == (206, IMAGES[".png"][2:9])
    assert httpx.get(path).headers["etag"] == got.headers["etag"]


@pytest.mark.parametrize(
    "senseless", ["items=0-1", "bytes=x", "bytes=9-1", "bytes=-", f"bytes=0-{'9' * 5000}", ""]
)
def test_a_range_that_makes_no_sense_is_as_none_at_all(address: str, senseless: str) -> None:
    got = httpx.get(f"{address}/static/images/image_100.png", headers={"Range": senseless})
    assert (got.status_code, got.content) == (200, IMAGES[".png"])


def test_a_range_beyond_the_end_is_said_to_be_one(address: str) -> None:
    asked = {"Range": "bytes=100000-"}
    got = httpx.get(f"{address}/static/images/image_100.png", headers=asked)
    assert got.status_code == 416


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("packed", [b"", b"x", b"x" * 100])
def test_a_corrupt_row_is_an_error_of_its_campaign_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, packed: bytes, *, in_memory: bool
) -> None:
    url = f"sqlite:///{tmp_path}/banners.db"
    own = open_database(url, create=True)
    publish(own, 100)
    with own.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE candidates SET packed = ? WHERE campaign_id = ?", (packed, TWO)
        )
    reader = DatabaseReader(open_database(url, create=False))
    application = application_over(reader, tmp_path, Clock().now, in_memory=in_memory)
    with serving(application) as address:
        for path in ("/campaigns", "/api/v1/campaigns"):
            answer = httpx.get(f"{address}{path}/{TWO}")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
            assert httpx.get(f"{address}{path}/{TEN}").status_code == 200
    assert f"campaign {TWO} in quarter 2" in caplog.text


def test_a_new_generation_is_delivered_and_the_round_begins_anew(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/banners.db"
    own = open_database(url, create=True)
    publish(own, 100)
    reader = DatabaseReader(open_database(url, create=False))
    application = application_over(reader, tmp_path, Clock().now, in_memory=True)
    with serving(application) as address, httpx.Client(base_url=address) as visitor:
        for _ in range(4):
            last = led_to(visitor.get(f"/campaigns/{TEN}/banner"))
        assert last in range(100, 110)
        publish(own, 200)
        seen: list[int] = []
        while len(seen) < 10:
            banner = led_to(visitor.get(f"/campaigns/{TEN}/banner"))
            if banner >= 200 or seen:
                seen.append(banner)
    assert sorted(seen) == list(range(200, 210))
