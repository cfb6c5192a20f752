"""``banners evaluate``: what another policy would have earned."""

import json
from pathlib import Path

import pytest

from banners.core.policy import PolicyName
from banners.core.slots import slot_name
from support.evaluated import World
from support.event_logs import ended_slot
from support.running import Workplace


@pytest.fixture
def recording(workplace: Workplace) -> Workplace:
    (workplace.folder / "live").mkdir()
    return Workplace(workplace.folder, {**workplace.variables, "BANNERS_EVENTS": "live"})


@pytest.fixture
def events(recording: Workplace) -> Path:
    return recording.folder / "live"


def test_it_prints_what_each_policy_would_have_earned(recording: Workplace, events: Path) -> None:
    slot, world = ended_slot(), World(1)
    world.publish(events, slot, [7, 27])
    world.visit(events, slot, 400, single=5)
    ended = recording.run("evaluate")
    assert ended.returncode == 0, ended.stderr
    first, headings, *rows = ended.stdout.splitlines()
    assert first == f"Slots {slot_name(slot)} to {slot_name(slot)}, per thousand pages"
    assert headings.split()[:3] == ["campaign", "policy", "pages"]
    assert [each.split()[:3] for each in rows[:6]] == [
        [campaign, policy, pages]
        for campaign, pages in (("all", "800"), ("7", "400"), ("27", "400"))
        for policy in ("learning", "rule")
    ]
    assert rows[6:] == [
        "10 pages are left out: they show a part of a lineup, such as a single banner."
    ]


def test_json_has_the_intervals(recording: Workplace, events: Path) -> None:
    slot, world = ended_slot(), World(1)
    world.publish(events, slot, [7])
    world.visit(events, slot, 400)
    ended = recording.run("evaluate", "7", "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["confidence"], found["slots"], found["left_out"]) == (
        0.95,
        [slot_name(slot)],
        {},
    )
    policies = {(each["campaign_id"], each["policy"]): each for each in found["policies"]}
    assert policies.keys() == {(7, "learning"), (7, "rule")}
    for policy in (PolicyName.RULE, PolicyName.LEARNING):
        each = policies[7, policy.value]
        assert (each["pages"], each["unsupported"]) == (400, 0)
        figures = each["per_thousand"]
        assert figures["lower"] < figures["estimate"] < figures["upper"]
        assert figures["lower"] < 1_000 * world.truth(7, policy) < figures["upper"]


def test_a_policy_with_another_number_of_places_is_refused(
    recording: Workplace, events: Path
) -> None:
    slot, world = ended_slot(), World(1, rule_places=6)
    world.publish(events, slot, [7])
    world.visit(events, slot, 40)
    ended = recording.run("evaluate")
    assert (ended.returncode, ended.stdout) == (1, "")
    as_json = recording.run("evaluate", "--json")
    assert (as_json.returncode, as_json.stdout) == (1, "")
    assert as_json.stderr == ended.stderr
    assert ended.stderr == (
        "Error: There are no pages to evaluate.\n"
        "40 pages are left out: the policies show different numbers of banners on a page, so an "
        "estimate would be wrong by up to 9 %. With BANNERS_THETA=0, learning always shows ten.\n"
    )


def test_a_damaged_file_of_lineups_is_named(recording: Workplace, events: Path) -> None:
    slot, world = ended_slot(), World(1)
    world.publish(events, slot, [7])
    world.visit(events, slot, 40)
    (file,) = (events / "published").rglob("*.parquet")
    file.write_bytes(b"damaged")
    ended = recording.run("evaluate")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        f"The published lineups in live/published/{file.parent.name}/{file.name} are damaged"
        in (ended.stderr)
    )
    assert "40 pages are left out: the file with their lineups is damaged." in ended.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 1, "No lineups of a policy other than the rule are kept in live/published"),
        (("x",), 2, "1 to 18 digits"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    recording: Workplace, words: tuple[str, ...], status: int, said: str
) -> None:
    ended = recording.run("evaluate", *words)
    assert ended.returncode == status
    assert said in ended.stderr


def test_without_an_event_log_it_is_said_how_to_set_one(workplace: Workplace) -> None:
    ended = workplace.run("evaluate")
    assert ended.returncode == 2
    assert "BANNERS_EVENTS is empty" in ended.stderr
