"""The status page where the loop publishes: its sign of life, what is due, holds and rollbacks."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from html import unescape
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.errors import StoreError
from banners.settings import Settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.loop import DatabaseLoop
from banners.store.schema import GENERATION_QUARTERS
from banners.store.write.rollback import roll_back
from banners.web.metrics import Metrics
from banners.wiring import web_application
from support.event_logs import SLOT
from support.loops import generations, moment, run_loop, see, settings_of, with_catalogue
from support.publishing import publish
from support.running import serving
from support.servers import until
from support.set_clock import SetClock

# The slot of the events is of quarter 4, and is published for the first time for this one.
NEXT = SLOT + 4
FOURTH = Quarter.FOURTH


class Page:
    """The status page of an installation in which the loop has published quarter 4 twice.

    Args:
        client: visits it.
        settings: of the installation.
        clock: the clock of the web application.
    """

    def __init__(self, client: httpx.Client, settings: Settings, clock: SetClock) -> None:
        self.client = client
        self.settings = settings
        self.clock = clock

    def html(self) -> str:
        answer = self.client.get("/status")
        assert answer.status_code == 200
        return answer.text

    def text(self) -> str:
        return as_text(self.html())

    def until_it_says(self, sentence: str) -> str:
        until(lambda: sentence in self.text())
        return self.text()

    def press(self, name: str, value: object) -> httpx.Response:
        """Press a button of the page, as a browser does."""
        forms = re.findall(
            r'<form method="post" action="/status/live".*?</form>', self.html(), re.DOTALL
        )
        (form,) = (each for each in forms if f'name="{name}" value="{value}"' in each)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
        return self.client.post(
            "/status/live", data={**fields, name: str(value)}, follow_redirects=True
        )

    def send(self, name: str, value: str) -> httpx.Response:
        """Send what a button sends that an earlier page had."""
        (token,) = set(re.findall(r'name="form_token" value="([^"]*)"', self.html()))
        fields = {name: value, "form_token": token}
        return self.client.post("/status/live", data=fields, follow_redirects=True)

    def held(self) -> dict[Quarter, int]:
        database = open_database(self.settings.database_url, create=False)
        try:
            found = DatabaseLoop(database).held()
            return {quarter: each.generation for quarter, each in found.items()}
        finally:
            database.dispose()

    def live(self) -> int:
        return generations(self.settings.database_url)[FOURTH]


def undo_offered(answer: httpx.Response) -> str:
    (value,) = re.findall(r'name="undo" value="([^"]*)"', answer.text)
    return str(value)


def as_text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", html.partition("<main")[2])))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the loop has published quarter 4 twice."""
    folder = tmp_path_factory.mktemp("loop")
    settings = settings_in(folder)
    with_catalogue(settings.database_url)
    see(folder / "live", SLOT, range(3))
    run_loop(settings, moment(NEXT, -120), moment(NEXT, -100))
    see(folder / "live", SLOT, range(3, 5), now=SLOT + 5)
    run_loop(settings, moment(NEXT + 4, -120), moment(NEXT + 4, -30))
    return folder


def settings_in(folder: Path) -> Settings:
    url = f"sqlite:///{folder / 'banners.db'}"
    return settings_of(folder / "live", url, timezone=UTC, operators="open")


@pytest.fixture
def page(made: Path, tmp_path: Path) -> Iterator[Page]:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    settings, clock = settings_in(tmp_path), SetClock(moment(NEXT + 4, -20))
    application = web_application(settings, Metrics(), session_key="of the tests" * 4, clock=clock)
    with serving(application) as address, httpx.Client(base_url=address) as client:
        page = Page(client, settings, clock)
        page.until_it_says("The loop ran ")
        yield page


def test_it_says_when_the_loop_ran_and_when_each_quarter_is_published_next(page: Page) -> None:
    text = page.text()
    assert re.search(r"The loop ran [123]\d seconds ago, and was waiting\.", text)
    assert "Next publish of quarter 4 in 58 minutes (17:43)" in text
    assert "Next publish of quarter 1 in 13 minutes (16:58)" in text
    assert "All is well." in text
    assert "Nothing is published yet for quarters 1, 2 and 3 of the hour" in text


