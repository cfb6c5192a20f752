"""Reports while the database is known to be out of reach: no request waits for it."""

from collections.abc import Callable
from typing import cast

import pytest

from banners.core.candidates import Candidates
from banners.core.model import Generation, Quarter
from banners.errors import InvalidCampaignId, StoreUnavailable, UnknownCampaign
from banners.reports.campaign import Reporting
from banners.reports.reader import CampaignReader
from banners.serve.reader import LineupReader
from support.picked import candidates_of, picked

GENERATION = Generation(1, "2026-01-31T10:00:00+00:00")


class Memory:
    """Has campaign 5 of the first quarter."""

    def active(self) -> dict[Quarter, Generation]:
        return {Quarter.FIRST: GENERATION}

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        if campaign_id != 5:
            return None
        return candidates_of(picked(5, [1], generation=generation, quarter=quarter))


@pytest.fixture
def reporting() -> Reporting:
    """Reporting on a database that nobody may ask, since there is none."""
    memory, database = cast("LineupReader", Memory()), cast("CampaignReader", None)
    return Reporting(memory, database, lambda: ["database"])


@pytest.mark.parametrize(
    "ask",
    [
        lambda reporting: reporting.report("5", Quarter.FIRST, None, 0),
        lambda reporting: reporting.report("5", Quarter.FIRST, 1, 0),
        lambda reporting: reporting.lineup("5", Quarter.FIRST, 1),
    ],
    ids=["report", "report on a preview", "preview"],
)
def test_what_only_the_database_knows_is_refused_immediately(
    reporting: Reporting, ask: Callable[[Reporting], object]
) -> None:
    with pytest.raises(StoreUnavailable, match="the database, which is out of reach"):
        ask(reporting)


def test_what_is_known_without_it_is_answered(reporting: Reporting) -> None:
    assert reporting.lineup("5", Quarter.FIRST, None).lineup.campaign_id == 5
    with pytest.raises(UnknownCampaign):
        reporting.report("6", Quarter.FIRST, None, 0)
    with pytest.raises(InvalidCampaignId):
        reporting.report("six", Quarter.FIRST, None, 0)
