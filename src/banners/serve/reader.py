"""How a lineup is read, whatever tier it comes from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from banners.errors import NothingPublished, NotInQuarter, StoreUnavailable, UnknownCampaign
from banners.model import Generation, Lineup, Quarter

# So often a campaign is looked for while what is served keeps changing.
_TRIES = 10


class LineupReader(Protocol):
    """A tier that lineups are read from. What it answers for a generation never changes.

    Each method raises StoreUnavailable where this tier and those behind it are out of reach, and
    StoreClosed once it has been closed.
    """

    def active(self) -> Mapping[Quarter, Generation]:
        """Tell the generation that is served in each quarter; {} for none."""
        ...

    def lineup(self, generation: Generation, quarter: Quarter, campaign_id: int) -> Lineup | None:
        """Read the lineup of a campaign; None where the generation has none of it."""
        ...

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the ids of all candidates of all campaigns in a quarter, each once, sorted."""
        ...

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the ids of all campaigns that have a lineup in a quarter, each once, sorted."""
        ...

    def records(self, generation: Generation, quarter: Quarter) -> Iterable[tuple[int, bytes]]:
        """Stream all lineups of a quarter: each campaign with its record (banners.record)."""
        ...

    def close(self) -> None:
        """Let go of what the tier holds; nothing can be read from it any more."""
        ...


class HeldQuarter(Protocol):
    """What a worker holds of a quarter in memory, to be had without waiting for anybody."""

    @property
    def generation(self) -> Generation:
        """The generation that is held."""
        ...

    @property
    def quarter(self) -> Quarter:
        """The quarter of the hour."""
        ...

    @property
    def campaigns(self) -> Sequence[int]:
        """The ids of all campaigns that have a lineup, each once, sorted."""
        ...

    @property
    def inventory(self) -> Sequence[int]:
        """The ids of all candidates of all campaigns, each once, sorted."""
        ...

    def __contains__(self, campaign_id: int) -> bool:
        """Whether the campaign has a lineup."""
        ...

    def lineup(self, campaign_id: int) -> Lineup | None:
        """Read the lineup of a campaign; None where it is not held, or not there at all."""
        ...


def read_lineup(reader: LineupReader, campaign_id: int, quarter: Quarter) -> Lineup:
    """Read what a campaign shows in a quarter.

    Args:
        reader: the tier to read from.
        campaign_id: 1 to 18 digits.
        quarter: the quarter asked for.

    Raises:
        NothingPublished: no quarter has been published.
        NotInQuarter: the campaign has banners in other quarters only.
        UnknownCampaign: the campaign has no banners in any published quarter.
        StoreUnavailable: the tier cannot be reached, or what is served never stays the same.

    Source: docs/rule.md, "Odd requests".
    """
    active = reader.active()
    for _ in range(_TRIES):
        if not active:
            raise NothingPublished
        if quarter in active:
            lineup = reader.lineup(active[quarter], quarter, campaign_id)
            if lineup is not None:
                return lineup
        elsewhere = [
            other
            for other, generation in sorted(active.items())
            if other != quarter and reader.lineup(generation, other, campaign_id) is not None
        ]
        # Not found may also mean that the generation was replaced, and then dropped, meanwhile.
        before, active = active, reader.active()
        if active != before:
            continue
        if elsewhere:
            raise NotInQuarter(campaign_id, quarter, elsewhere)
        raise UnknownCampaign(campaign_id)
    raise StoreUnavailable(
        f"What is served has changed {_TRIES} times while campaign {campaign_id} was looked for. "
        "Ask again."
    )
