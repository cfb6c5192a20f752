"""Which banners a response shows: the lineup, its fill, and a visitor's order."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import FillPolicy, Generation, Lineup, Performance, Quarter, RuleName
from banners.core.selection import Selection
from banners.core.views import Group

INVENTORY = range(200, 300)


def selection_of(
    shown: int,
    others: Sequence[int] = (),
    policy: FillPolicy = FillPolicy.INVENTORY,
    seed: int = 1,
) -> Selection:
    """The selection of a lineup of the banners 1, 2, 3 … with the other candidates given."""
    banners = tuple(
        Performance(1, 1, 0, 0, banner_id=banner_id) for banner_id in range(1, shown + 1)
    )
    lineup = Lineup(
        7, Quarter.FIRST, Generation(1, ""), RuleName.MOST_CLICKS, 0, 5, banners, tuple(others)
    )
    return Selection(lineup, policy, lambda: INVENTORY, random.Random(seed))


@given(st.integers(0, 10), st.integers(0, 8), st.sampled_from(FillPolicy), st.integers())
def test_a_page_shows_the_lineup_and_its_fill_each_once(
    shown: int, own: int, policy: FillPolicy, seed: int
) -> None:
    others = range(100, 100 + own)
    ids, _ = selection_of(shown, others, policy, seed).page(b"")
    reachable = {
        FillPolicy.NONE: shown,
        FillPolicy.CAMPAIGN: max(shown, min(5, shown + own)),
        FillPolicy.INVENTORY: max(shown, 5),
    }
    assert len(ids) == len(set(ids)) == reachable[policy]
    assert set(ids) >= set(range(1, shown + 1))
    assert set(ids) <= {*range(1, shown + 1), *others, *INVENTORY}


def test_a_page_begins_with_another_banner_than_last_time() -> None:
    selection, cookie, firsts = selection_of(2, policy=FillPolicy.NONE), b"", []
    for _ in range(6):
        ids, cookie = selection.page(cookie)
        firsts.append(ids[0])
    assert firsts in ([1, 2, 1, 2, 1, 2], [2, 1, 2, 1, 2, 1])


def test_the_fill_is_drawn_afresh_for_every_response() -> None:
    selection = selection_of(1)
    assert len({frozenset(selection.page(b"")[0]) for _ in range(20)}) > 1


def test_single_banners_come_once_each_round() -> None:
    selection, cookie, ids = selection_of(5), b"", []
    for _ in range(10):
        chosen = selection.one(cookie)
        assert chosen is not None
        banner_id, cookie = chosen
        ids.append(banner_id)
    assert sorted(ids[:5]) == sorted(ids[5:]) == [1, 2, 3, 4, 5]


def test_without_a_lineup_a_single_banner_is_one_of_the_fill() -> None:
    chosen = selection_of(0, (100, 101), FillPolicy.CAMPAIGN).one(b"")
    assert chosen is not None
    assert chosen[0] in {100, 101}


@given(st.integers())
def test_without_a_lineup_the_single_banner_is_the_first_of_a_page(seed: int) -> None:
    def drawn() -> Selection:
        return selection_of(0, (100, 101, 102), FillPolicy.CAMPAIGN, seed)

    ids, cookie = drawn().page(b"")
    assert drawn().one(b"") == (ids[0], cookie)


def test_nothing_is_chosen_where_there_is_nothing() -> None:
    selection = selection_of(0, policy=FillPolicy.NONE)
    assert selection.page(b"") == ([], b"")
    assert selection.one(b"") is None


@pytest.mark.parametrize(
    ("shown", "others", "policy", "shows_any"),
    [
        (1, (), FillPolicy.NONE, True),
        (0, (100,), FillPolicy.CAMPAIGN, True),
        (0, (100,), FillPolicy.NONE, False),
        (0, (), FillPolicy.CAMPAIGN, False),
        (0, (), FillPolicy.INVENTORY, True),
    ],
)
def test_there_is_a_banner_to_show_where_a_page_has_one(
    shown: int, others: tuple[int, ...], policy: FillPolicy, shows_any: bool
) -> None:
    selection = selection_of(shown, others, policy)
    assert selection.shows_any is shows_any
    assert bool(selection.page(b"")[0]) is shows_any


def test_it_is_of_the_rule_and_unpaused_unless_it_says_otherwise() -> None:
    usual = selection_of(5)
    assert (usual.group, usual.is_paused) == (Group.RULE, False)
    other = Selection(
        usual.lineup,
        FillPolicy.NONE,
        lambda: INVENTORY,
        random.Random(1),
        group=Group.PROBE,
        is_paused=True,
    )
    assert (other.group, other.is_paused) == (Group.PROBE, True)


def test_every_response_is_made_from_the_one_lineup() -> None:
    selection = selection_of(5)
    assert selection.take() is selection.take(b"414.1.1.3") is selection


@pytest.mark.parametrize(
    ("shown", "policy", "is_short"),
    [
        (5, FillPolicy.INVENTORY, False),
        (4, FillPolicy.INVENTORY, True),
        (4, FillPolicy.CAMPAIGN, True),
        (4, FillPolicy.NONE, False),
    ],
)
def test_less_than_five_are_filled_up_if_that_is_allowed(
    shown: int, policy: FillPolicy, is_short: bool
) -> None:
    assert selection_of(shown, policy=policy).is_short is is_short


def round_of(lineup: Lineup, *, may_change: bool) -> bytes:
    """What the cookie of a single banner calls the lineup of its round."""
    selection = Selection(
        lineup, FillPolicy.NONE, lambda: INVENTORY, random.Random(1), may_change=may_change
    )
    chosen = selection.one(b"")
    assert chosen is not None
    return chosen[1].split(b".")[1]


def test_a_round_is_of_the_generation_and_of_the_lineup_where_that_may_change() -> None:
    lineup = replace(selection_of(5).lineup, generation=Generation(17, "s"))
    fewer = replace(lineup, banners=lineup.banners[:4])
    later = replace(lineup, generation=Generation(18, "s"))
    assert round_of(lineup, may_change=False) == round_of(fewer, may_change=False) == b"17"
    names = [round_of(each, may_change=True) for each in (lineup, fewer, later)]
    assert len({*names, b"17", b"18"}) == 5
    assert round_of(lineup, may_change=True) == names[0]


def test_without_may_change_a_round_is_of_the_generation() -> None:
    chosen = selection_of(5).one(b"")
    assert chosen is not None
    assert chosen[1].split(b".")[1] == b"1"


@pytest.mark.parametrize(("shown", "calls"), [(4, 1), (5, 0)])
def test_the_inventory_is_read_only_if_the_fill_may_draw_from_it(shown: int, calls: int) -> None:
    asked = []
    lineup = selection_of(shown).lineup

    def inventory() -> Sequence[int]:
        asked.append(lineup)
        return INVENTORY

    selection = Selection(lineup, FillPolicy.INVENTORY, inventory, random.Random(1))
    selection.page(b"")
    selection.page(b"")
    assert len(asked) == calls
