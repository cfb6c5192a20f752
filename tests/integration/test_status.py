"""The status over real HTTP, compared with the reference's account of the same files."""

import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from banners.collect.close.run import close_slots
from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.core.views import Traffic
from banners.errors import StoreUnavailable
from banners.job.totals import write_totals
from banners.reports.reader import KeptQuarter
from banners.serve.memory import MemoryReader
from banners.settings import Settings, load_settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.store.schema import GENERATION_QUARTERS
from banners.version import __version__
from banners.web.metrics import Metrics
from banners.wiring import reader, reports, web_application
from reference.closing import Seen
from reference.events import read_quarter
from support.answers import Clock, application_over
from support.closings import keep
from support.event_logs import Clock as LogClock
from support.event_logs import closing_of, ended_slot, views_of
from support.publishing import publish, publish_counted
from support.running import Workplace, serving
from support.servers import until

# A row too short, one twice, ids that are none, a conflict, a refund, an orphan.
FILES = {
    "impressions": "banner_id,campaign_id\n" + "7,1\n" * 40 + "7\n8,x\n",
    "clicks": "click_id,banner_id,campaign_id\n1,7,1\n1,7,1\n2,7,1\n3,7,1\n3,8,1\n0,7,1\n",
    "conversions": "conversion_id,click_id,revenue\n1,1,0.5\n2,2,-1\n3,99,1\n4,1,x\n",
}


@contextmanager
def visited(application: Callable[..., Any]) -> Iterator[httpx.Client]:
    with serving(application) as address, httpx.Client(base_url=address) as client:
        yield client


def told(client: httpx.Client) -> str:
    """What the page says, as text on one line."""
    answer = client.get("/status")
    assert answer.status_code == 200
    body = answer.text.partition("<main")[2]
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", body)))


def section(text: str, quarter: int) -> str:
    """What it says of a quarter."""
    begin, end = (re.search(rf"Quarter {each} :|Generations kept", text) for each in (quarter, 9))
    assert begin
    following = re.search(rf"Quarter {quarter + 1} :", text) or end
    assert following
    return text[begin.start() : following.start()]


def accounts(page: str) -> dict[str, dict[str, int]]:
    """The first table of a page: rows by outcome and kind."""
    table = page.partition('<table class="accounts">')[2].partition("</table>")[0]
    kinds, *lines = re.findall("<tr.*?</tr>", table)
    names = re.findall('<th scope="col"[^>]*>(.*?)</th>', kinds)
    found = {}
    for line in lines:
        (outcome,) = re.findall('<th scope="row">(.*?)</th>', line)
        rows = [int(each.replace(",", "")) for each in re.findall(r"<td[^>]*>([\d,]+)", line)]
        found[outcome.replace("<wbr>", "")] = dict(zip(names, rows, strict=True))
    return found


@pytest.fixture
def faulty(workplace: Workplace) -> Workplace:
    """A published quarter with faults of many kinds, which the gate objected to."""
    folder = workplace.folder / "events" / "1"
    folder.mkdir(parents=True)
    for kind, text in FILES.items():
        (folder / f"{kind}_1.csv").write_text(text)
    ended = workplace.run("crunch", "events", "--accept")
    assert ended.returncode == 0, ended.stderr
    return workplace


def settings_of(workplace: Workplace) -> Settings:
    return load_settings({"database_url": f"sqlite:///{workplace.folder / 'var' / 'banners.db'}"})


def application_of(workplace: Workplace, clock: Clock) -> Callable[..., Any]:
    settings = settings_of(workplace)
    return application_over(
        reader(settings), workplace.folder, clock.now, reports=reports(settings)
    )


def test_the_account_of_the_rows_is_what_the_reference_works_out(faulty: Workplace) -> None:
    reference = read_quarter(faulty.folder / "events", 1)
    with visited(application_of(faulty, Clock())) as client:
        found = accounts(client.get("/status").text)
    for kind, account in reference.accounts.items():
        reasons = {**account.rejected, **account.quarantined}
        assert {each: rows[kind] for each, rows in found.items() if rows[kind]} == {
            outcome: rows
            for outcome, rows in (
                ("all rows", account.rows),
                ("accepted", account.accepted),
                ("duplicate", account.duplicate),
                ("rejected", sum(account.rejected.values())),
                ("quarantined", sum(account.quarantined.values())),
                *reasons.items(),
            )
            if rows
        }
    assert len(found) > 8


