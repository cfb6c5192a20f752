"""One suite over every database: campaigns are listed in any order, a page at a time."""

import random
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy.engine import Engine

from banners.errors import SourceError, StoreClosed
from banners.model import Generation, Quarter, RuleName
from banners.serve.report import CampaignOrder, CampaignsWanted, ListedCampaign
from banners.store.report import DatabaseReports
from publishing import LARGEST, batches, drafting, inventory, publish

QUARTER = Quarter.SECOND
MOST_MICROS = 2**63 - 1
IDS = (1, 2, 10, 19, 20, 27, 100, 270, 279, 2_700, 28, 272_727, 27 * 10**16, LARGEST, 10**17)


def made_up() -> dict[int, tuple[ListedCampaign, list[tuple[object, ...]]]]:
    """Campaigns of all sorts: how each is to be listed, and its candidates."""
    source = random.Random(3)
    found: dict[int, tuple[ListedCampaign, list[tuple[object, ...]]]] = {}
    for campaign_id in sorted(IDS):
        rule = source.choice(list(RuleName))
        shown, others, rest = source.randrange(11), source.randrange(4), source.randrange(5)
        converting, slots = source.randrange(4), source.randrange(5, 11)
        revenues = [source.randrange(5 * 10**6) for _ in range(shown + others + rest or 1)]
        rows: list[tuple[object, ...]] = [
            (
                *(campaign_id, 100 + place, 9, 2, 1, revenue),
                place + 1 if place < shown else None,
                shown <= place < shown + others or place == 0,
                *(rule.value, converting, slots),
            )
            for place, revenue in enumerate(revenues)
        ]
        listed = ListedCampaign(campaign_id, rule, converting, slots, shown, sum(revenues))
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
def test_pages_put_together_are_the_whole_list(
    reports: DatabaseReports, generation: Generation, most: int
) -> None:
    pages: list[ListedCampaign] = []
    for first in range(0, len(LISTED) + most, most):
        wanted = CampaignsWanted(first, most, order=CampaignOrder.CONVERTING)
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


def test_nothing_is_listed_where_nobody_has_published(other: Engine) -> None:
    found = DatabaseReports(other).campaigns(Generation(1, ""), QUARTER, CampaignsWanted())
    assert (found.total, found.campaigns) == (0, [])


def test_a_campaigns_revenue_is_that_of_all_its_candidates_whichever_batch_they_come_in(
    database: Engine,
) -> None:
    rule = ("top_revenue", 3, 10)
    rows = [
        (5, 1, 9, 2, 1, 40, 1, False, *rule),
        *((5, each, 9, 2, 1, 1, None, False, *rule) for each in range(2, 12)),
        (6, 1, 9, 2, 1, 3, 1, False, *rule),
    ]
    for size in (1, 4, 12):
        reports = DatabaseReports(database)
        found = reports.campaigns(published(database, rows, size), QUARTER, CampaignsWanted())
        revenues = {each.campaign_id: each.revenue_micros for each in found.campaigns}
        assert revenues == {5: 50, 6: 3}


def test_a_revenue_as_large_as_a_column_holds_is_exact(database: Engine) -> None:
    rule = ("revenue_then_clicks", 2, 5)
    rows = [
        (5, 1, 9, 2, 1, MOST_MICROS - 1, 1, False, *rule),
        (5, 2, 9, 2, 1, 1, 2, False, *rule),
    ]
    listed = DatabaseReports(database).campaigns(
        published(database, rows, 2), QUARTER, CampaignsWanted()
    )
    assert [str(each.revenue) for each in listed.campaigns] == ["9223372036854.775807"]


@pytest.mark.parametrize("size", [1, 2])
def test_a_campaign_that_earned_more_than_a_column_holds_is_refused(
    database: Engine, size: int
) -> None:
    old = publish(database, 100, QUARTER)
    rule = ("revenue_then_clicks", 2, 5)
    rows = [
        (7, 1, 9, 2, 1, MOST_MICROS, 1, False, *rule),
        (7, 2, 9, 2, 1, 1, 2, False, *rule),
    ]
    with pytest.raises(SourceError, match=r"campaign 7 add up to more than 9,223,372,036,854"):
        published(database, rows, size)
    assert DatabaseReports(database).active() == {QUARTER: old}


def test_a_list_from_a_closed_database_is_refused(database: Engine) -> None:
    reports = DatabaseReports(database)
    reports.close()
    with pytest.raises(StoreClosed):
        reports.campaigns(Generation(1, ""), QUARTER, CampaignsWanted())
