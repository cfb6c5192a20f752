"""Reads what reports and previews show of a campaign, in a quarter and a generation."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign, State
from banners.core.model import Generation, Lineup, Quarter, parse_campaign_id
from banners.core.rule import line_up
from banners.core.showing import NO_GENERATION, no_candidates, showing
from banners.core.taking import shown_lineups
from banners.errors import (
    InvalidGeneration,
    NothingPublished,
    NotInQuarter,
    StoreUnavailable,
    UnknownCampaign,
    UnknownGeneration,
)
from banners.reports.outlook import Outlooks, outlooks_of
from banners.reports.reader import CampaignReader, Candidate, QuarterTotals
from banners.reports.taken_out import Left, left_of
from banners.serve.catalogued import off_since
from banners.serve.reader import LineupReader, read_lineup

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Read:
    """A lineup, and whether it is live.

    Args:
        lineup: what the rule picked.
        served: the number of the generation that is live in its quarter; None if there is none.
        generations: the generation that each quarter is compared in: the live one or, for
            a preview, the generation that is previewed.
    """

    lineup: Lineup
    served: int | None
    generations: Mapping[Quarter, Generation]

    @property
    def is_preview(self) -> bool:
        """Whether the lineup is of another generation than the live one."""
        return self.lineup.generation.number not in {self.served, NO_GENERATION.number}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report shows of a campaign in a quarter.

    Args:
        read: the lineup, and whether it is live.
        candidates: all of the campaign's banners in this quarter, best first.
        totals: the sums over the campaign's banners, for each quarter in which it has any.
        kept: the generations that are kept of this quarter, newest first.
        campaign: the campaign in the catalogue, which has the names; None if it is not in one.
        left: what the catalogue leaves of the candidates; None if there is no catalogue.
        outlooks: what a policy does with the candidates; None where the rule picks.
        changed: how many of the policy's lineups are shown with other banners than they were
            prepared with, as some are off now.
    """

    read: Read
    candidates: Sequence[Candidate]
    totals: Mapping[Quarter, QuarterTotals]
    kept: Sequence[Generation]
    campaign: CatalogueCampaign | None = None
    left: Left | None = None
    outlooks: Outlooks | None = None
    changed: int = 0

    @property
    def is_recorded(self) -> bool:
        """Whether the generation has figures of the campaign."""
        return self.read.lineup.generation != NO_GENERATION