def test_the_objections_of_the_gate_are_shown(faulty: Workplace) -> None:
    with (
        serving(application_of(faulty, Clock())) as address,
        httpx.Client(base_url=address) as client,
    ):
        text = section(told(client), 1)
    assert "of 52 rows are rejected or quarantined, which is more than" in text
    assert "published nevertheless" in text


@pytest.mark.parametrize("term", ["generation", "gate", "duplicates", "rejected", "quarantined"])
def test_each_term_of_the_page_is_explained_before_it_is_used(faulty: Workplace, term: str) -> None:
    with visited(application_of(faulty, Clock())) as client:
        explained = told(client).partition("Quarter 1")[0]
    assert re.search(rf"\b{term}\b[^.;]* (is|are|checks) ", explained)


def test_the_page_begins_with_whether_all_is_well(published: Workplace) -> None:
    clock = Clock()
    clock.time = datetime.now(UTC)
    with visited(application_of(published, clock)) as client:
        text = told(client)
    assert text.startswith(' id="main"> Status All is well. Everybody who reaches this page is')


def test_the_source_and_the_age_are_shown(published: Workplace) -> None:
    clock = Clock()
    with closing(reports(settings_of(published))) as database:
        begun = datetime.fromisoformat(database.kept()[0].published_at)
    clock.time = begun + timedelta(hours=3)
    with (
        serving(application_of(published, clock)) as address,
        httpx.Client(base_url=address) as client,
    ):
        text = told(client)
    assert "Published 3 hours ago" in section(text, 2)
    assert f"{begun:%Y-%m-%d %H:%M} UTC (3 hours ago)" in text.partition("Generations kept")[2]
    assert f"From {os.path.realpath(published.folder)}/events By duckdb" in text
    assert "Objections of the gate none" in text


@pytest.mark.parametrize(
    ("minute", "said"),
    [
        (0, "It is 10:00 UTC, quarter 1 of the hour (:00 to :14). The next begins at 10:15."),
        (29, "It is 10:29 UTC, quarter 2 of the hour (:15 to :29). The next begins at 10:30."),
        (59, "It is 10:59 UTC, quarter 4 of the hour (:45 to :59). The next begins at 11:00."),
    ],
)
def test_the_time_and_the_next_quarter_are_shown(
    published: Workplace, minute: int, said: str
) -> None:
    clock = Clock()
    clock.time = datetime(2026, 1, 31, 10, minute, 59, tzinfo=UTC)
    with (
        serving(application_of(published, clock)) as address,
        httpx.Client(base_url=address) as client,
    ):
        assert said in told(client)


def test_the_versions_of_the_worker_are_shown(published: Workplace) -> None:
    with (
        serving(application_of(published, Clock())) as address,
        httpx.Client(base_url=address) as client,
    ):
        assert (
            told(client)
            .rstrip()
            .endswith(
                f"This worker Banners {__version__} Python {platform.python_version()} "
                f"Process {os.getpid()}"
            )
        )


def test_the_history_shows_what_is_live_and_what_is_kept(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'banners.db'}", create=True)
    publish(database, 100, Quarter.FIRST, Quarter.SECOND)
    publish(database, 200, Quarter.SECOND)
    application = application_over(
        DatabaseReader(database), tmp_path, Clock().now, reports=DatabaseReports(database)
    )
    with visited(application) as client:
        text = told(client)
    history = text.partition("Generations kept")[2]
    assert re.search(r"Generation 2 live in quarter 2 .* quarter 2, 200 rows", history)
    assert re.search(r"Generation 1 live in quarter 1 .* quarters 1 and 2, 200 rows", history)
    assert "No generation is loaded for this quarter." in section(text, 3)


