"""One suite over every database: what the report on a campaign is made from."""

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from banners.errors import StoreUnavailable
from banners.model import Generation, Performance, Quarter, RuleName
from banners.serve.report import Candidate, QuarterTotals
from banners.serve.reporting import Reporting
from banners.store.read import DatabaseReader
from banners.store.report import DatabaseReports
from banners.store.sweep import KEPT
from publishing import LARGEST, batches, campaign, drafting, inventory, publish
from reference_rule import Performance as Figures
from reference_rule import by_revenue, line_up

GONE = Generation(99, "2026-01-31T10:00:00+00:00")
MOST_MICROS = 2**63 - 1


def publish_rows(database: Engine, *rows: tuple[object, ...]) -> Generation:
    with drafting(database) as begun:
        begun.write_quarter(Quarter.FIRST, batches(*rows), inventory(1))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    return begun.generation


def candidates_as_crunched(figures: list[Figures]) -> list[tuple[object, ...]]:
    """What an engine would hand on of a campaign, in the order of the rule."""
    lineup = line_up(figures)
    places = {each.banner_id: place for place, each in enumerate(lineup.banners, 1)}
    return [
        (
            *(5, each.banner_id, each.impressions, each.clicks, each.conversions),
            *(int(each.revenue * 1_000_000), places.get(each.banner_id)),
            *(each.banner_id in lineup.others, lineup.rule, lineup.converting, lineup.slots),
        )
        for each in by_revenue(figures)
    ]


@pytest.mark.parametrize("most_revenue", [0, 1, 3, 40])
def test_candidates_are_ranked_as_the_rule_says_with_their_figures_and_positions(
    database: Engine, most_revenue: int
) -> None:
    source = random.Random(most_revenue)
    banners = source.sample(range(1, 10**18), 60)
    figures = [
        Figures(
            banner_id,
            source.randrange(5),
            clicks := source.randrange(4),
            source.randrange(3),
            Decimal(source.randint(0, most_revenue) * min(clicks, 1)).scaleb(-6),
        )
        for banner_id in banners
    ]
    rows = candidates_as_crunched(figures)
    generation = publish_rows(database, *rows)
    found = DatabaseReports(database).candidates(generation, Quarter.FIRST, 5)
    assert [each.figures.banner_id for each in found] == [
        each.banner_id for each in by_revenue(figures)
    ]
    picked = [each.banner_id for each in line_up(figures).banners]
    assert [each.figures.banner_id for each in found if each.position] == picked
    assert {each.figures.banner_id: each.figures.revenue for each in found} == {
        each.banner_id: each.revenue for each in figures
    }


def test_a_candidate_has_all_its_figures(database: Engine) -> None:
    generation = publish(database, 100, Quarter.SECOND)
    assert DatabaseReports(database).candidates(generation, Quarter.SECOND, LARGEST) == [
        Candidate(Performance(100, 9, 2, 1, 70_000_001), 1),
        Candidate(Performance(101, 9, 2, 1, 70_000_001), 2),
        Candidate(Performance(102, 1, 0, 0, 0), None),
    ]


def test_an_earlier_generation_is_read_as_long_as_it_is_kept(database: Engine) -> None:
    published = [publish(database, 100 * each, Quarter.SECOND) for each in range(KEPT + 1)]
    reports = DatabaseReports(database)
    banners = [
        [each.figures.banner_id for each in reports.candidates(generation, Quarter.SECOND, 5)]
        for generation in published
    ]
    assert banners == [[], *([first, first + 1, first + 2] for first in (100, 200, 300))]
    assert reports.lineup(published[0], Quarter.SECOND, 5) is None
    lineup = reports.lineup(published[1], Quarter.SECOND, 5)
    assert lineup is not None
    assert [each.banner_id for each in lineup.banners] == [100, 101]


def test_the_generations_kept_of_each_quarter_are_told_the_newest_first(database: Engine) -> None:
    first = publish(database, 100, Quarter.SECOND, Quarter.FOURTH)
    second = publish(database, 200, Quarter.SECOND)
    assert DatabaseReports(database).generations() == {2: [second, first], 4: [first]}


def test_a_generation_that_is_being_written_is_not_told(database: Engine, other: Engine) -> None:
    with drafting(database) as begun:
        begun.write_quarter(Quarter.FIRST, batches(*campaign(5, 100)), inventory(100))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        assert DatabaseReports(other).generations() == {}


def test_of_another_database_with_generations_of_these_numbers_nothing_is_read(
    database: Engine,
) -> None:
    generation = publish(database, 100, Quarter.SECOND)
    stranger = Generation(generation.number, "2001-01-01T00:00:00+00:00")
    reports = DatabaseReports(database)
    assert reports.candidates(stranger, Quarter.SECOND, 5) == []
    assert reports.totals({Quarter.SECOND: stranger}, 5) == {}


def test_a_campaign_is_summed_up_for_each_quarter_of_its_own_generation(database: Engine) -> None:
    old = publish(database, 100, Quarter.FIRST, Quarter.SECOND)
    new = publish_rows(database, *campaign(5, 1, shown=1, others=4), *campaign(6, 1))
    totals = DatabaseReports(database).totals({Quarter.FIRST: new, Quarter.SECOND: old}, 5)
    rule = RuleName.REVENUE_THEN_CLICKS
    assert totals == {
        Quarter.FIRST: QuarterTotals(rule, 1, 1, 5, 13, 2, 1, 70_000_001),
        Quarter.SECOND: QuarterTotals(rule, 1, 2, 3, 19, 4, 2, 140_000_002),
    }


def test_the_most_revenue_that_is_published_of_a_campaign_is_summed_up_exactly(
    database: Engine,
) -> None:
    rule = ("revenue_then_clicks", 3, 5)
    revenues = (MOST_MICROS - 3, 2, 1)
    rows = [
        (5, each, 1, 1, 1, micros, each, False, *rule) for each, micros in enumerate(revenues, 1)
    ]
    generation = publish_rows(database, *rows)
    totals = DatabaseReports(database).totals({Quarter.FIRST: generation}, 5)
    assert totals[Quarter.FIRST].revenue_micros == MOST_MICROS


def test_what_is_not_there_has_no_candidates_and_no_totals(other: Engine) -> None:
    reports = DatabaseReports(other)
    assert reports.generations() == {}
    assert reports.candidates(GONE, Quarter.FIRST, 5) == []
    assert reports.lineup(GONE, Quarter.FIRST, 5) is None
    assert reports.totals({Quarter.FIRST: GONE}, 5) == {}
    assert reports.totals({}, 5) == {}


def test_a_generation_dropped_while_its_report_is_read_is_told(database: Engine) -> None:
    publish(database, 100, Quarter.FIRST)

    class Overtaken(DatabaseReports):
        def totals(self, *words: Any) -> Mapping[Quarter, QuarterTotals]:
            for first in range(KEPT + 1):
                publish(database, 200 + first, Quarter.FIRST)
            return super().totals(*words)

    reporting = Reporting(DatabaseReader(database), Overtaken(database))
    with pytest.raises(StoreUnavailable, match="Generation 1 has been dropped while a report"):
        reporting.report("5", Quarter.FIRST, None)
