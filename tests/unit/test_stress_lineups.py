"""The stress test accepts each of the prepared lineups as it is shown, and nothing else."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Generation, Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.rule import line_up
from banners.core.taking import PreparedSelection, shown_lineups
from banners.core.views import Group
from banners.stress.expectations import QuarterExpectations, prepared_expectation
from banners.stress.verify import Address, Answer, verify

GENERATION = Generation(3, "s")
INVENTORY = frozenset(range(900, 950))


def candidates_of(seed: int, count: int) -> Candidates:
    source = random.Random(seed)
    places = min(count, 6)
    prepared = PreparedLineups(
        campaign_id=7,
        policy=PolicyName.LEARNING,
        places=places,
        lineups=tuple(tuple(source.sample(range(count), places)) for _ in range(64)),
        groups=(Group.POLICY,) * 58 + (Group.RULE,) * 6,
        expectations=tuple(tuple(source.random() for _ in range(count)) for _ in range(7)),
    )
    ids = tuple(range(101, 101 + count))
    figures = ((9,) * count, (2,) * count, (0,) * count, (0,) * count)
    return Candidates(7, Quarter.FIRST, GENERATION, ids, *figures, prepared=prepared)


def answer_of(ids: list[int], own: frozenset[int]) -> Answer:
    body = {
        "campaign_id": 7,
        "quarter": 1,
        "generation": 3,
        "banners": [{"banner_id": each, "filled": each not in own} for each in ids],
    }
    return Answer(
        campaign_id=7,
        address=Address.JSON,
        status=200,
        body=json.dumps(body).encode(),
        location=b"",
        sent=0.0,
        received=0.0,
    )


@given(st.integers(), st.integers(1, 12), st.floats(0, 1), st.sampled_from(FillPolicy))
def test_whatever_is_served_is_accepted_and_another_banner_is_not(
    seed: int, count: int, share_off: float, fill: FillPolicy
) -> None:
    source = random.Random(seed)
    ranked = candidates_of(seed, count)
    on = {each for each in ranked.banner_ids if source.random() >= share_off}
    shown = ranked.among(on)
    chosen = PreparedSelection(
        line_up(shown), shown_lineups(ranked, shown), fill, lambda: sorted(INVENTORY), source
    )
    expectation = prepared_expectation(ranked, shown, fill, lambda: INVENTORY)
    expected = QuarterExpectations(Quarter.FIRST, GENERATION, {}, complete=True, has_catalogue=True)
    assert chosen.shows_any == (expectation.count > 0)
    for _ in range(20):
        ids, _ = chosen.take().page(b"")
        assert verify(answer_of(ids, frozenset(on)), expected, expectation) is None
        if ids:
            wrong = [*ids[1:], 999]
            assert verify(answer_of(wrong, frozenset(on)), expected, expectation) is not None


@pytest.mark.parametrize("ids", [[101], [101, 101, 102, 103, 104, 105]])
def test_a_part_of_a_lineup_and_a_banner_twice_are_refused(ids: list[int]) -> None:
    ranked = candidates_of(1, 12)
    expectation = prepared_expectation(ranked, ranked, FillPolicy.CAMPAIGN, lambda: INVENTORY)
    expected = QuarterExpectations(Quarter.FIRST, GENERATION, {}, complete=True, has_catalogue=True)
    failure = verify(answer_of(ids, frozenset(ranked.banner_ids)), expected, expectation)
    assert failure is not None
    assert "none of the" in failure.reason
