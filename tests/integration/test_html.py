"""The Nu HTML checker has nothing to say on any page, in any of its states."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from banners import web
from banners.core.account import Account, Accounting, Remarks
from banners.core.events import Kind, Reason
from banners.core.model import FillPolicy, Quarter, RuleName
from banners.core.outcome import Published, QuarterOutcome, as_json
from banners.reports.reader import ReportReader
from banners.serve.reader import LineupReader
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.store.write.catalogue import DatabaseCatalogueWriter
from banners.web.app import web_application
from banners.web.pages.landing import Shop
from banners.wiring import reader, reports
from support import catalogues
from support.answers import Clock, application_over, open_to_all
from support.html_checker import said
from support.operators import OPERATOR, READER, Office, lines
from support.publishing import batches, campaign, drafting, inventory
from support.running import Workplace, serving
from support.unreachable import Broken, Unreachable
from support.watched import EVERYTHING

PLENTY, NO_REVENUE, ONE_BANNER, NO_LINEUP, MANY, PREVIEWED = range(1, 7)
"""Campaigns of the small database, by what is special about them."""

OF_THE_SAMPLE = {
    "form": "/",
    "form-unknown-address": "/nope",
    "form-malformed-id": "/campaigns/%22%3E%3Cb%3E",
    "form-unknown-campaign": "/campaigns/999999999",
    "form-not-in-quarter": "/campaigns/54",
    "campaign": "/campaigns/1",
    "frame": "/campaigns/1/banner?format=html",
    "report": "/campaigns/1/report",
    "report-sorted": "/campaigns/1/report?quarter=3&sort=revenue&order=asc",
    "report-invalid-quarter": "/campaigns/1/report?quarter=9",
    "report-invalid-order": "/campaigns/1/report?order=up",
    "overview": "/campaigns",
    "overview-second-page": "/campaigns?quarter=3&page=2&sort=-revenue",
    "overview-search": "/campaigns?search=2",
    "overview-nothing-found": "/campaigns?search=999999",
    "overview-after-the-last-page": "/campaigns?page=999",
    "overview-invalid": "/campaigns?page=0",
    "status": "/status",
    "docs": "/docs",
    "docs-try": "/docs?try=1",
    "landing": "/demo/landing/7/1?click=",
    "placeholder.svg": "/static/images/image_999999999.png",
}
OF_SMALL_WITHOUT_FILL = {
    "campaign-empty": f"/campaigns/{NO_LINEUP}",
    "form-nothing-to-show": f"/campaigns/{NO_LINEUP}/banner",
}
OF_SMALL = {
    "report-no-revenue": f"/campaigns/{NO_REVENUE}/report",
    "report-one-banner": f"/campaigns/{ONE_BANNER}/report",
    "report-no-lineup": f"/campaigns/{NO_LINEUP}/report",
    "report-many-banners": f"/campaigns/{MANY}/report",
    "report-fill": f"/campaigns/{PLENTY}/report",
    "report-preview": f"/campaigns/{PREVIEWED}/report?generation=1",
    "report-unknown-generation": f"/campaigns/{PLENTY}/report?generation=77",
    "overview-nothing-published": "/campaigns?quarter=4",
    "status-with-remarks": "/status",
}
OF_AN_EMPTY_DATABASE = {
    "form-nothing-published": "/campaigns/1",
    "overview-no-database": "/campaigns",
    "status-nothing-published": "/status",
    "docs-no-campaign": "/docs",
}
OF_AN_UNREACHABLE_DATABASE = {
    "form-unavailable": "/campaigns/1",
    "overview-unavailable": "/campaigns",
    "status-degraded": "/status",
}
OF_RECORDING = {"status-recording": "/status"}
OF_A_BUG = {"form-failed": "/campaigns/1"}
REFUSED: dict[str, dict[str, Any]] = {
    "form-other-type": {"content": b"{}", "headers": {"Content-Type": "application/json"}},
    "form-too-large": {"data": {"campaign_id": "9" * 50_000}},
    "form-empty": {"data": {"campaign_id": ""}},
}
STATES = [
    *(OF_THE_SAMPLE | OF_SMALL | OF_SMALL_WITHOUT_FILL | OF_AN_EMPTY_DATABASE),
    *(OF_AN_UNREACHABLE_DATABASE | OF_RECORDING | OF_A_BUG),
    *("form-other-method", *REFUSED),
    *("sign-in", "sign-in-link", "sign-in-expired", "signed-in", "form-not-allowed"),
]
ICON = "favicon.svg"


def small_database(folder: Path) -> str:
    """Publish twice what the sample has not, and return the URL of the database."""
    url = f"sqlite:///{folder / 'small.db'}"
    database = open_database(url, create=True)
    for first in (100, 200):
        rows = [
            *campaign(PLENTY, first, others=20),
            (NO_REVENUE, first, 9, 2, 0, 0),
            (ONE_BANNER, first, 9, 0, 0, 0),
            (NO_LINEUP, first, 9, 0, 0, 0),
            *campaign(MANY, first),
            *((MANY, first + each, 9, 0, 0, 0) for each in range(3, 1_100)),
            *campaign(PREVIEWED, first),
        ]
        with drafting(database) as begun:
            for quarter in (Quarter.FIRST, Quarter.SECOND):
                begun.write_quarter(quarter, batches(*rows), inventory(first, first + 1))
                begun.describe_quarter(
                    quarter, digest=f"{first}", rows=9, summary=as_json(remarkable(quarter))
                )
            begun.activate()
    named = replace(catalogues.campaign(PLENTY, 200, 201), name="<b> & “c”")
    writer = DatabaseCatalogueWriter(database, now=lambda: datetime.now(UTC), wait_seconds=10)
    writer.replace([named], by="ada", what="Imported")
    database.dispose()
    return url


def remarkable(quarter: Quarter) -> QuarterOutcome:
    """What became of a quarter of which there is everything to say."""
    accounts = [
        Account(kind, 9, 3, 1, {Reason.BAD_ID: 2}, {Reason.CONFLICTING_ID: 3}) for kind in Kind
    ]
    return QuarterOutcome(
        quarter,
        skipped=["copy & paste.csv"],
        unknown=["<b>.csv"],
        accounting=Accounting(tuple(accounts), Remarks(3, 1)),
        objections=["too many rows are rejected"],
        published=Published(6, 9, {RuleName.MOST_CLICKS: 6}, 9, 2),
    )


@pytest.fixture(scope="module")
def found(published: Workplace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the checker says of each page, by its state; it is started once, which takes seconds."""
    folder = tmp_path_factory.mktemp("pages")
    for name, text in pages(published, tmp_path_factory.mktemp("small")):
        (folder / name).write_bytes(text)
    (folder / ICON).write_bytes((Path(web.__file__).parent / "static" / ICON).read_bytes())
    return said(folder)


