"""What reports read from the database, as types and Protocols."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from banners.core.candidates import Candidates
from banners.core.figures import Figures, as_decimal
from banners.core.model import Generation, Performance, Quarter, RuleName
from banners.core.outcome import QuarterOutcome, as_json
from banners.reports.loop import LoopReader
from banners.reports.named import NameReader

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class KeptQuarter:
    """A quarter of a generation that is kept, either live or available for a rollback.

    Args:
        generation: the generation's number.
        quarter: the quarter of the hour, 1 to 4.
        served: whether it is live in this quarter.
        published_at: when it was published, in UTC, ISO 8601.
        engine: the engine that crunched it.
        source: the folder of its event files.
        rows: number of rows in these.
        outcome: what became of it in the run of the job that published it; None if the database
            keeps that in a form that cannot be read.
        held_since: since when a rollback holds the quarter on this generation, in UTC, ISO 8601;
            empty if it does not.
    """

    generation: int
    quarter: int
    served: bool
    published_at: str
    engine: str
    source: str
    rows: int
    outcome: QuarterOutcome | None
    held_since: str = ""

    @property
    def unaccepted(self) -> int | None:
        """How many of its rows were rejected or quarantined; None if that is not known."""
        accounting = self.outcome and self.outcome.accounting
        return accounting.unaccepted if accounting else None

    @property
    def summary(self) -> dict[str, Any] | None:
        """The outcome as one flat object, as ``banners crunch --json`` prints it, or None."""
        return as_json(self.outcome) if self.outcome else None

    def age(self, now: datetime) -> str:
        """Return the time since it was published as text, in its largest unit.

        Args:
            now: the current time, in any zone.
        """
        passed = (now - datetime.fromisoformat(self.published_at)).total_seconds()
        for seconds, unit in _UNITS:
            if (number := int(passed // seconds)) > 0:
                return f"{number} {unit}{'' if number == 1 else 's'}"
        return "less than a minute"


class CampaignOrder(enum.StrEnum):
    """What a list of campaigns may be sorted by; equal campaigns are sorted by their ids."""

    CAMPAIGN = "campaign_id"
    CONVERTING = "converting"
    BANNERS = "banners"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class CampaignsWanted:
    """Which campaigns of a quarter to list.

    Args:
        first: the position of the first campaign in the sorted list, from 0.
        most: maximum number of campaigns, 1 or more.
        beginning: the digits that ids begin with; empty for all campaigns.
        named: the ids of the campaigns that a search for a name has found, which are listed as well
            as those that begin so; None if no name is searched for.
        among: the ids of the campaigns to choose from; None for all campaigns.
        order: what the list is sorted by.
        descending: whether the largest value comes first.
    """

    first: int = 0
    most: int = 50
    beginning: str = ""
    named: frozenset[int] | None = None
    among: frozenset[int] | None = None
    order: CampaignOrder = CampaignOrder.CAMPAIGN
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ListedCampaign:
    """A campaign as a list shows it.

    Args:
        campaign_id: 1 to 18 digits.
        rule: the case of the rule that applied.
        converting: number of candidates that have revenue.
        slots: number of banners that the rule asks for, 5 to 10.
        banners: number of banners that the rule picked, 0 to 10.
        revenue_micros: the revenue of all the campaign's candidates, in millionths.
    """

    campaign_id: int
    rule: RuleName
    converting: int
    slots: int
    banners: int
    revenue_micros: int

    @property
    def revenue(self) -> Decimal:
        """The revenue as an exact decimal with six places."""
        return as_decimal(self.revenue_micros)


@dataclass(frozen=True, slots=True)
class ListedCampaigns:
    """A part of a list of campaigns, and how many campaigns the complete list has."""

    total: int
    campaigns: Sequence[ListedCampaign]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A banner that a campaign could show in a quarter.

    Args:
        figures: its performance.
        position: its place in the lineup, from 1; None if the rule did not pick it.
        out: why the catalogue keeps it from being shown, such as ``paused``; empty if it does not.
    """

    figures: Performance
    position: int | None
    out: str = ""


@dataclass(frozen=True, slots=True)
class QuarterTotals:
    """The sums over all candidates of a campaign in a quarter.

    Args:
        rule: the case of the rule that applied.
        converting: number of candidates that have revenue.
        picked: number of banners that the rule picked.
        candidates: number of banners that the rule could pick from.
        figures: the sums over all candidates.
    """

    rule: RuleName
    converting: int
    picked: int
    candidates: int
    figures: Figures


class CampaignReader(Protocol):
    """Reads what a report shows of a campaign, in any generation that is kept.

    Each method raises StoreUnavailable if the database cannot be reached.
    """

    @property
    def names(self) -> NameReader:
        """What people call campaigns and banners."""
        ...

    def generations(self) -> Mapping[Quarter, Sequence[Generation]]:
        """Return the generations that are kept of each quarter, newest first; {} for none."""
        ...

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        """Return the candidates of a campaign, ranked (docs/rule.md).

        None if the generation does not have the campaign, or is no longer kept.
        """
        ...

    def totals(
        self, generations: Mapping[Quarter, Generation], campaign_id: int
    ) -> Mapping[Quarter, QuarterTotals]:
        """Return the totals of a campaign for each given quarter in which it has candidates."""
        ...


class ReportReader(CampaignReader, LoopReader, Protocol):
    """Reads everything that reports show, from the database: no other tier has all of it.

    Each method raises StoreUnavailable if the database cannot be reached.
    """

    def kept(self) -> Sequence[KeptQuarter]:
        """Return every quarter of every generation that is kept, newest first."""
        ...

    def campaigns(
        self, generation: Generation, quarter: Quarter, wanted: CampaignsWanted
    ) -> ListedCampaigns:
        """Return some campaigns of a quarter; none if the generation is no longer kept."""
        ...

    def close(self) -> None:
        """Close the database; nothing can be read after that."""
        ...