def test_a_loop_that_is_silent_is_a_fault_with_what_to_do(page: Page) -> None:
    page.clock.now += 600
    text = page.until_it_says("no sign of life for 10 minutes")
    assert "Start it: banners loop" in text
    exposition = page.client.get("/metrics").text
    (silent,) = re.findall(r"^banners_loop_silent_seconds (\S+)", exposition, re.MULTILINE)
    assert 600 < float(silent) < 700
    (age,) = re.findall(
        r'^banners_published_age_seconds{quarter="4"} (\S+)', exposition, re.MULTILINE
    )
    assert 600 < float(age) < 800


def test_a_quarter_that_the_loop_does_not_publish_in_time_is_a_fault(page: Page) -> None:
    page.clock.now += 3 * 3_600
    page.until_it_says("The loop has not published quarter 4 for more than two hours")


def test_a_rollback_on_the_page_holds_until_it_is_released_there(page: Page) -> None:
    assert page.live() == 2
    done = page.press("roll_back", "1-4")
    assert "Done. Generation 1 was made live" in as_text(done.text)
    assert (page.live(), page.held()) == (1, {FOURTH: 1})
    text = page.until_it_says("Held since")
    assert "A rollback holds quarter 4" in text
    assert "Next publish of quarter 4 not while it is held" in text
    assert "banners_held_quarters 1.0" in page.client.get("/metrics").text
    done = page.press("release", 4)
    assert "Quarter 4 was released" in as_text(done.text)
    assert (page.live(), page.held()) == (1, {})
    page.press("roll_back", "2-4")
    assert (page.live(), page.held()) == (2, {FOURTH: 2})


def test_undoing_a_rollback_restores_the_state_before_it(page: Page) -> None:
    undone = page.send("undo", undo_offered(page.press("roll_back", "1-4")))
    assert "Generation 2 is live again" in as_text(undone.text)
    assert "until you release them" not in as_text(undone.text)
    assert (page.live(), page.held()) == (2, {})


def test_what_another_operator_has_done_since_is_not_undone(page: Page) -> None:
    undo = undo_offered(page.press("roll_back", "1-4"))
    page.press("roll_back", "2-4")
    refused = page.send("undo", undo)
    assert refused.status_code == 409
    assert "another generation has become live in quarter 4" in as_text(refused.text)
    assert (page.live(), page.held()) == (2, {FOURTH: 2})


def test_a_button_changes_no_quarters_but_those_it_was_shown_for(page: Page) -> None:
    """A generation has more quarters, in which the loop has published since."""
    database = open_database(page.settings.database_url, create=False)
    writer = open_database(page.settings.database_url, create=True)
    both = (Quarter.FIRST, Quarter.SECOND)
    publish(writer, 100, Quarter.FIRST)
    publish(writer, 200, *both)
    publish(writer, 300, Quarter.SECOND)
    try:
        live = DatabaseReader(database).active
        assert [live()[each].number for each in both] == [4, 5]
        undo = undo_offered(page.send("roll_back", "3-1"))
        assert [live()[each].number for each in both] == [3, 5]
        page.send("undo", undo)
        assert [live()[each].number for each in both] == [4, 5]
        page.send("roll_back", "4-1")
        assert [live()[each].number for each in both] == [4, 5]
    finally:
        database.dispose()
        writer.dispose()


def test_a_worker_that_has_not_seen_a_rollback_yet_undoes_it(page: Page) -> None:
    database = open_database(page.settings.database_url, create=True)
    roll_back(database, [FOURTH], 1, now=partial(datetime.now, UTC))
    database.dispose()
    assert page.send("undo", "2-1-4").status_code == 200
    assert (page.live(), page.held()) == (2, {})


