"""Measure the catalogue: ``make bench BENCH=catalogue``.

20,000 campaigns with ten banners each are imported, listed, searched and followed, over SQLite or
any other database that is named; what is there is replaced. They are also sorted by figures of the
last day, which all of them have.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from statistics import median
from time import perf_counter, time

import click
from claims import FOLDER, Claim, machine, write
from rich.table import Table

from banners import wiring
from banners.catalogue.versions import Edit, Search, SearchOrder, Version
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign, State
from banners.core.figures import Figures
from banners.core.slots import slot_at
from banners.core.totals import RECENT_HOURS, RecentFigures
from banners.reports.totals import RecentOrder
from banners.settings import Settings, load_settings
from banners.store.connect import open_database
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.write.totals import turn_to_write_totals
from banners.web.pages.home_figures import HomeFigures

_CAMPAIGNS = 20_000
_OF_EACH = 10
_MOST_MS = 100
_ROUNDS = 9
_WORDS = (
    *("red", "blue", "green", "shoe", "hat", "coat", "autumn", "winter", "sale", "spring"),
    *("house", "garden", "tool", "box", "light", "lamp", "straße", "été"),
)
_SEARCHES = {
    "list the first page": Search(),
    "list by name, the middle page": Search(order=SearchOrder.NAME, first=_CAMPAIGNS // 2),
    "list those that are on": Search(state=State.ON, second=0),
    "search a word that half of them have": Search(text="shoe"),
    "search a word that none has": Search(text="zebra"),
    "search an id": Search(text="15999"),
}
_BY_FIGURES = {
    "list by revenue of the last day, with figures": Search(),
    "list by revenue, those that are on and match a word": Search(text="shoe", state=State.ON),
}


@click.command()
@click.option("--database", "database_url", help="The database; a file in var/bench if not given.")
def catalogue(database_url: str | None) -> None:
    """Measure the catalogue of 20,000 campaigns and 200,000 banners."""
    file = FOLDER / "catalogue.db"
    if not database_url:
        file.unlink(missing_ok=True)
    settings = load_settings({"database_url": database_url or f"sqlite:///{file}"})
    found = dict(_measured(settings))
    table = Table("work", "ms", box=None)
    for what, milliseconds in found.items():
        table.add_row(what, f"{milliseconds:,.1f}")
    listed = (*_SEARCHES, *_BY_FIGURES)
    claims = [Claim(what, found[what], "ms", _MOST_MS) for what in listed]
    write("catalogue", [table], {"machine": machine(), "milliseconds": found}, claims)


def _measured(settings: Settings) -> Iterator[tuple[str, float]]:
    campaigns = list(_made())
    with (
        closing(wiring.catalogue_writer(settings)) as writer,
        closing(wiring.catalogue(settings)) as reader,
        closing(wiring.totals(settings)) as totals,
        closing(wiring.reader(settings)) as tiers,
        closing(wiring.reports(settings)) as reports,
    ):
        yield "import", _once(lambda: writer.replace(campaigns, by="bench", what="Made"))
        first = reader.in_force()
        if first is None:
            raise SystemExit("The import made no version. Name another database.")
        paused = Edit.of_campaign(replace(campaigns[5], active=not campaigns[5].active, banners=()))
        yield (
            "pause one campaign",
            _once(lambda: writer.edit([paused], seen=first.number, by="bench")),
        )
        version = reader.in_force() or first
        for what, wanted in _SEARCHES.items():
            yield what, _often(partial(reader.search, version, wanted))
        _record(settings)
        figures = HomeFigures(tiers, reports, totals, UTC)
        for what, wanted in _BY_FIGURES.items():
            yield what, _often(partial(_list_by_revenue, reader, figures, version, wanted))
        yield "look at the version in force", _often(reader.in_force)
        yield (
            "read what one version changed",
            _often(lambda: list(reader.changed(first, version) or ())),
        )
        yield "read everything", _once(lambda: sum(1 for _ in reader.campaigns(version)))
        yield "read the history of a campaign", _often(lambda: reader.history(6))


def _list_by_revenue(
    reader: DatabaseCatalogue, figures: HomeFigures, version: Version, wanted: Search
) -> None:
    """Read what the home reads for one page."""
    ranked = figures.ranked(RecentOrder.REVENUE)
    found = reader.search(version, replace(wanted, ranked=ranked))
    ids = [each.campaign.campaign_id for each in found.campaigns]
    whole = reader.campaigns_among(version, ids)
    last_day = figures.last_day(ids)
    if last_day is None or not len(whole) == len(last_day.recent.campaigns) == wanted.most:
        raise SystemExit("The list is not complete.")


def _record(settings: Settings) -> None:
    """Give each campaign figures of the last day."""
    database = open_database(settings.database_url, create=True)
    until = slot_at(time())

    def figures(number: int) -> RecentFigures:
        hours = tuple(Figures(number + each, 3, 1, number * 7_919) for each in range(RECENT_HOURS))
        return RecentFigures(Figures.sum_of(hours), Figures(number, 3, 1, number), hours)

    with turn_to_write_totals(database, now=partial(datetime.now, UTC), wait_seconds=60) as writer:
        campaigns = {each: figures(each) for each in range(1, _CAMPAIGNS + 1)}
        writer.replace_recent(until, figures(1), campaigns)
    database.dispose()


def _made() -> Iterator[CatalogueCampaign]:
    for number in range(1, _CAMPAIGNS + 1):
        banners = [
            CatalogueBanner(
                banner_id=banner_id,
                name=_name(banner_id, words=4),
                landing_url=f"https://shop.example/{number}/{banner_id}?utm_medium=banner",
            )
            for banner_id in range(number * _OF_EACH, (number + 1) * _OF_EACH)
        ]
        yield CatalogueCampaign(
            campaign_id=number, name=_name(number, words=3).title(), banners=tuple(banners)
        )


def _name(number: int, words: int) -> str:
    chosen = [_WORDS[(number * 7 + each * 5 + number // 13) % len(_WORDS)] for each in range(words)]
    return f"{' '.join(chosen)} {number}"


def _once(do: Callable[[], object]) -> float:
    """Return the milliseconds that a call takes."""
    start = perf_counter()
    do()
    return (perf_counter() - start) * 1_000


def _often(do: Callable[[], object]) -> float:
    """Return the median of the milliseconds that a call takes, in several rounds."""
    return median(_once(do) for _ in range(_ROUNDS))