def test_an_account_that_cannot_be_read_hides_nothing_else(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'banners.db'}", create=True)
    publish_counted(database, 100, Quarter.FIRST, Quarter.SECOND)
    with database.begin() as connection:
        of_first = GENERATION_QUARTERS.c.quarter == 1
        connection.execute(sa.update(GENERATION_QUARTERS).where(of_first).values(summary="no"))
    application = application_over(
        DatabaseReader(database), tmp_path, Clock().now, reports=DatabaseReports(database)
    )
    with visited(application) as client:
        text = told(client)
    assert "Account cannot be read; crunch the quarter again" in section(text, 1)
    assert "Campaigns 3" in section(text, 2)
    assert "the account of quarter 1 cannot be read" in text.partition("Generations kept")[2]


def test_without_anything_published_it_says_how_to_publish(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'none.db'}", create=False)
    application = application_over(
        DatabaseReader(database), tmp_path, Clock().now, reports=DatabaseReports(database)
    )
    with visited(application) as client:
        assert "Nothing is published yet, so visitors get an error. Make a campaign" in told(client)


class Gone(DatabaseReports):
    """Reports whose database cannot be reached, and whose error names what nobody is to see."""

    def kept(self) -> list[KeptQuarter]:
        raise StoreUnavailable("mysql://banners:s3cret@db.example is gone")


def test_with_nothing_but_memory_it_shows_what_is_served_and_names_no_host(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'banners.db'}", create=True)
    publish(database, 100, Quarter.FIRST)
    memory = MemoryReader(DatabaseReader(database), most_lineups=100)
    memory.load()
    application = application_over(memory, tmp_path, Clock().now, reports=Gone(database))
    with visited(application) as client:
        text = told(client)
    assert text.startswith(' id="main"> Status Not all is well. The database cannot be reached.')
    assert "Database cannot be reached" in text
    assert "Memory answers" in text
    assert "Generation 1 Begun" in section(text, 1)
    assert "s3cret" not in text
    assert "db.example" not in text


def test_what_is_published_and_not_loaded_yet_is_said(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'banners.db'}", create=True)
    publish(database, 100, Quarter.FIRST)
    memory = MemoryReader(DatabaseReader(database), most_lineups=100)
    memory.load()
    publish(database, 200, Quarter.FIRST, Quarter.SECOND)
    application = application_over(memory, tmp_path, Clock().now, reports=DatabaseReports(database))
    with visited(application) as client:
        text = told(client)
    assert "Generation 1; 2 is published and is being loaded" in section(text, 1)
    assert "No generation is loaded for this quarter. Generation 2 is published" in section(text, 2)


@pytest.mark.parametrize("closed_here", [True, False])
def test_recording_and_closing_are_shown_where_there_is_an_event_log(
    tmp_path: Path, *, closed_here: bool
) -> None:
    events = tmp_path / "events"
    slot = ended_slot()
    keep(events, [Seen(views_of(slot)[0], Traffic.CLEAN)], slot)
    now = LogClock(slot + 2).now
    closed = close_slots(closing_of(events), now)
    settings = load_settings(
        {
            "database_url": f"sqlite:///{tmp_path / 'banners.db'}",
            "events": str(events),
            "operators": "open",
        }
    )
    database = open_database(settings.database_url, create=True)
    publish(database, 100, *Quarter)
    if not closed_here:
        moment = datetime.fromtimestamp(now, UTC)
        write_totals(closing_of(events), lambda: database, lambda: moment, closed)
        shutil.rmtree(events / "closed")
    metrics = Metrics()
    with visited(web_application(settings, metrics, session_key="of the tests" * 4)) as client:
        until(lambda: "Recording" in told(client))
        text = told(client)
        exposition = client.get("/metrics").text
    assert f"Latest slot closed {slot_name(slot + 1)}" in text
    assert "kept 2 0 0" in text
    assert " free (" in text
    assert "banners_slots_waiting 0.0" in exposition
    assert 'banners_closed_events{kind="impressions",outcome="kept"} 2.0' in exposition
