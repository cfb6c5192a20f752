"""One suite over every database: campaigns are listed in any order, a page at a time."""

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest
from sqlalchemy.engine import Engine

from banners.core.model import Generation, Quarter, RuleName
from banners.errors import SourceError, StoreClosed
from banners.reports.reader import CampaignOrder, CampaignsWanted, ListedCampaign
from banners.store.read.reports import DatabaseReports
from reference.rule import Performance as Reference
from reference.rule import by_revenue, line_up
from support.publishing import LARGEST, batches, drafting, inventory, publish

QUARTER = Quarter.SECOND
MOST_MICROS = 2**63 - 1
IDS = (1, 2, 10, 19, 20, 27, 100, 270, 279, 2_700, 28, 272_727, 27 * 10**16, LARGEST, 10**17)


def made_up() -> dict[int, tuple[ListedCampaign, list[tuple[object, ...]]]]:
    """Different campaigns: the expected entry in the list, and the candidates of each."""
    source = random.Random(3)
    found: dict[int, tuple[ListedCampaign, list[tuple[object, ...]]]] = {}
    for campaign_id in sorted(IDS):
        figures = [
            Reference(100 + place, 9, clicks, 1, Decimal(revenue).scaleb(-6))
            for place in range(source.randrange(1, 20))
            for clicks in [source.choice((0, 2))]
            for revenue in [source.randrange(5 * 10**6) if clicks and source.random() < 0.5 else 0]
        ]
        rows: list[tuple[object, ...]] = [
            (campaign_id, each.banner_id, 9, each.clicks, 1, int(each.revenue.scaleb(6)))
            for each in by_revenue(figures)
        ]
        lineup = line_up(figures)
        listed = ListedCampaign(
            campaign_id,
            RuleName(lineup.rule),
            lineup.converting,
            lineup.slots,
            len(lineup.banners),
            sum(int(each.revenue.scaleb(6)) for each in figures),
        )
        found[campaign_id] = listed, rows
    return found


MADE_UP = made_up()
LISTED = [listed for listed, _ in MADE_UP.values()]
KEYS = {
    CampaignOrder.CAMPAIGN: lambda each: each.campaign_id,
    CampaignOrder.CONVERTING: lambda each: each.converting,
    CampaignOrder.BANNERS: lambda each: each.banners,
    CampaignOrder.REVENUE: lambda each: each.revenue_micros,
}