@dataclass(frozen=True, slots=True)
class Reporting:
    """Reads reports.

    Args:
        reader: the tier that live lineups are read from.
        campaigns: reads what only the database has: candidates, totals and previews.
        out_of_reach: returns the names of the tiers that cannot be reached, so that no request
            waits for a database that is down.
    """

    reader: LineupReader
    campaigns: CampaignReader
    out_of_reach: Callable[[], Collection[str]] = tuple

    def lineup(self, campaign: str, quarter: Quarter, number: int | None) -> Read:
        """Read a lineup of the live generation, or of any generation that is kept.

        Args:
            campaign: the campaign's id, as the request has it.
            quarter: the quarter of the hour.
            number: the number of the generation; None for the live one.

        Raises:
            NoLineup: the id is malformed, or there is no such lineup.
            StoreUnavailable: the database, or all tiers, cannot be reached.
        """
        if number is None:
            # Live lineups are in the faster tiers, and so is the fact that a campaign has none.
            lineup = read_lineup(self.reader, parse_campaign_id(campaign), quarter)
            active = {**self.reader.active(), quarter: lineup.generation}
            return Read(lineup, lineup.generation.number, active)
        return self._preview(parse_campaign_id(campaign), quarter, number)

    def preview(
        self, campaign: str, quarter: Quarter, number: int, second: int
    ) -> tuple[Read, CatalogueCampaign | None, Candidates | None]:
        """Read what visitors would see if a generation that is kept were live.

        Args:
            campaign: see :meth:`lineup`.
            quarter: see :meth:`lineup`.
            number: the number of the generation.
            second: whole seconds since 1970 in UTC, for which the catalogue is applied.

        Returns:
            The lineup; the campaign in the catalogue; and its candidates as they were published,
            with what a policy prepared. Without a catalogue, the last two are None.

        Raises:
            NoLineup: see :meth:`lineup`; with a catalogue also if the campaign is not in it.
            CampaignOff: the campaign is not shown at this second.
            StoreUnavailable: see :meth:`report`.
        """
        read = self.lineup(campaign, quarter, number)
        names, campaign_id = self.campaigns.names, read.lineup.campaign_id
        if not names.has_catalogue():
            return read, None, None
        found = names.campaign(campaign_id)
        if found is None:
            raise UnknownCampaign(campaign_id, in_catalogue=True)
        if found.state(second) is not State.ON:
            raise off_since(found, {}, second)
        ranked = self.campaigns.candidates(read.lineup.generation, quarter, campaign_id)
        if ranked is None:
            raise _dropped(read.lineup.generation)
        lineup = line_up(showing(ranked, found, second).candidates)
        return replace(read, lineup=lineup), found, ranked

    def report(self, campaign: str, quarter: Quarter, number: int | None, second: int) -> Report:
        """Read a report.

        With a catalogue, the lineup is picked from the candidates that it leaves, as on the page
        that visitors see; and a campaign that is only in the catalogue has a report of zeros.

        Args:
            campaign: see :meth:`lineup`.
            quarter: see :meth:`lineup`.
            number: see :meth:`lineup`.
            second: whole seconds since 1970 in UTC, for which the catalogue is applied.

        Raises:
            NoLineup: the id is malformed, or there is no such lineup.
            StoreUnavailable: the database cannot be reached, or the generation was dropped during
                the read.
        """
        try:
            read = self.lineup(campaign, quarter, number)
        except (NothingPublished, NotInQuarter, UnknownCampaign):
            if number is not None or "database" in self.out_of_reach():
                raise
            named = self.campaigns.names.campaign(parse_campaign_id(campaign))
            if named is None:
                raise
            return self._unrecorded(named, quarter, second)
        self._check_database()
        campaign_id, generation = read.lineup.campaign_id, read.lineup.generation
        candidates = self.campaigns.candidates(generation, quarter, campaign_id)
        totals = self.campaigns.totals(read.generations, campaign_id)
        if candidates is None or quarter not in totals:
            raise _dropped(generation)
        kept = self.campaigns.generations().get(quarter, ())
        if not self.campaigns.names.has_catalogue():
            placed = _placed(candidates, len(read.lineup.banners))
            return Report(read, placed, totals, kept)
        named = self.campaigns.names.campaign(campaign_id)
        return self._under_catalogue(Report(read, (), totals, kept, named), candidates, second)

    def is_published(self, campaign_id: int) -> bool:
        """Return whether a live generation of any quarter has the campaign.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        return bool(self.campaigns.totals(self.reader.active(), campaign_id))

    def _unrecorded(self, named: CatalogueCampaign, quarter: Quarter, second: int) -> Report:
        """Return the report on a campaign that the live generation has no figures of."""
        active = self.reader.active()
        served = active[quarter].number if quarter in active else None
        nothing = no_candidates(named.campaign_id, quarter)
        report = Report(
            Read(line_up(nothing), served, active),
            (),
            self.campaigns.totals(active, named.campaign_id),
            self.campaigns.generations().get(quarter, ()),
            named,
        )
        return self._under_catalogue(report, nothing, second)

    def _under_catalogue(self, report: Report, ranked: Candidates, second: int) -> Report:
        """Return a report with what the catalogue leaves of the candidates, in each quarter."""
        left = left_of(ranked, report.campaign, second)
        lineup = line_up(left.candidates)
        is_on = report.campaign is not None and not left.campaign_off
        lineups = shown_lineups(ranked, left.candidates) if is_on else []
        out = ranked.among(left.out)
        placed = [
            *_placed(left.candidates, len(lineup.banners)),
            *(Candidate(each, None, left.out[each.banner_id]) for each in out.first(len(out))),
        ]
        return replace(
            report,
            read=replace(report.read, lineup=lineup),
            candidates=placed,
            totals={
                quarter: self._totals_left(report, quarter, totals, second)
                for quarter, totals in report.totals.items()
            },
            left=left,
            outlooks=outlooks_of(ranked) if is_on else None,
            changed=sum(each.is_paused for each in lineups),
        )

    def _totals_left(
        self, report: Report, quarter: Quarter, totals: QuarterTotals, second: int
    ) -> QuarterTotals:
        """Return the totals of a quarter with what the rule picks from the candidates left."""
        campaign_id = report.read.lineup.campaign_id
        ranked = self.campaigns.candidates(report.read.generations[quarter], quarter, campaign_id)
        if ranked is None:  # it has just been dropped
            return totals
        left = left_of(ranked, report.campaign, second).candidates
        lineup = line_up(left)
        return replace(
            totals,
            rule=lineup.rule,
            converting=lineup.converting,
            picked=len(lineup.banners),
            candidates=len(left),
        )

    def _check_database(self) -> None:
        # A request that waits for a hanging database keeps a thread that other requests need.
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
        candidates = self.campaigns.candidates(found[quarter], quarter, campaign_id)
        if candidates is None:
            elsewhere = sorted(self.campaigns.totals(found, campaign_id))
            if elsewhere:
                raise NotInQuarter(campaign_id, quarter, elsewhere, number)
            raise UnknownCampaign(campaign_id, number)
        active = self.reader.active()
        served = active[quarter].number if quarter in active else None
        return Read(line_up(candidates), served, active if number == served else found)


def _placed(candidates: Candidates, picked: int) -> list[Candidate]:
    """Return each candidate with its place in the lineup, which is the first ``picked`` of them."""
    return [
        Candidate(figures, place if place <= picked else None)
        for place, figures in enumerate(candidates.first(len(candidates)), start=1)
    ]


def _dropped(generation: Generation) -> StoreUnavailable:
    return StoreUnavailable(
        f"Generation {generation.number} was dropped while a report was read from it. Try again."
    )


def parse_generation(text: str) -> int:
    """Return the number of a generation that a text holds.

    Raises:
        InvalidGeneration: the text is not 1 to 18 ASCII digits, above zero.
    """
    if not _NUMBER.fullmatch(text) or int(text) == 0:
        raise InvalidGeneration(text)
    return int(text)
