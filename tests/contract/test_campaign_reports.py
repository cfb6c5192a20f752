"""One suite over every database: what the report on a campaign is made from."""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from banners.core.figures import MOST_MICROS, Figures
from banners.core.model import Generation, Performance, Quarter, RuleName
from banners.errors import StoreUnavailable
from banners.reports.campaign import Reporting
from banners.reports.reader import Candidate, QuarterTotals
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.store.write.sweep import KEPT
from reference.rule import Performance as Reference
from reference.rule import by_revenue, line_up
from support.publishing import LARGEST, batches, campaign, drafting, inventory, publish
from support.tiers import lineup_of

GONE = Generation(99, "2026-01-31T10:00:00+00:00")


def publish_rows(database: Engine, *rows: tuple[object, ...]) -> Generation:
    with drafting(database) as begun:
        begun.write_quarter(Quarter.FIRST, batches(*rows), inventory(1))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    return begun.generation


def candidates_as_crunched(figures: list[Reference]) -> list[tuple[object, ...]]:
    """The rows that an engine would return for a campaign, in the order of the rule."""
    return [
        (
            *(5, each.banner_id, each.impressions, each.clicks, each.conversions),
            int(each.revenue * 1_000_000),
        )
        for each in by_revenue(figures)
    ]


def candidates_in(
    database: Engine, generation: Generation, quarter: Quarter, campaign_id: int
) -> Sequence[Candidate]:
    """The candidates of a report on a generation."""
    reporting = Reporting(DatabaseReader(database), DatabaseReports(database))
    return reporting.report(str(campaign_id), quarter, generation.number, 0).candidates


@pytest.mark.parametrize("most_revenue", [0, 1, 3, 40])
def test_candidates_are_ranked_as_the_rule_says_with_their_figures_and_positions(
    database: Engine, most_revenue: int
) -> None:
    source = random.Random(most_revenue)
    banners = source.sample(range(1, 10**18), 60)
    figures = [
        Reference(
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
    found = candidates_in(database, generation, Quarter.FIRST, 5)
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
    assert candidates_in(database, generation, Quarter.SECOND, LARGEST) == [
        Candidate(Performance(9, 2, 1, 70_000_001, banner_id=100), 1),
        Candidate(Performance(9, 2, 1, 70_000_001, banner_id=101), 2),
        Candidate(Performance(1, 0, 0, 0, banner_id=102), None),
    ]


def test_an_earlier_generation_is_read_as_long_as_it_is_kept(database: Engine) -> None:
    published = [publish(database, 100 * each, Quarter.SECOND) for each in range(KEPT + 1)]
    reports = DatabaseReports(database)
    banners = [
        [each.figures.banner_id for each in candidates_in(database, generation, Quarter.SECOND, 5)]
        for generation in published[1:]
    ]
    assert banners == [[first, first + 1, first + 2] for first in (100, 200, 300)]
    assert lineup_of(reports, published[0], Quarter.SECOND, 5) is None
    lineup = lineup_of(reports, published[1], Quarter.SECOND, 5)
    assert lineup is not None
    assert [each.banner_id for each in lineup.banners] == [100, 101]


def test_the_kept_generations_of_each_quarter_are_listed_newest_first(database: Engine) -> None:
    first = publish(database, 100, Quarter.SECOND, Quarter.FOURTH)
    second = publish(database, 200, Quarter.SECOND)
    assert DatabaseReports(database).generations() == {2: [second, first], 4: [first]}


def test_a_generation_that_is_being_written_is_not_listed(database: Engine, other: Engine) -> None:
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
    assert reports.candidates(stranger, Quarter.SECOND, 5) is None
    assert reports.totals({Quarter.SECOND: stranger}, 5) == {}


def test_a_campaign_is_summed_up_for_each_quarter_of_its_own_generation(database: Engine) -> None:
    old = publish(database, 100, Quarter.FIRST, Quarter.SECOND)
    new = publish_rows(database, *campaign(5, 1, shown=1, others=4), *campaign(6, 1))
    totals = DatabaseReports(database).totals({Quarter.FIRST: new, Quarter.SECOND: old}, 5)
    rule = RuleName.REVENUE_THEN_CLICKS
    assert totals == {
        Quarter.FIRST: QuarterTotals(rule, 1, 1, 5, Figures(13, 2, 1, 70_000_001)),
        Quarter.SECOND: QuarterTotals(rule, 2, 2, 3, Figures(19, 4, 2, 140_000_002)),
    }


def test_the_most_revenue_that_is_published_of_a_campaign_is_summed_up_exactly(
    database: Engine,
) -> None:
    revenues = (MOST_MICROS - 3, 2, 1)
    rows = [(5, each, 1, 1, 1, micros) for each, micros in enumerate(revenues, 1)]
    generation = publish_rows(database, *rows)
    totals = DatabaseReports(database).totals({Quarter.FIRST: generation}, 5)
    assert totals[Quarter.FIRST].figures.revenue_micros == MOST_MICROS


def test_what_is_not_there_has_no_candidates_and_no_totals(other: Engine) -> None:
    reports = DatabaseReports(other)
    assert reports.generations() == {}
    assert reports.candidates(GONE, Quarter.FIRST, 5) is None
    assert lineup_of(reports, GONE, Quarter.FIRST, 5) is None
    assert reports.totals({Quarter.FIRST: GONE}, 5) == {}
    assert reports.totals({}, 5) == {}


def test_a_generation_dropped_while_its_report_is_read_is_an_error(database: Engine) -> None:
    publish(database, 100, Quarter.FIRST)

    class Overtaken(DatabaseReports):
        def totals(self, *words: Any) -> Mapping[Quarter, QuarterTotals]:
            for first in range(KEPT + 1):
                publish(database, 200 + first, Quarter.FIRST)
            return super().totals(*words)

    reporting = Reporting(DatabaseReader(database), Overtaken(database))
    with pytest.raises(StoreUnavailable, match="Generation 1 was dropped while a report"):
        reporting.report("5", Quarter.FIRST, None, 0)
