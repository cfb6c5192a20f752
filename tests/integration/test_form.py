"""The form over real HTTP: what it suggests while a visitor types, and what it must not do."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.web.http.form import MOST_OFFERED
from support.answers import Clock, application_over
from support.publishing import batches, campaign, drafting, inventory
from support.running import serving
from support.tiers import Asked

FEW, MANY = (5, 27, 10**18 - 1), tuple(range(3, 3 + 2 * MOST_OFFERED))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """A database with a few campaigns in the first quarter, and many in the second."""
    url = f"sqlite:///{tmp_path_factory.mktemp('form') / 'banners.db'}"
    database = open_database(url, create=True)
    with drafting(database) as begun:
        for quarter, ids in ((Quarter.FIRST, FEW), (Quarter.SECOND, MANY)):
            rows = [row for each in ids for row in campaign(each, 100)]
            begun.write_quarter(quarter, batches(*rows, size=1_000), inventory(100))
            begun.describe_quarter(quarter, digest="d", rows=1, summary={})
        begun.activate()
    return Asked(DatabaseReader(database))


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def client(asked: Asked, clock: Clock) -> Iterator[httpx.Client]:
    application = application_over(asked, Path("nowhere"), clock.now, in_memory=True)
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _in_the_first_quarter(clock: Clock) -> None:
    clock.time = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)


def offered(page: httpx.Response) -> list[int]:
    known = page.text.partition('<datalist id="known">')[2].partition("</datalist>")[0]
    return [int(each) for each in re.findall('<option value="([0-9]+)">', known)]


def test_the_campaigns_of_the_current_quarter_are_offered(client: httpx.Client) -> None:
    page = client.get("/")
    assert offered(page) == list(FEW)
    assert 'list="known"' in page.text


def test_of_many_campaigns_no_more_are_offered_than_a_page_can_bear(
    client: httpx.Client, clock: Clock
) -> None:
    clock.time = datetime(2026, 1, 31, 10, 15, tzinfo=UTC)
    assert offered(client.get("/")) == list(MANY[:MOST_OFFERED])


def test_in_a_quarter_without_campaigns_none_are_offered(
    client: httpx.Client, clock: Clock
) -> None:
    clock.time = datetime(2026, 1, 31, 10, 30, tzinfo=UTC)
    page = client.get("/").text
    assert "<datalist" not in page
    assert 'list="known"' not in page


@pytest.mark.parametrize("path", ["/campaigns/1.5", "/campaigns/999", "/nope"])
def test_campaigns_are_suggested_beside_an_error_too(client: httpx.Client, path: str) -> None:
    assert offered(client.get(path)) == list(FEW)


def test_they_are_offered_without_asking_anybody_else(client: httpx.Client, asked: Asked) -> None:
    client.get("/")
    asked.gone = True
    try:
        assert offered(client.get("/")) == list(FEW)
    finally:
        asked.gone = False


@pytest.mark.parametrize(
    ("minute", "said"),
    [
        (0, "Quarter 1 of the hour (:00 to :14).<br>The next begins at :15."),
        (15, "Quarter 2 of the hour (:15 to :29).<br>The next begins at :30."),
        (59, "Quarter 4 of the hour (:45 to :59).<br>The next begins at :00."),
    ],
)
def test_the_form_says_when_the_next_quarter_begins(
    client: httpx.Client, clock: Clock, minute: int, said: str
) -> None:
    clock.time = datetime(2026, 1, 31, 10, minute, 59, tzinfo=UTC)
    assert said in client.get("/").text


def test_only_what_is_no_id_makes_the_field_invalid(client: httpx.Client) -> None:
    assert "aria-invalid" in client.get("/campaigns/1.5").text
    assert "aria-invalid" not in client.get("/campaigns?page=0").text
