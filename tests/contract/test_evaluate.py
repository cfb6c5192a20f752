"""What another policy would have earned, from the event log and the kept lineups alone."""

import gc
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from banners.core.model import Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.totals import TOGETHER
from banners.errors import CollectError
from banners.job.evaluate import Evaluation, LeftOut, evaluate_log
from banners.job.kept_lineups import kept_lineups, sweep_lineups
from support.evaluated import GENERATION, World
from support.event_logs import SLOT

RULE, LEARNING = PolicyName.RULE, PolicyName.LEARNING
CAMPAIGNS = range(1, 25)


def evaluation(events: Path, campaign_id: int | None = None) -> Evaluation:
    return evaluate_log(events, SLOT + 9, "256MB", campaign_id=campaign_id)


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """A world of 24 campaigns with 300 pages each."""
    events = tmp_path_factory.mktemp("events")
    world = World(5)
    world.publish(events, SLOT, CAMPAIGNS)
    world.visit(events, SLOT, 150)
    world.visit(events, SLOT + 4, 150)
    return world, events


@pytest.mark.parametrize("policy", [RULE, LEARNING])
def test_the_intervals_cover_what_the_policies_earn(
    visited: tuple[World, Path], policy: PolicyName
) -> None:
    world, events = visited
    found = evaluation(events)
    assert found.slots == [SLOT, SLOT + 4]
    assert not found.left_out
    covered, width = 0, 0.0
    for each in CAMPAIGNS:
        evaluated = found.campaigns[each][policy]
        assert evaluated.pages == 300
        lower, upper = (bound / 300 for bound in evaluated.estimate.interval(0.95))
        covered += lower <= world.truth(each, policy) <= upper
        width += (upper - lower) / world.truth(each, policy) / len(CAMPAIGNS)
    # By chance, fewer than 20 of 24 happen once in 200 times.
    assert covered >= 20
    assert width < 1.2
    together = found.campaigns[TOGETHER][policy]
    truth = 300 * sum(world.truth(each, policy) for each in CAMPAIGNS)
    lower, upper = together.estimate.interval(0.95)
    assert together.pages == 300 * len(CAMPAIGNS)
    assert lower <= truth <= upper
    assert (upper - lower) / truth < 0.3


def test_one_campaign_alone_has_the_same_estimate(visited: tuple[World, Path]) -> None:
    _, events = visited
    alone, all_of_them = evaluation(events, 7), evaluation(events)
    assert alone.campaigns == {7: all_of_them.campaigns[7]}


def test_another_number_of_places_is_refused(tmp_path: Path) -> None:
    world = World(1, rule_places=6)
    world.publish(tmp_path, SLOT, [1])
    world.visit(tmp_path, SLOT, 40)
    found = evaluation(tmp_path)
    assert found.left_out == {LeftOut.PLACES: 40}
    assert found.campaigns == {}


def test_views_of_altered_lineups_and_of_single_banners_are_left_out(tmp_path: Path) -> None:
    world = World(2)
    world.publish(tmp_path, SLOT, [1, 2])
    world.visit(tmp_path, SLOT, 40, single=7)
    world.visit(tmp_path, SLOT + 4, 20, altered=3)
    found = evaluation(tmp_path)
    # The other pages of such a slot are no random sample of the lineups.
    assert found.left_out == {LeftOut.SINGLE: 14, LeftOut.ALTERED: 46}
    assert found.slots == [SLOT]
    assert found.campaigns[1][RULE].pages == 40


def test_views_of_lineups_that_are_not_kept_are_left_out(tmp_path: Path) -> None:
    world = World(3)
    world.publish(tmp_path, SLOT + 4, [1])
    # A generation of the same number, of another database.
    world.visit(tmp_path, SLOT, 10)
    world.visit(tmp_path, SLOT + 4, 20)
    # The lineups of another quarter are not kept.
    world.visit(tmp_path, SLOT + 5, 30)
    found = evaluation(tmp_path)
    assert found.campaigns[1][RULE].pages == 20
    assert found.left_out == {LeftOut.RULE: 30}


def test_memory_does_not_grow_with_the_number_of_publishes(tmp_path: Path) -> None:
    world = World(6)
    slots = range(SLOT - 40, SLOT + 1, 4)
    for slot in slots:
        world.publish(tmp_path, slot, [1])
        world.visit(tmp_path, slot, 5)
    world.prepared.clear()

    def in_memory() -> int:
        return sum(isinstance(each, PreparedLineups) for each in gc.get_objects())

    before, counts = in_memory(), []
    found = evaluate_log(
        tmp_path, SLOT + 9, "256MB", on_slot=lambda _: counts.append(in_memory() - before)
    )
    assert found.slots == list(slots)
    assert found.campaigns[1][RULE].pages == 5 * len(slots)
    assert max(counts) <= 6


def test_without_kept_lineups_it_is_said_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="BANNERS_POLICY to learning or trial"):
        evaluation(tmp_path)


def test_lineups_are_kept_until_the_events_that_they_led_to_are_not(tmp_path: Path) -> None:
    world = World(4)
    for slot in (SLOT, SLOT + 4, SLOT + 8):
        world.publish(tmp_path, slot, [1])

    def kept() -> list[tuple[int, int]]:
        return [(each.since, each.generation) for each in kept_lineups(tmp_path)[quarter]]

    quarter = Quarter(SLOT % 4 + 1)
    sweep_lineups(tmp_path, SLOT + 4)
    assert kept() == [(each, GENERATION) for each in (SLOT, SLOT + 4, SLOT + 8)]
    sweep_lineups(tmp_path, SLOT + 5)
    assert kept() == [(SLOT + 4, GENERATION), (SLOT + 8, GENERATION)]
    sweep_lineups(tmp_path, SLOT + 999)
    assert kept() == [(SLOT + 8, GENERATION)]


def test_a_damaged_file_is_distinguished_from_lineups_that_are_not_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(6)
    world.publish(tmp_path, SLOT, [1])
    world.visit(tmp_path, SLOT, 20)
    folder = tmp_path / "published" / str(SLOT % 4 + 1)
    (folder / "notes.parquet").write_text("mine")
    (folder / "5-20261126T1446Z.parquet").write_text("mine")
    assert evaluation(tmp_path).campaigns[1][RULE].pages == 20
    (file,) = folder.glob("3-*")
    good = file.read_bytes()
    file.write_bytes(good[:-9])
    assert evaluation(tmp_path).left_out == {LeftOut.DAMAGED: 20}
    assert str(file) in caplog.text
    file.write_bytes(good)
    table = parquet.read_table(file)
    lineups = [each and each[:-1] for each in table.column("lineups").to_pylist()]
    place = table.schema.names.index("lineups")
    parquet.write_table(table.set_column(place, "lineups", pa.array(lineups, pa.binary())), file)
    assert evaluation(tmp_path).left_out == {LeftOut.DAMAGED: 20}