def published(database: Engine, rows: Sequence[tuple[object, ...]], size: int) -> Generation:
    with drafting(database) as begun:
        begun.write_quarter(QUARTER, batches(*rows, size=size), inventory(100))
        begun.describe_quarter(QUARTER, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    return begun.generation


@pytest.fixture
def generation(database: Engine) -> Generation:
    return published(database, [row for _, rows in MADE_UP.values() for row in rows], size=3)


@pytest.fixture
def reports(other: Engine) -> Iterator[DatabaseReports]:
    opened = DatabaseReports(other)
    yield opened
    opened.close()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", CampaignOrder)
def test_campaigns_come_in_the_order_asked_for(
    reports: DatabaseReports, generation: Generation, order: CampaignOrder, descending: bool
) -> None:
    wanted = CampaignsWanted(order=order, descending=descending)
    found = reports.campaigns(generation, QUARTER, wanted)
    sign = -1 if descending else 1
    in_order = sorted(LISTED, key=lambda each: (sign * KEYS[order](each), each.campaign_id))
    assert found.campaigns == in_order
    assert found.total == len(LISTED)


@pytest.mark.parametrize("most", [1, 4, 7, 100])
def test_all_pages_together_are_the_complete_list(
    reports: DatabaseReports, generation: Generation, most: int
) -> None:
    pages: list[ListedCampaign] = []
    for first in range(0, len(LISTED) + most, most):
        wanted = CampaignsWanted(first=first, most=most, order=CampaignOrder.CONVERTING)
        page = reports.campaigns(generation, QUARTER, wanted)
        assert page.total == len(LISTED)
        pages += page.campaigns
    assert pages == sorted(LISTED, key=lambda each: (each.converting, each.campaign_id))


@pytest.mark.parametrize(
    "beginning", ["1", "2", "27", "270", "9", "9" * 18, "27" + 16 * "0", "3", "0", "027"]
)
def test_a_search_finds_the_ids_that_begin_so(
    reports: DatabaseReports, generation: Generation, beginning: str
) -> None:
    found = reports.campaigns(generation, QUARTER, CampaignsWanted(beginning=beginning))
    expected = [each for each in LISTED if str(each.campaign_id).startswith(beginning)]
    assert (found.campaigns, found.total) == (expected, len(expected))


@pytest.mark.parametrize(
    ("beginning", "named"), [("", ()), ("", (27, 10**15)), ("2", (1, 5)), ("0", (1,)), ("9", ())]
)
def test_a_search_also_lists_those_that_were_found_by_name(
    reports: DatabaseReports, generation: Generation, beginning: str, named: tuple[int, ...]
) -> None:
    wanted = CampaignsWanted(beginning=beginning, named=frozenset(named))
    expected = [
        each
        for each in LISTED
        if each.campaign_id in named or (beginning and str(each.campaign_id).startswith(beginning))
    ]
    found = reports.campaigns(generation, QUARTER, wanted)
    assert (found.campaigns, found.total) == (expected, len(expected))


@pytest.mark.parametrize("beginning", ["", "27"])
@pytest.mark.parametrize("among", [(), (7,), (2, 27, 270, LARGEST, 12_345)])
def test_only_the_given_campaigns_are_listed(
    reports: DatabaseReports, generation: Generation, beginning: str, among: tuple[int, ...]
) -> None:
    wanted = CampaignsWanted(beginning=beginning, among=frozenset(among))
    expected = [
        each
        for each in LISTED
        if each.campaign_id in among and str(each.campaign_id).startswith(beginning)
    ]
    found = reports.campaigns(generation, QUARTER, wanted)
    assert (found.campaigns, found.total) == (expected, len(expected))


def test_other_quarters_and_generations_list_nothing_of_it(
    reports: DatabaseReports, generation: Generation
) -> None:
    wanted = CampaignsWanted()
    for key in (
        (generation, Quarter.FIRST),
        (Generation(generation.number + 1, generation.stamp), QUARTER),
        (Generation(generation.number, "of another database"), QUARTER),
    ):
        assert reports.campaigns(*key, wanted).total == 0
        assert reports.campaigns(*key, wanted).campaigns == []


def test_nothing_is_listed_where_nothing_is_published(other: Engine) -> None:
    found = DatabaseReports(other).campaigns(Generation(1, ""), QUARTER, CampaignsWanted())
    assert (found.total, found.campaigns) == (0, [])


def test_a_campaigns_revenue_is_that_of_all_its_candidates_whichever_batch_they_come_in(
    database: Engine,
) -> None:
    rows = [
        (5, 1, 9, 2, 1, 40),
        *((5, each, 9, 2, 1, 1) for each in range(2, 12)),
        (6, 1, 9, 2, 1, 3),
    ]
    for size in (1, 4, 12):
        reports = DatabaseReports(database)
        found = reports.campaigns(published(database, rows, size), QUARTER, CampaignsWanted())
        revenues = {each.campaign_id: each.revenue_micros for each in found.campaigns}
        assert revenues == {5: 50, 6: 3}


def test_empty_batches_of_an_engine_change_nothing(database: Engine) -> None:
    first, second = batches((5, 1, 9, 2, 1, 40), (5, 2, 9, 2, 1, 1), (5, 3, 9, 2, 1, 1))
    empty = first.slice(0, 0)
    with drafting(database) as begun:
        begun.write_quarter(QUARTER, [empty, first, empty, second, empty], inventory(1, 2, 3))
        begun.describe_quarter(QUARTER, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    listed = DatabaseReports(database).campaigns(begun.generation, QUARTER, CampaignsWanted())
    assert [(each.campaign_id, each.revenue_micros) for each in listed.campaigns] == [(5, 42)]


def test_a_revenue_as_large_as_a_column_holds_is_exact(database: Engine) -> None:
    rows = [(5, 1, 9, 2, 1, MOST_MICROS - 1), (5, 2, 9, 2, 1, 1)]
    listed = DatabaseReports(database).campaigns(
        published(database, rows, 2), QUARTER, CampaignsWanted()
    )
    assert [str(each.revenue) for each in listed.campaigns] == ["9223372036854.775807"]


@pytest.mark.parametrize("size", [1, 2])
def test_a_campaign_that_earned_more_than_a_column_holds_is_refused(
    database: Engine, size: int
) -> None:
    old = publish(database, 100, QUARTER)
    rows = [(7, 1, 9, 2, 1, MOST_MICROS), (7, 2, 9, 2, 1, 1)]
    with pytest.raises(SourceError, match=r"campaign 7 add up to more than 9,223,372,036,854"):
        published(database, rows, size)
    assert DatabaseReports(database).active() == {QUARTER: old}


def test_a_list_from_a_closed_database_is_refused(database: Engine) -> None:
    reports = DatabaseReports(database)
    reports.close()
    with pytest.raises(StoreClosed):
        reports.campaigns(Generation(1, ""), QUARTER, CampaignsWanted())