def test_a_loop_whose_clock_is_ahead_is_a_fault(
    page: Page,
) -> None:
    page.clock.now -= 3 * 3_600
    text = page.until_it_says("The clock of the loop's host, main, is 2 hours ahead")
    assert "Not all is well." in text
    exposition = page.client.get("/metrics").text
    (silent,) = re.findall(r"^banners_loop_silent_seconds (\S+)", exposition, re.MULTILINE)
    assert -3 * 3_600 < float(silent) < -2.9 * 3_600


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"roll_back": "2-4"}, "Generation 2 is live already"),
        ({"roll_back": "77-4"}, "is not kept any more"),
        ({"roll_back": "1-3"}, "is not kept any more"),
        ({"roll_back": "1"}, "does not say what to do"),
        ({"roll_back": "1-5"}, "does not say what to do"),
        ({"undo": "2-1"}, "does not say what to do"),
        ({"release": "4"}, "A rollback does not hold quarter 4"),
        ({"release": "5"}, "does not say what to do"),
        ({"roll_back": "1; DROP TABLE generations"}, "does not say what to do"),
    ],
)
def test_a_change_that_is_impossible_changes_nothing_and_is_explained(
    page: Page, fields: dict[str, str], said: str
) -> None:
    (token,) = set(re.findall(r'name="form_token" value="([^"]*)"', page.html()))
    answer = page.client.post("/status/live", data={**fields, "form_token": token})
    assert answer.status_code == 409
    text = as_text(answer.text)
    assert "Nothing was changed." in text
    assert said in text
    assert (page.live(), page.held()) == (2, {})


def test_a_form_that_does_not_come_from_the_page_changes_nothing(page: Page) -> None:
    answer = page.client.post("/status/live", data={"roll_back": "1-4", "form_token": "forged"})
    assert answer.status_code == 403
    assert (page.live(), page.held()) == (2, {})


@pytest.mark.parametrize(
    "said",
    ["live=2&undo=1-2-4", "undone=2", "released=4", "live=2&undo=1-2-4&proof=", "live=2&proof=0"],
)
def test_an_address_that_no_form_led_to_shows_no_notice_of_a_change(page: Page, said: str) -> None:
    page.text()
    answer = page.client.get(f"/status?{said}")
    assert answer.status_code == 200
    assert "Done." not in as_text(answer.text)
    assert 'name="undo"' not in answer.text


def test_the_notice_of_a_change_is_shown_only_in_its_session(page: Page) -> None:
    done = page.press("roll_back", "1-4")
    assert "Done." in as_text(done.text)
    assert "Done." in as_text(page.client.get(str(done.url)).text)
    altered = str(done.url).replace("live=1", "live=2")
    assert altered != str(done.url)
    assert "Done." not in as_text(page.client.get(altered).text)
    with httpx.Client() as another:
        another.get(str(page.client.base_url.join("/status")))
        assert "Done." not in as_text(another.get(str(done.url)).text)


def test_an_undo_that_fails_half_way_changes_nothing(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    undo = undo_offered(page.press("roll_back", "1-4"))

    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr("banners.store.write.rollback._release", fail)
    answer = page.send("undo", undo)
    assert answer.status_code == 503
    assert "Nothing was changed." in as_text(answer.text)
    assert (page.live(), page.held()) == (1, {FOURTH: 1})


def test_a_database_file_that_is_gone_is_not_created_again(page: Page) -> None:
    fields = dict(re.findall(r'name="(form_token)" value="([^"]*)"', page.html()))
    file = Path(page.settings.database_url.removeprefix("sqlite:///"))
    file.rename(file.with_suffix(".aside"))
    answer = page.client.post("/status/live", data={"roll_back": "1-4", **fields})
    assert answer.status_code == 503
    assert not file.exists()


def test_slots_that_are_left_out_are_marked_with_the_reason(page: Page) -> None:
    database = open_database(page.settings.database_url, create=True)
    with database.begin() as connection:
        of_live = GENERATION_QUARTERS.c.generation == 2
        text = connection.scalar(sa.select(GENERATION_QUARTERS.c.summary).where(of_live))
        assert text
        assert '"left_out": {}' in text
        marked = f'"left_out": {{"{slot_name(SLOT)}": ["there are 7 rows"]}}'
        changed = text.replace('"left_out": {}', marked)
        connection.execute(sa.update(GENERATION_QUARTERS).where(of_live).values(summary=changed))
    database.dispose()
    text = page.until_it_says("left out 2")
    assert f"left out {slot_name(SLOT)}: there are 7 rows" in text
    assert "Slots of quarter 4 are left out of the window" in text
    assert "banners crunch $BANNERS_EVENTS --quarter 4 --accept" in text
