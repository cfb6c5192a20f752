"""What policies earn follows from the closed slots alone, and is in the database."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa
from pyarrow import parquet
from sqlalchemy.engine import Engine

from banners.collect.close.arms import arm_sums
from banners.collect.close.run import close_slots
from banners.collect.close.totals_file import write_totals as write_file
from banners.core.arms import ComparisonKind
from banners.core.figures import MICROS
from banners.core.totals import TOGETHER, TOTAL_NAMES
from banners.core.views import Group, Traffic
from banners.job.totals import write_totals
from banners.policies.comparison import Comparison, compare
from banners.policies.guard import Interval, SlotOfArm, lift_intervals
from banners.store.connect import open_database
from banners.store.read.totals import DatabaseTotals
from banners.store.schema import COMPARISONS
from reference.closing import Clicked, Converted, Event, Seen
from support.closings import keep
from support.event_logs import SLOT, Clock, closing_of, view_of
from support.totals import totals_turn

CLEAN = Traffic.CLEAN
OF_KIND = {
    ComparisonKind.GUARD: ({Group.POLICY, Group.PROBE}, {Group.RULE}),
    ComparisonKind.TRIAL: ({Group.TRIAL_POLICY}, {Group.TRIAL_RULE}),
}


@dataclass(frozen=True)
class Part:
    """What a group of a campaign did in a slot."""

    campaign_id: int
    group: Group
    pages: int
    conversions: int
    micros: int


def parts_of(source: random.Random) -> list[Part]:
    """A slot of a campaign that learns, one with a trial, and one with the rule alone."""

    def part(campaign_id: int, group: Group, most: int) -> Part:
        pages = source.randrange(most)
        conversions = source.randrange(20) if pages else 0
        return Part(campaign_id, group, pages, conversions, conversions * source.randrange(MICROS))

    return [
        *(part(1, group, 400) for group in (Group.POLICY, Group.PROBE)),
        part(1, Group.RULE, 60),
        *(part(2, group, 300) for group in (Group.TRIAL_POLICY, Group.TRIAL_RULE)),
        part(3, Group.RULE, 500),
    ]


def write_parts(folder: Path, slot: int, parts: Sequence[Part]) -> Path:
    """Write the totals of a slot as closing does; each part has two banners."""
    path = folder / f"{slot}.parquet"
    with duckdb.connect() as connection:
        names = ", ".join(f"{name} BIGINT" for name in TOTAL_NAMES)
        connection.execute(
            "CREATE TABLE totals (campaign_id BIGINT, group_name VARCHAR, banner_id BIGINT, "
            f"{names})"
        )
        connection.execute(
            "CREATE TABLE pages (campaign_id BIGINT, group_name VARCHAR, pages BIGINT)"
        )
        for each in parts:
            if each.pages:
                connection.execute(
                    "INSERT INTO pages VALUES (?, ?, ?)", [each.campaign_id, each.group, each.pages]
                )
            for banner_id, conversions, micros in ((8, 0, 0), (9, each.conversions, each.micros)):
                figures = [each.pages, 0, conversions, micros]
                values = [*figures, *figures, *[0] * len(TOTAL_NAMES)][: len(TOTAL_NAMES)]
                row = [each.campaign_id, str(each.group), banner_id, *values]
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO totals VALUES ({marks})", row)  # noqa: S608  # only marks
        write_file(connection, slot, path)
    return path


def learns_beside(slots: Sequence[Sequence[Part]], place: int, campaign_id: int) -> bool:
    """Whether the policy had pages in the slots before and after of the same quarter."""
    pages = {
        each: (sum(part.pages for part in parts if part.group is not Group.RULE), parts)
        for each, of_slot in enumerate(slots)
        if (each - place) % 4 == 0
        and (parts := [part for part in of_slot if part.campaign_id == campaign_id])
        and any(part.pages for part in parts)
    }
    before = [pages[each][0] for each in pages if each < place][-1:]
    after = [pages[each][0] for each in pages if each > place][:1]
    own = [pages[place][0]] if place in pages else [0]
    return all((before or after or own) + (after or before or own))


def by_hand(
    slots: Sequence[Sequence[Part]], kind: ComparisonKind, campaign_id: int
) -> tuple[int, tuple[float, float], Interval]:
    """Slots, revenues of both arms and the interval, slot by slot as docs/policies.md says."""
    policies, alternatives = OF_KIND[kind]
    pairs = []
    for place, parts in enumerate(slots):
        learning = {
            each.campaign_id
            for each in parts
            if kind is ComparisonKind.TRIAL or learns_beside(slots, place, each.campaign_id)
        }
        counted = learning if campaign_id == TOGETHER else learning & {campaign_id}
        arms = [
            [each for each in parts if each.group in groups and each.campaign_id in counted]
            for groups in (policies, alternatives)
        ]
        policy, alternative = (
            SlotOfArm(
                sum(each.pages for each in arm),
                sum(each.micros for each in arm),
                sum(each.conversions for each in arm),
            )
            for arm in arms
        )
        if policy.pages and alternative.pages:
            pairs.append((policy, alternative))
    revenues = sum(each.revenue for each, _ in pairs), sum(each.revenue for _, each in pairs)
    return len(pairs), revenues, lift_intervals(pairs)[-1]


def found_in(paths: Sequence[Path]) -> dict[tuple[int, ComparisonKind], Comparison]:
    with duckdb.connect() as connection:
        return {
            (campaign_id, each.kind): compare(each)
            for campaign_id, sums in arm_sums(connection, paths).items()
            for each in sums
        }


def test_the_files_of_slots_say_what_adding_them_one_by_one_says(tmp_path: Path) -> None:
    source = random.Random(7)
    slots = [parts_of(source) for _ in range(60)]
    paths = [write_parts(tmp_path, SLOT + each, parts) for each, parts in enumerate(slots)]
    for count in (1, 24, 40, 60):
        found = found_in(random.Random(count).sample(paths[:count], count))
        for (campaign_id, kind), comparison in found.items():
            number, revenues, expected = by_hand(slots[:count], kind, campaign_id)
            assert comparison.slots == number
            earned = [comparison.revenue_micros, comparison.alternative_revenue_micros]
            assert earned == list(revenues)
            bounds = (comparison.interval.lower, comparison.interval.upper)
            assert bounds == pytest.approx((expected.lower, expected.upper), rel=1e-9)
        if count == 60:
            assert found.keys() == {
                *((each, ComparisonKind.GUARD) for each in (TOGETHER, 1)),
                *((each, ComparisonKind.TRIAL) for each in (TOGETHER, 2)),
            }
            assert all(each.interval.says_anything for each in found.values())


def pages_at_random(source: random.Random, slot: int, kind: ComparisonKind) -> list[Part]:
    """One campaign with many pages, and many with one that earns ten times as much."""
    policies, alternatives = OF_KIND[kind]
    policy, alternative = max(policies), max(alternatives)
    share = 6 / 64 if kind is ComparisonKind.GUARD else 1 / 2
    parts = []
    for campaign_id, count, micros in [(1, 300, 1), *((each, 1, 10) for each in range(2, 62))]:
        of_rule = sum(source.random() < share for _ in range(count))
        for group, pages in ((alternative, of_rule), (policy, count - of_rule)):
            parts.append(Part(campaign_id, group, pages, pages, pages * micros * MICROS))
    # The rule alone picks the lineups of the first, and picked those of the second until lately.
    parts.append(Part(100, Group.RULE, 500, 500, 500 * MICROS))
    if slot % 48 < 24:
        parts.append(Part(101, Group.RULE, 64, 64, 64 * MICROS))
    else:
        of_rule = round(64 * share)
        for group, pages in ((alternative, of_rule), (policy, 64 - of_rule)):
            parts.append(Part(101, group, pages, pages, pages * MICROS))
    return parts


@pytest.mark.parametrize("kind", ComparisonKind)
def test_equal_arms_earn_the_same_also_where_most_campaigns_have_few_pages(
    tmp_path: Path, kind: ComparisonKind
) -> None:
    source = random.Random(11)
    rows = [
        {
            "slot": slot,
            "campaign_id": each.campaign_id,
            "group_name": str(each.group),
            "pages": each.pages,
            "net_conversions": each.conversions,
            "net_revenue_micros": each.micros,
        }
        for slot in range(48, 2 * 48)
        for each in pages_at_random(source, slot, kind)
        if each.pages
    ]
    path = tmp_path / "totals.parquet"
    parquet.write_table(pa.Table.from_pylist(rows), path)
    found = found_in([path])[TOGETHER, kind]
    rule = found.alternative_revenue_micros / found.alternative_pages
    assert found.revenue_micros / found.pages == pytest.approx(rule, rel=0.15)
    assert found.interval.lower < 0 < found.interval.upper


def test_files_of_an_older_banners_have_no_pages_and_are_left_out(tmp_path: Path) -> None:
    parts = [Part(1, Group.POLICY, 90, 3, MICROS), Part(1, Group.RULE, 10, 1, MICROS)]
    new = write_parts(tmp_path, SLOT, parts)
    old = write_parts(tmp_path, SLOT + 1, parts)
    duckdb.sql(
        f"COPY (SELECT * EXCLUDE (pages) FROM '{old}') TO '{tmp_path}/old.parquet'"  # noqa: S608
    )
    found = found_in([new, tmp_path / "old.parquet"])
    assert {each.slots for each in found.values()} == {1}
    assert found_in([tmp_path / "old.parquet"]) == {}
    assert found_in([]) == {}


def events_of(slot: int, first: int) -> list[Event]:
    """Views of each group of a campaign that learns and of one with a trial; some convert."""
    events: list[Event] = []
    groups = {
        54: (Group.POLICY, Group.PROBE, Group.RULE),
        55: (Group.TRIAL_POLICY, Group.TRIAL_RULE),
    }
    number = first
    for campaign_id, of_campaign in groups.items():
        for count, group in enumerate(of_campaign, start=1):
            for each in range(count + 1):
                number += 1
                view = view_of(number, slot=slot)._replace(group=group, campaign_id=campaign_id)
                events += [Seen(view, CLEAN), Seen(view, CLEAN)]
                if each:
                    click = Clicked(view, 1, CLEAN)
                    events += [click, Converted(slot, number, click.click_id, "1.5", campaign_id)]
    # What does not count makes no page.
    return [*events, Seen(view_of(first, slot=slot), Traffic.CRAWLER)]


def rows_in(database: Engine) -> list[tuple[object, ...]]:
    with database.connect() as connection:
        columns = [each for each in COMPARISONS.c if not each.name.endswith("_micros")]
        return [tuple(row) for row in connection.execute(sa.select(*columns))]


def test_closing_step_by_step_gives_what_the_files_alone_give(
    tmp_path: Path, database: Engine
) -> None:
    events, closing = tmp_path / "events", closing_of(tmp_path / "events")

    def run(slot: int, into: Engine) -> None:
        now = Clock(slot).now
        closed = close_slots(closing, now)
        write_totals(closing, lambda: into, lambda: datetime.fromtimestamp(now, UTC), closed)
        assert closed.problems == []

    for step in range(3):
        keep(events, events_of(SLOT + step, 100 * step), SLOT + step)
        # The slot that is open has views, and does not count before it has ended.
        run(SLOT + step, database)
        run(SLOT + step + 1, database)
    # Of a click on a page of the holdout.
    late = Converted(SLOT, 999, (7 << 4) + 1, "2", 54)
    keep(events, [late], SLOT + 3)
    run(SLOT + 4, database)
    other = open_database(f"sqlite:///{tmp_path}/other.db", create=True)
    run(SLOT + 4, other)
    rows = rows_in(database)
    assert rows == rows_in(open_database(f"sqlite:///{tmp_path}/other.db", create=True))
    last = SLOT + 2
    assert rows == [
        (0, "guard", 3, last, 15, 12, 10),
        (0, "trial", 3, last, 6, 9, 3),
        (54, "guard", 3, last, 15, 12, 10),
        (55, "trial", 3, last, 6, 9, 3),
    ]


def test_what_was_written_is_read_back_and_replaced(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/banners.db", create=True)
    source = random.Random(1)
    slots = [parts_of(source) for _ in range(60)]
    paths = [write_parts(tmp_path, SLOT + each, parts) for each, parts in enumerate(slots)]
    with duckdb.connect() as connection:
        sums = arm_sums(connection, paths)
    with totals_turn(database) as writer:
        writer.replace_comparisons({9: [], 10: map(compare, sums[1])})
        writer.replace_comparisons({each: map(compare, of) for each, of in sums.items()})
    totals = DatabaseTotals(open_database(f"sqlite:///{tmp_path}/banners.db", create=False))
    found = totals.comparisons([TOGETHER, 1, 2, 3, 10])
    assert found.keys() == {TOGETHER, 1, 2}
    assert [each.kind for each in found[TOGETHER]] == [ComparisonKind.GUARD, ComparisonKind.TRIAL]
    for campaign_id, comparisons in found.items():
        for each, of in zip(comparisons, sums[campaign_id], strict=True):
            expected = compare(of)
            assert each.interval.lower == pytest.approx(expected.interval.lower, abs=1e-6)
            assert each.interval.upper == pytest.approx(expected.interval.upper, abs=1e-6)
            assert replace(each, interval=expected.interval) == expected
            assert each.sentence == expected.sentence
    totals.close()


def test_a_database_without_the_table_says_nothing(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/banners.db", create=True)
    totals = DatabaseTotals(database)
    assert totals.comparisons([TOGETHER]) == {}
    totals.close()
