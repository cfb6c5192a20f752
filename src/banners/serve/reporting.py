"""What a report and a preview have in common: a campaign, a quarter and a generation in."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from banners.errors import (
    InvalidGeneration,
    NothingPublished,
    NotInQuarter,
    StoreUnavailable,
    UnknownCampaign,
    UnknownGeneration,
)
from banners.model import Generation, Lineup, Quarter, parse_campaign_id
from banners.serve.reader import LineupReader, read_lineup
from banners.serve.report import CampaignReader, Candidate, QuarterTotals

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Read:
    """A lineup that was read, and how it stands to what is served.

    Args:
        lineup: what the rule picked.
        served: the number of what is served in its quarter; None for nothing.
        generations: what its generation is in each quarter that has one: of what is served, the
            generation served there; of a preview, always the same.
    """

    lineup: Lineup
    served: int | None
    generations: Mapping[Quarter, Generation]

    @property
    def is_preview(self) -> bool:
        """Whether it is not what is served."""
        return self.lineup.generation.number != self.served


@dataclass(frozen=True, slots=True)
class Report:
    """All that there is to tell of a campaign in a quarter.

    Args:
        read: the lineup, and how it stands to what is served.
        candidates: all of the campaign's banners in this quarter, best first.
        totals: the campaign as a whole, in each quarter in which it has banners.
        kept: the generations kept of this quarter, the newest first.
    """

    read: Read
    candidates: Sequence[Candidate]
    totals: Mapping[Quarter, QuarterTotals]
    kept: Sequence[Generation]


@dataclass(frozen=True, slots=True)
class Reporting:
    """Reads reports.

    Args:
        reader: the tier that what is served is read from.
        campaigns: what reports and previews are read from.
        out_of_reach: names the tiers that cannot be reached, so that nobody waits for the database.
    """

    reader: LineupReader
    campaigns: CampaignReader
    out_of_reach: Callable[[], Collection[str]] = tuple

    def lineup(self, campaign: str, quarter: Quarter, number: int | None) -> Read:
        """Read a lineup, of what is served or of any generation that is kept.

        Args:
            campaign: the campaign's id, as somebody wrote it.
            quarter: the quarter of the hour.
            number: of the generation; None for what is served.

        Raises:
            NoLineup: it is no id, or there is no such lineup.
            StoreUnavailable: the database, or all tiers, cannot be reached.
        """
        if number is None:
            # What is served is known without the database, and so is that it has no such campaign.
            lineup = read_lineup(self.reader, parse_campaign_id(campaign), quarter)
            active = {**self.reader.active(), quarter: lineup.generation}
            return Read(lineup, lineup.generation.number, active)
        return self._preview(parse_campaign_id(campaign), quarter, number)

    def report(self, campaign: str, quarter: Quarter, number: int | None) -> Report:
        """Read all that there is to tell of a campaign.

        Args:
            campaign: see :meth:`lineup`; likewise the others.
            quarter: see above.
            number: see above.

        Raises:
            NoLineup: it is no id, or there is no such lineup.
            StoreUnavailable: the database cannot be reached, or has just dropped what was read.
        """
        read = self.lineup(campaign, quarter, number)
        self._check_database()
        campaign_id, generation = read.lineup.campaign_id, read.lineup.generation
        candidates = self.campaigns.candidates(generation, quarter, campaign_id)
        totals = self.campaigns.totals(read.generations, campaign_id)
        if not candidates or quarter not in totals:
            raise StoreUnavailable(
                f"Generation {generation.number} has been dropped while a report was read from it. "
                "Ask again."
            )
        return Report(read, candidates, totals, self.campaigns.generations().get(quarter, ()))

    def _check_database(self) -> None:
        # Each who waited for a database that hangs would take a thread from somebody else.
        if "database" in self.out_of_reach():
            raise StoreUnavailable(
                "Reports and previews are read from the database, which is out of reach."
            )

    def _preview(self, campaign_id: int, quarter: Quarter, number: int) -> Read:
        self._check_database()
        kept = self.campaigns.generations()
        if not kept:
            raise NothingPublished
        found = {
            each: generation
            for each, generations in sorted(kept.items())
            for generation in generations
            if generation.number == number
        }
        if quarter not in found:
            numbers = [generation.number for generation in kept.get(quarter, ())]
            raise UnknownGeneration(number, quarter, numbers)
        lineup = self.campaigns.lineup(found[quarter], quarter, campaign_id)
        if lineup is None:
            elsewhere = sorted(self.campaigns.totals(found, campaign_id))
            if elsewhere:
                raise NotInQuarter(campaign_id, quarter, elsewhere, number)
            raise UnknownCampaign(campaign_id, number)
        active = self.reader.active()
        served = active[quarter].number if quarter in active else None
        return Read(lineup, served, active if number == served else found)


def parse_generation(text: str) -> int:
    """Read the number of a generation that somebody wrote.

    Raises:
        InvalidGeneration: it is not 1 to 18 ASCII digits, above zero.
    """
    if not _NUMBER.fullmatch(text) or int(text) == 0:
        raise InvalidGeneration(text)
    return int(text)
