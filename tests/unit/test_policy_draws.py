"""The random numbers of a campaign, and the candidates that draws rank first."""

import struct
from hashlib import blake2b
from itertools import chain

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference.policy
from banners.core.model import Quarter
from banners.policies.draws import Draws, RandomOfCampaigns
from banners.policies.places import count_places
from banners.policies.window import campaigns_of

amounts = st.lists(st.sampled_from((1, 2, 9, 10, 80, 100)), min_size=1, max_size=12)


def stream(text: bytes) -> np.random.Generator:
    """The random numbers that docs/adr/0044-policies-with-numpy.md describes."""
    bits = np.random.SFC64(1)
    words = struct.unpack("<8Q", blake2b(text, person=b"lineups").digest())[:4]
    bits.state = {
        "bit_generator": "SFC64",
        "state": {"state": np.array(words, np.uint64)},
        "has_uint32": 0,
        "uinteger": 0,
    }
    return np.random.Generator(bits)


@pytest.mark.parametrize(("quarter", "campaign"), [(Quarter.SECOND, 7), (Quarter.FOURTH, 10**18)])
def test_the_random_numbers_follow_from_digest_quarter_and_campaign(
    quarter: Quarter, campaign: int
) -> None:
    found = RandomOfCampaigns("abc", quarter).of(campaign).random(9)
    assert found.tolist() == stream(b"abc %d %d" % (quarter, campaign)).random(9).tolist()


def test_random_numbers_do_not_depend_on_those_drawn_for_another_campaign() -> None:
    randoms = RandomOfCampaigns("abc", Quarter.FIRST)
    # Half of a word of 64 bits is kept for the next number of 32 bits.
    randoms.of(7).integers(0, 2**31, dtype=np.uint32)
    found = randoms.of(8).integers(0, 2**31, 9, dtype=np.uint32)
    assert found.tolist() == stream(b"abc 1 8").integers(0, 2**31, 9, dtype=np.uint32).tolist()


@pytest.mark.parametrize("places", [1, 7, 37])
def test_a_lineup_has_the_candidates_with_the_largest_draws_best_first(places: int) -> None:
    source = np.random.default_rng(3)
    shapes, expected = source.uniform(1, 9, (3, 45)), source.uniform(1, 2, 45)
    found = Draws(shapes, expected).best(slice(3, 40), 50, places, np.random.default_rng(5))
    scaled = np.repeat(9 * shapes[:, None, 3:40], 50, 1)
    drawn = np.random.default_rng(5).standard_gamma(scaled).prod(0)
    revenue = drawn / scaled.prod(0) * expected[3:40]
    assert found == [tuple(np.argsort(-row)[:places].tolist()) for row in revenue]


@given(st.lists(amounts, min_size=1, max_size=5), st.sampled_from((0, 0.1, 0.3, 0.95, 1.1)))
def test_places_are_counted_in_each_campaign_as_the_reference_counts_them(
    given: list[list[int]], theta: float
) -> None:
    assume(all(reference.policy.margin(each, theta) > 1e-9 for each in given))
    campaigns = campaigns_of(np.repeat(np.arange(len(given)) + 5, list(map(len, given))))
    found = count_places(np.array([*chain(*given)], np.float64), campaigns, theta)
    assert found.tolist() == [reference.policy.places(each, theta) for each in given]


def test_no_place_follows_one_that_does_not_pay() -> None:
    campaigns = campaigns_of(np.zeros(10, np.int64))
    expected = np.array([100.0] * 5 + [9.0] * 5)
    # The sixth would have to earn 10, but the seventh only 8.5.
    assert count_places(expected, campaigns, 0.1).tolist() == [5]


def test_a_banner_that_earns_just_enough_has_a_place() -> None:
    campaigns = campaigns_of(np.zeros(7, np.int64))
    expected = np.array([1.0] * 5 + [0.5, 0.25])
    assert count_places(expected, campaigns, 0.5).tolist() == [6]
