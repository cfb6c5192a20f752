"""Reports while the database is known to be out of reach: nobody waits for it."""

from collections.abc import Callable
from typing import cast

import pytest

from banners.errors import InvalidCampaignId, StoreUnavailable, UnknownCampaign
from banners.model import Generation, Lineup, Quarter, RuleName
from banners.serve.reader import LineupReader
from banners.serve.report import CampaignReader
from banners.serve.reporting import Reporting

GENERATION = Generation(1, "2026-01-31T10:00:00+00:00")


class Memory:
    """Has campaign 5 of the first quarter."""

    def active(self) -> dict[Quarter, Generation]:
        return {Quarter.FIRST: GENERATION}

    def lineup(self, generation: Generation, quarter: Quarter, campaign_id: int) -> Lineup | None:
        if campaign_id != 5:
            return None
        return Lineup(5, quarter, generation, RuleName.MOST_CLICKS, 0, 5, (), ())


@pytest.fixture
def reporting() -> Reporting:
    """Reporting on a database that nobody may ask, since there is none."""
    memory, database = cast("LineupReader", Memory()), cast("CampaignReader", None)
    return Reporting(memory, database, lambda: ["database"])


@pytest.mark.parametrize(
    "ask",
    [
        lambda reporting: reporting.report("5", Quarter.FIRST, None),
        lambda reporting: reporting.report("5", Quarter.FIRST, 1),
        lambda reporting: reporting.lineup("5", Quarter.FIRST, 1),
    ],
    ids=["report", "report on a preview", "preview"],
)
def test_what_the_database_alone_knows_is_refused_at_once(
    reporting: Reporting, ask: Callable[[Reporting], object]
) -> None:
    with pytest.raises(StoreUnavailable, match="the database, which is out of reach"):
        ask(reporting)


def test_what_is_known_without_it_is_told(reporting: Reporting) -> None:
    assert reporting.lineup("5", Quarter.FIRST, None).lineup.campaign_id == 5
    with pytest.raises(UnknownCampaign):
        reporting.report("6", Quarter.FIRST, None)
    with pytest.raises(InvalidCampaignId):
        reporting.report("six", Quarter.FIRST, None)