def pages(published: Workplace, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every page in each of its states, with the name of the state."""
    sample = load_settings({"database_url": f"sqlite:///{published.folder / 'var' / 'banners.db'}"})
    small = load_settings({"database_url": small_database(folder)})
    none = load_settings({"database_url": f"sqlite:///{folder / 'none.db'}"})
    failing: dict[str, Any] = {
        "tiers": ("memory", "redis", "database"),
        "out_of_reach": lambda: ["redis"],
        "impaired": lambda: {"memory": "rows of quarter 2 are missing"},
    }
    yield from asked(OF_THE_SAMPLE, reader(sample), reports(sample), REFUSED)
    yield from asked(OF_SMALL, reader(small), reports(small))
    no_fill = FillPolicy.NONE
    yield from asked(OF_SMALL_WITHOUT_FILL, reader(small), reports(small), fill=no_fill)
    yield from asked(OF_AN_EMPTY_DATABASE, reader(none), reports(none))
    yield from asked(OF_AN_UNREACHABLE_DATABASE, Unreachable(), reports(none), **failing)
    yield from asked(OF_RECORDING, reader(small), reports(small), watched=lambda: EVERYTHING)
    yield from asked(OF_A_BUG, Broken(), reports(none))
    yield from of_signing_in(folder, reader(sample), reports(sample))


def of_signing_in(
    folder: Path, lineups: LineupReader, of_reports: ReportReader
) -> Iterator[tuple[str, bytes]]:
    """Yield the pages that have to do with signing in."""
    passwords = folder / "passwords"
    passwords.write_text(lines(1))
    office = Office(passwords)
    application = application_over(
        lineups, Path("nowhere"), Clock().now, reports=of_reports, sign_ins=office.sign_ins
    )
    with serving(application) as address, httpx.Client(base_url=address) as client:
        for state, path, headers in (
            ("sign-in", "/sign-in?next=/status", {}),
            ("sign-in-link", f"/sign-in?token={office.link_token(OPERATOR)}", {}),
            ("sign-in-expired", "/sign-in?token=x", {}),
            ("signed-in", "/status", office.session(OPERATOR)),
            ("form-not-allowed", "/status", office.session(READER)),
        ):
            page = client.get(path, headers=headers)
            assert page.status_code != 303
            yield file_of(state), page.content


def file_of(state: str) -> str:
    """Return the name of the file for a page in a state."""
    return state if "." in state else f"{state}.html"


def asked(
    addresses: dict[str, str],
    lineups: LineupReader,
    of_reports: ReportReader,
    refused: dict[str, dict[str, Any]] | None = None,
    fill: FillPolicy = FillPolicy.CAMPAIGN,
    **words: Any,
) -> Iterator[tuple[str, bytes]]:
    """Ask the application over a database for some of its pages."""
    application = web_application(
        reader=lineups,
        reports=of_reports,
        images=Path("nowhere"),
        fill=fill,
        sign_ins=open_to_all(),
        shop=Shop({7: catalogues.campaign(7, 1)}.get),
        now=Clock().now,
        source=random.Random(1),
        **words,
    )
    with serving(application) as address, httpx.Client(base_url=address) as client:
        for state, path in addresses.items():
            yield file_of(state), client.get(path).content
        for state, request in (refused or {}).items():
            yield file_of(state), client.post("/campaigns", **request).content
        yield file_of("form-other-method"), client.delete("/").content


@pytest.mark.parametrize("state", [*STATES, ICON])
def test_the_html_checker_has_nothing_to_say(found: dict[str, list[str]], state: str) -> None:
    assert found[file_of(state)] == []
