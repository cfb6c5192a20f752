"""The pool of banners that fill up pages of other campaigns."""

import json
from collections import Counter
from collections.abc import Iterator
from random import Random
from unittest.mock import patch

import pytest

from banners.serve.catalogue import NO_CATALOGUE
from banners.serve.inventory import POOL, POOL_SECONDS, Pools, draw_pool
from support.held_catalogues import banner, campaign, catalogue_of

SECOND = 1_000


def test_a_pool_has_so_many_different_banners_and_no_more() -> None:
    many = campaign(7, *map(banner, range(1, 3 * POOL)))
    pool = draw_pool(catalogue_of(many), SECOND, Random(1))
    assert len(set(pool.banners)) == len(pool.banners) == POOL
    assert pool.until == SECOND + POOL_SECONDS


def test_a_banner_of_two_campaigns_is_in_it_once() -> None:
    both = catalogue_of(campaign(7, banner(1)), campaign(8, banner(1)))
    owners = Counter(draw_pool(both, SECOND, Random(seed)).banners[0].owner for seed in range(400))
    # 200 each, with a standard deviation of 10.
    assert {each for each, count in owners.items() if abs(count - 200) < 60} == {7, 8}


def test_it_ends_with_the_first_banner_or_campaign_of_it_that_ends() -> None:
    ending = catalogue_of(campaign(7, banner(1), ends=SECOND + 3), campaign(8, banner(2)))
    assert draw_pool(ending, SECOND, Random(1)).until == SECOND + 3


def test_without_anything_that_is_on_it_is_empty() -> None:
    off = catalogue_of(campaign(7, banner(1, active=False)), campaign(8))
    assert draw_pool(off, SECOND, Random(1)).banners == ()
    assert draw_pool(NO_CATALOGUE, SECOND, Random(1)).banners == ()


@pytest.fixture
def decoded() -> Iterator[list[int]]:
    """The sizes, in bytes, of what is decoded of records."""
    sizes: list[int] = []

    def loads(text: bytes) -> object:
        sizes.append(len(text))
        return json.JSONDecoder().decode(text.decode())

    with patch("banners.serve.catalogue.json.loads", loads):
        yield sizes


def test_a_draw_decodes_less_than_the_catalogue_whatever_is_off(decoded: list[int]) -> None:
    paused = [banner(each, active=False) for each in range(1, 10_001)]
    catalogue = catalogue_of(*(campaign(each, *paused) for each in range(1, 6)))
    assert draw_pool(catalogue, SECOND, Random(1)).banners == ()
    assert 0 < sum(decoded) < sum(map(len, catalogue.records.values()))


def test_no_banner_of_a_campaign_that_is_off_is_decoded(decoded: list[int]) -> None:
    off = campaign(7, *map(banner, range(1, 10_001)), active=False)
    assert draw_pool(catalogue_of(off), SECOND, Random(1)).banners == ()
    assert [size for size in decoded if size > 100] == []
    assert len(decoded) == 1


def test_it_ends_with_the_first_banner_or_campaign_that_starts() -> None:
    for starting in (
        campaign(7, banner(1, starts=SECOND + 2)),
        campaign(7, banner(1), starts=SECOND + 2),
    ):
        pool = draw_pool(catalogue_of(starting), SECOND, Random(1))
        assert (pool.banners, pool.until) == ((), SECOND + 2)


def test_what_starts_while_it_is_paused_does_not_end_it() -> None:
    paused = campaign(7, banner(1, starts=SECOND + 2, active=False))
    assert draw_pool(catalogue_of(paused), SECOND, Random(1)).until == SECOND + POOL_SECONDS


def test_all_campaigns_have_one_pool_until_it_ends_or_the_catalogue_changes() -> None:
    catalogue = catalogue_of(campaign(7, banner(1)), campaign(8, banner(2, ends=SECOND + 3)))
    pools = Pools(Random(1))
    first = pools.at(catalogue, SECOND)
    assert pools.at(catalogue, SECOND + 2) is first
    second = pools.at(catalogue, SECOND + 3)
    assert [set(first.banners), set(second.banners)] == [{1, 2}, {1}]
    assert set(pools.at(catalogue, SECOND).banners) == {1, 2}
    assert set(pools.at(catalogue_of(campaign(9, banner(3))), SECOND).banners) == {3}
