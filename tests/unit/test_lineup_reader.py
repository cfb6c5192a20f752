"""How a lineup is read while the live generation changes."""

from collections.abc import Mapping, Sequence
from itertools import count

import pytest

from banners.core.candidates import Candidates
from banners.core.model import Generation, Lineup, Performance, Quarter, RuleName
from banners.errors import NothingPublished, NotInQuarter, StoreUnavailable, UnknownCampaign
from banners.serve.reader import read_lineup
from support.picked import candidates_of


def the(number: int) -> Generation:
    return Generation(number, f"stamp {number}")


def lineup_of(generation: Generation, quarter: Quarter, campaign_id: int) -> Lineup:
    return Lineup(
        campaign_id=campaign_id,
        quarter=quarter,
        generation=generation,
        rule=RuleName.MOST_CLICKS,
        converting=0,
        slots=5,
        banners=(Performance(1, 1, 0, 0, banner_id=generation.number),),
        others=(),
    )


class Overtaken:
    """A reader whose generations are dropped and replaced as soon as it has named them.

    Args:
        pointers: the generations of each quarter in successive answers; the last one stays.
        campaigns: the campaigns that each generation has, by quarter.
    """

    def __init__(
        self,
        pointers: Sequence[Mapping[Quarter, Generation]],
        campaigns: Mapping[Quarter, set[int]],
    ) -> None:
        self._pointers = list(pointers)
        self._campaigns = campaigns

    def active(self) -> Mapping[Quarter, Generation]:
        return self._pointers.pop(0) if len(self._pointers) > 1 else self._pointers[0]

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        known = campaign_id in self._campaigns.get(quarter, set())
        kept = self._pointers[0].get(quarter) == generation
        if not known or not kept:
            return None
        return candidates_of(lineup_of(generation, quarter, campaign_id))

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        raise NotImplementedError

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        raise NotImplementedError

    def records(self, generation: Generation, quarter: Quarter) -> Sequence[tuple[int, bytes]]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def test_a_generation_dropped_while_it_is_read_makes_no_campaign_unknown() -> None:
    reader = Overtaken(
        [{Quarter.FIRST: the(number)} for number in (1, 5, 9)], {Quarter.FIRST: {27}}
    )
    assert read_lineup(reader, 27, Quarter.FIRST).generation == the(9)


def test_a_generation_dropped_while_it_is_read_moves_no_campaign_to_another_quarter() -> None:
    reader = Overtaken(
        [
            {Quarter.FIRST: the(1), Quarter.THIRD: the(1)},
            {Quarter.FIRST: the(5), Quarter.THIRD: the(1)},
        ],
        {Quarter.FIRST: {27}, Quarter.THIRD: {27}},
    )
    assert read_lineup(reader, 27, Quarter.FIRST).generation == the(5)


def test_an_unknown_campaign_is_unknown_also_when_what_is_served_changes() -> None:
    reader = Overtaken(
        [{Quarter.FIRST: the(1)}, {Quarter.FIRST: the(5)}],
        {Quarter.FIRST: {27}, Quarter.SECOND: {28}},
    )
    with pytest.raises(UnknownCampaign):
        read_lineup(reader, 28, Quarter.FIRST)


def test_the_quarters_named_are_those_of_the_last_live_generations() -> None:
    reader = Overtaken(
        [{Quarter.SECOND: the(1)}, {Quarter.SECOND: the(5), Quarter.THIRD: the(5)}],
        {Quarter.SECOND: {27}, Quarter.THIRD: {27}},
    )
    with pytest.raises(NotInQuarter) as caught:
        read_lineup(reader, 27, Quarter.FIRST)
    assert caught.value.elsewhere == (2, 3)


def test_what_is_taken_away_while_it_is_read_is_nothing_published() -> None:
    reader = Overtaken([{Quarter.FIRST: the(1)}, {}], {Quarter.FIRST: {27}})
    with pytest.raises(NothingPublished):
        read_lineup(reader, 27, Quarter.FIRST)


def test_what_never_stays_the_same_is_given_up_on() -> None:
    class Restless(Overtaken):
        numbers = count(1)

        def active(self) -> Mapping[Quarter, Generation]:
            return {Quarter.FIRST: the(next(self.numbers))}

    with pytest.raises(StoreUnavailable, match="Ask again"):
        read_lineup(Restless([{}], {}), 27, Quarter.FIRST)
