"""Which of the prepared lineups a response takes, and what it shows."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Generation, Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.rotation import round_of
from banners.core.rule import line_up
from banners.core.taking import PreparedSelection, ShownLineup, shown_lineups
from banners.core.views import Group

GENERATION = Generation(3, "s")


def candidates_of(
    count: int, lineups: Sequence[tuple[int, ...]], *groups: Group, clicked: int = 99
) -> Candidates:
    """Candidates 101, 102 …: the later, the less is expected of it; but the last is best."""
    expected = [1 / (1 + place) for place in range(count - 1)] + [9.0]
    clicks = [2 if place < clicked else 0 for place in range(count)]
    figures = ([9] * count, clicks, [0] * count, [0] * count)
    prepared = PreparedLineups(
        campaign_id=7,
        policy=PolicyName.LEARNING,
        places=len(lineups[0]),
        lineups=tuple(lineups),
        groups=groups or (Group.POLICY,) * len(lineups),
        expectations=(tuple(expected),) + ((1.0,) * count,) * 6,
    )
    ids = tuple(range(101, 101 + count))
    return Candidates(7, Quarter.FIRST, GENERATION, ids, *figures, prepared=prepared)


def selection_of(
    ranked: Candidates,
    shown: Candidates | None = None,
    fill: FillPolicy = FillPolicy.CAMPAIGN,
    seed: int = 1,
    inventory: Sequence[int] = range(900, 950),
) -> PreparedSelection:
    shown = ranked if shown is None else shown
    lineups = shown_lineups(ranked, shown)
    source = random.Random(seed)
    return PreparedSelection(line_up(shown), lineups, fill, lambda: inventory, source)


def test_without_prepared_lineups_there_are_none_to_take() -> None:
    ranked = Candidates(7, Quarter.FIRST, GENERATION, (1,), (1,), (1,), (0,), (0,))
    assert shown_lineups(ranked, ranked) == []


def test_each_lineup_is_taken_as_often_as_any_other_and_brings_its_group() -> None:
    # A million responses: a share may differ from 1/64 by five standard deviations.
    lineups = [tuple((place + each) % 70 for each in range(5)) for place in range(64)]
    groups = [Group.POLICY] * 50 + [Group.PROBE] * 8 + [Group.RULE] * 6
    chosen = selection_of(candidates_of(70, lineups, *groups))
    responses = 1_000_000
    counted = Counter(chosen.take().picked for _ in range(responses))
    assert len(counted) == 64
    mean = responses / 64
    assert all(abs(each - mean) < 5 * mean**0.5 for each in counted.values())
    by_group = dict.fromkeys(Group, 0)
    for place, group in enumerate(groups):
        by_group[group] += counted[tuple(101 + each for each in lineups[place])]
    assert by_group[Group.RULE] / responses == pytest.approx(6 / 64, rel=0.02)
    assert by_group[Group.PROBE] / responses == pytest.approx(8 / 64, rel=0.02)
    taken = chosen.take()
    assert taken.group is groups[lineups.index(tuple(each - 101 for each in taken.picked))]


@given(st.integers(), st.sets(st.integers(101, 112), max_size=12))
def test_banners_that_are_off_are_skipped_and_the_best_others_take_their_place(
    seed: int, off: set[int]
) -> None:
    source = random.Random(seed)
    lineups = [tuple(source.sample(range(12), 6)) for _ in range(20)]
    ranked = candidates_of(12, lineups)
    on = [each for each in ranked.banner_ids if each not in off]
    best = sorted(on, key=lambda each: -1 if each == 112 else each)
    found = shown_lineups(ranked, ranked.among(on))
    for lineup, shown in zip(lineups, found, strict=True):
        given_ids = [101 + each for each in lineup]
        kept = [each for each in given_ids if each in on]
        others = [each for each in best if each not in kept][: 6 - len(kept)]
        assert list(shown.banner_ids) == kept + others
        assert shown.is_paused == (len(kept) < 6)


def test_a_banner_that_was_not_published_fills_a_gap_last() -> None:
    ranked = candidates_of(7, [(0, 1, 2, 3, 4)])
    added = Candidates(
        *(7, Quarter.FIRST, GENERATION),
        *((101, 300, 106, 107), (9, 0, 9, 9), (2, 0, 2, 2), (0, 0, 0, 0), (0, 0, 0, 0)),
    )
    (shown,) = shown_lineups(ranked, added)
    assert shown == ShownLineup((101, 107, 106, 300), 0, Group.POLICY, is_paused=True)


def test_a_lineup_of_few_banners_grows_to_five_when_there_are_more() -> None:
    ranked = candidates_of(2, [(0, 1)])
    added = Candidates(
        *(7, Quarter.FIRST, GENERATION, (101, 102, 300, 301, 302, 303)),
        *([(0,) * 6] * 4),
    )
    (shown,) = shown_lineups(ranked, added)
    assert shown == ShownLineup((101, 102, 300, 301, 302), 0, Group.POLICY, is_paused=True)


def test_a_fallback_fills_gaps_in_the_order_of_the_rule() -> None:
    ranked = candidates_of(7, [(0, 1, 2, 3, 4)], Group.RULE)
    assert ranked.prepared is not None
    prepared = PreparedLineups(
        campaign_id=7,
        policy=PolicyName.LEARNING,
        places=5,
        lineups=ranked.prepared.lineups,
        groups=(Group.RULE,),
        fallback="A figure is below zero.",
    )
    without = Candidates(7, Quarter.FIRST, GENERATION, *ranked.columns, prepared=prepared)
    (shown,) = shown_lineups(without, without.among(set(ranked.banner_ids) - {103}))
    assert shown.banner_ids == (101, 102, 104, 105, 106)


def test_the_fill_of_the_rules_lineup_is_told_from_what_it_picked() -> None:
    ranked = candidates_of(
        8, [(0, 1, 5, 6, 7), (0, 1, 2, 3, 4)], Group.RULE, Group.POLICY, clicked=2
    )
    rule, policy = shown_lineups(ranked, ranked)
    assert (rule.filled, policy.filled) == (3, 0)
    for seed in range(20):
        taken = selection_of(ranked, seed=seed).take()
        shown, _ = taken.page(b"")
        if taken.group is Group.RULE:
            assert (taken.picked, taken.is_short) == ((101, 102), True)
            assert set(shown) == {101, 102, 106, 107, 108}
        else:
            assert (taken.picked, taken.is_short) == ((101, 102, 103, 104, 105), False)
            assert set(shown) == {101, 102, 103, 104, 105}


def test_a_campaign_of_few_banners_is_filled_from_the_inventory_where_that_is_allowed() -> None:
    ranked = candidates_of(2, [(0, 1)] * 3)
    shown, _ = selection_of(ranked, fill=FillPolicy.INVENTORY).take().page(b"")
    assert len(shown) == 5
    assert {101, 102} < set(shown) < {101, 102, *range(900, 950)}
    assert len(selection_of(ranked).take().page(b"")[0]) == 2


@pytest.mark.parametrize("seed", range(20))
def test_the_fill_from_the_inventory_does_not_repeat_a_banner_of_the_campaign(seed: int) -> None:
    # None of its banners has a click, so that the rule would pick none and fill with all three.
    ranked = candidates_of(3, [(0, 1, 2)], clicked=0)
    inventory = (101, 102, 103, 900, 901)
    chosen = selection_of(ranked, fill=FillPolicy.INVENTORY, seed=seed, inventory=inventory)
    shown, _ = chosen.take().page(b"")
    assert sorted(shown) == [101, 102, 103, 900, 901]


@pytest.mark.parametrize(("off", "is_paused"), [(103, True), (106, False)])
def test_a_response_says_whether_a_banner_of_its_lineup_is_off(off: int, is_paused: bool) -> None:
    ranked = candidates_of(6, [(0, 1, 2, 3, 4)])
    on = ranked.among(set(ranked.banner_ids) - {off})
    assert selection_of(ranked, on).take().is_paused is is_paused


def test_nothing_is_shown_where_all_banners_are_off_and_nothing_may_fill() -> None:
    ranked = candidates_of(2, [(0, 1)] * 3)
    off = ranked.among(())
    assert not selection_of(ranked, off).shows_any
    assert selection_of(ranked, off, fill=FillPolicy.INVENTORY).shows_any
    assert selection_of(ranked, off).take().one(b"") is None


@given(st.integers())
def test_a_visitor_sees_each_banner_of_a_lineup_once_before_another_lineup_begins(
    seed: int,
) -> None:
    lineups = [tuple(random.Random(place).sample(range(30), 7)) for place in range(64)]
    chosen = selection_of(candidates_of(30, lineups), seed=seed)
    known = {tuple(101 + each for each in lineup) for lineup in lineups}
    cookie, last = b"", 0
    for _ in range(4):
        seen: list[int] = []
        rounds = set()
        for _ in range(7):
            taken = chosen.take(cookie)
            found = taken.one(cookie)
            assert found is not None
            banner, cookie = found
            assert banner != last
            last = banner
            seen.append(banner)
            rounds.add(taken.picked)
        assert len(rounds) == 1
        assert rounds <= known
        assert sorted(seen) == sorted(rounds.pop())


@pytest.mark.parametrize("cookie", [b"x", b"414", b"414.3.1.0", b"414.3.1.37", b"414.999999.9.1"])
def test_a_cookie_of_something_else_takes_any_lineup(cookie: bytes) -> None:
    lineups = [(place, place + 1) for place in range(64)]
    chosen = selection_of(candidates_of(70, lineups))
    assert len({chosen.take(cookie).picked for _ in range(600)}) > 55


def test_a_visitor_stays_with_a_lineup_only_while_the_generation_and_all_lineups_are_the_same() -> (
    None
):
    ranked = candidates_of(70, [(place, place + 1) for place in range(64)])
    found = selection_of(ranked).take().one(b"")
    assert found is not None
    _, cookie = found
    again = selection_of(ranked)
    assert len({again.take(cookie).picked for _ in range(600)}) == 1
    published = selection_of(replace(ranked, generation=Generation(4, "s")))
    assert len({published.take(cookie).picked for _ in range(600)}) > 55
    paused = selection_of(ranked, ranked.among(set(ranked.banner_ids) - {102}))
    assert len({paused.take(cookie).picked for _ in range(600)}) > 55


def test_a_round_before_or_after_those_of_the_lineups_takes_any_lineup() -> None:
    lineups = [tuple(range(place, place + 5)) for place in range(64)]
    chosen = selection_of(candidates_of(70, lineups))
    cookies = [found[1] for _ in range(1_000) if (found := chosen.take().one(b""))]
    rounds = {number for cookie in cookies if (number := round_of(cookie)) is not None}
    assert len(rounds) == 64
    for number in (min(rounds) - 1, max(rounds) + 1):
        cookie = b"101.%d.1.30" % number
        assert len({chosen.take(cookie).picked for _ in range(600)}) > 55
