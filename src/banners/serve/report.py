"""How reports read the figures behind what is served, of any generation that is kept."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from banners.model import Generation, Lineup, Performance, Quarter, RuleName

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class KeptQuarter:
    """A quarter of a generation that is kept, to be served or to go back to.

    Args:
        generation: the generation's number.
        quarter: the quarter of the hour, 1 to 4.
        served: whether it is what is served in this quarter.
        published_at: when it was, in UTC, ISO 8601.
        engine: what crunched it.
        source: the folder that its event files were in.
        rows: how many rows these have.
        summary: what the job said of it (banners.job_report.as_json).
    """

    generation: int
    quarter: int
    served: bool
    published_at: str
    engine: str
    source: str
    rows: int
    summary: dict[str, Any]

    @property
    def unaccepted(self) -> int | None:
        """How many of its rows were rejected or quarantined; None where the job did not say."""
        accounts = self.summary.get("accounts")
        if not accounts:
            return None
        return sum(
            sum(account[outcome].values())
            for account in accounts
            for outcome in ("rejected", "quarantined")
        )

    def age(self, now: datetime) -> str:
        """Put the time since it was published into words, by its largest unit.

        Args:
            now: the time, of any zone.
        """
        passed = (now - datetime.fromisoformat(self.published_at)).total_seconds()
        for seconds, unit in _UNITS:
            if (number := int(passed // seconds)) > 0:
                return f"{number} {unit}{'' if number == 1 else 's'}"
        return "less than a minute"


class CampaignOrder(enum.StrEnum):
    """What campaigns may be listed by; those that are alike come by their ids."""

    CAMPAIGN = "campaign_id"
    CONVERTING = "converting"
    BANNERS = "banners"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class CampaignsWanted:
    """Which campaigns of a quarter to list.

    Args:
        first: the first of them, counted from 0 in the order asked for.
        most: how many at the most, 1 or more.
        beginning: the digits that their ids begin with; empty for all.
        order: what they are listed by.
        descending: whether the most comes first.
    """

    first: int = 0
    most: int = 50
    beginning: str = ""
    order: CampaignOrder = CampaignOrder.CAMPAIGN
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ListedCampaign:
    """A campaign as a list shows it.

    Args:
        campaign_id: 1 to 18 digits.
        rule: which case of the rule decided.
        converting: X, the number of candidates with revenue.
        slots: how many banners the rule asks for, 5 to 10.
        banners: how many it picked, 0 to 10.
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
        return Decimal(self.revenue_micros).scaleb(-6)


@dataclass(frozen=True, slots=True)
class ListedCampaigns:
    """Some campaigns, and how many there are of those asked for."""

    total: int
    campaigns: Sequence[ListedCampaign]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A banner that a campaign could show in a quarter.

    Args:
        figures: its performance.
        position: its place in the lineup, from 1; None where the rule did not pick it.
    """

    figures: Performance
    position: int | None


@dataclass(frozen=True, slots=True)
class QuarterTotals:
    """A campaign in a quarter, as a whole.

    Args:
        rule: which case of the rule decided.
        converting: X, the number of candidates with revenue.
        picked: how many banners the rule picked.
        candidates: how many banners there were to pick from.
        impressions: the sum over all candidates; likewise those that follow.
        clicks: see above.
        conversions: see above.
        revenue_micros: in millionths.
    """

    rule: RuleName
    converting: int
    picked: int
    candidates: int
    impressions: int
    clicks: int
    conversions: int
    revenue_micros: int


class CampaignReader(Protocol):
    """What the report on a campaign is read from, for any generation that is kept.

    Each method raises StoreUnavailable where it is out of reach.
    """

    def generations(self) -> Mapping[Quarter, Sequence[Generation]]:
        """List the generations that are kept of each quarter, the newest first; {} for none."""
        ...

    def lineup(self, generation: Generation, quarter: Quarter, campaign_id: int) -> Lineup | None:
        """Read the lineup of a campaign; None where the generation has none of it."""
        ...

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Sequence[Candidate]:
        """Read the candidates of a campaign, ranked as the rule ranks them (docs/rule.md).

        There are none where the generation knows nothing of the campaign, or is kept no more.
        """
        ...

    def totals(
        self, generations: Mapping[Quarter, Generation], campaign_id: int
    ) -> Mapping[Quarter, QuarterTotals]:
        """Sum up a campaign for each quarter of some generations, where it has candidates."""
        ...


class ReportReader(CampaignReader, Protocol):
    """What reports are read from: the database itself, since no other tier has all of it.

    Each method raises StoreUnavailable where it is out of reach.
    """

    def kept(self) -> Sequence[KeptQuarter]:
        """List every quarter of every generation that is kept, the newest first."""
        ...

    def campaigns(
        self, generation: Generation, quarter: Quarter, wanted: CampaignsWanted
    ) -> ListedCampaigns:
        """List campaigns of a quarter; none where the generation is not kept any more."""
        ...

    def close(self) -> None:
        """Let go of the database; nothing can be read from it any more."""
        ...
