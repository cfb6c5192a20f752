"""The port through which candidates are read, the same for all tiers, and their lineup."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from banners.core.candidates import Candidates
from banners.core.model import Generation, Lineup, Quarter
from banners.core.rule import line_up
from banners.errors import (
    NothingPublished,
    NotInQuarter,
    StoreError,
    StoreUnavailable,
    UnknownCampaign,
)

# Maximum number of tries to find a campaign while the live generations keep changing.
_TRIES = 10


class LineupReader(Protocol):
    """A tier that lineups are read from. Its answers for a generation never change.

    Each method raises StoreUnavailable if this tier and those behind it cannot be reached, and
    StoreClosed after it has been closed.
    """

    def active(self) -> Mapping[Quarter, Generation]:
        """Return the live generation of each quarter that has one."""
        ...

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        """Return the candidates of a campaign, ranked; None if the generation has none."""
        ...

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Return the ids of all candidates of all campaigns in a quarter, each once, sorted."""
        ...

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Return the ids of all campaigns that have candidates in a quarter, each once, sorted."""
        ...

    def records(self, generation: Generation, quarter: Quarter) -> Iterable[tuple[int, bytes]]:
        """Stream a quarter: each campaign with its record (banners.serve.packed)."""
        ...

    def close(self) -> None:
        """Release what the tier holds; nothing can be read from it afterwards."""
        ...


class LineupSource(LineupReader, Protocol):
    """A tier that can fill others, because it also reads the records of several campaigns."""

    def records_of(
        self, generation: Generation, quarter: Quarter, campaign_ids: Sequence[int]
    ) -> Mapping[int, bytes | StoreError]:
        """Read the records of some campaigns together; those without one are left out.

        Args:
            generation: the generation.
            quarter: the quarter of the hour.
            campaign_ids: the campaigns, each once; one or more.

        Returns:
            The record of each campaign, or the error that prevented reading it, which does not
            affect the others.
        """
        ...


class HeldQuarter(Protocol):
    """What a worker holds of a quarter in memory, available without waiting."""

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
        """The ids of all campaigns that have candidates, each once, sorted."""
        ...

    @property
    def inventory(self) -> Sequence[int]:
        """The ids of all candidates of all campaigns, each once, sorted."""
        ...

    def __contains__(self, campaign_id: int) -> bool:
        """Whether the campaign has a lineup."""
        ...

    def candidates(self, campaign_id: int) -> Candidates | None:
        """Return the candidates of a campaign; None if they are not held, or there are none."""
        ...

    def read_later(self, campaign_id: int) -> "Future[Candidates | None]":
        """Start to read the candidates of a campaign that are not held, without waiting for them.

        Reads that are started during another read are combined. The future returns None if the
        generation has been dropped meanwhile, and raises StoreError if they cannot be read.
        """
        ...


def read_lineup(reader: LineupReader, campaign_id: int, quarter: Quarter) -> Lineup:
    """Return the live lineup of a campaign in a quarter; see :func:`read_candidates`."""
    return line_up(read_candidates(reader, campaign_id, quarter))


def read_candidates(reader: LineupReader, campaign_id: int, quarter: Quarter) -> Candidates:
    """Return the candidates of a campaign in a quarter, by the live generation.

    Args:
        reader: the tier to read from.
        campaign_id: an id of 1 to 18 digits.
        quarter: the quarter of the hour.

    Raises:
        NothingPublished: no quarter has been published.
        NotInQuarter: the campaign has banners in other quarters only.
        UnknownCampaign: the campaign has no banners in any published quarter.
        StoreUnavailable: no tier can be reached, or the live generations kept changing.

    Source: docs/rule.md, "Odd requests".
    """
    active = reader.active()
    for _ in range(_TRIES):
        if not active:
            raise NothingPublished
        if quarter in active:
            candidates = reader.candidates(active[quarter], quarter, campaign_id)
            if candidates is not None:
                return candidates
        elsewhere = [
            other
            for other, generation in sorted(active.items())
            if other != quarter and reader.candidates(generation, other, campaign_id) is not None
        ]
        # The generation may have been replaced, and then dropped, in the meantime.
        before, active = active, reader.active()
        if active != before:
            continue
        if elsewhere:
            raise NotInQuarter(campaign_id, quarter, elsewhere)
        raise UnknownCampaign(campaign_id)
    raise StoreUnavailable(
        f"The live generations changed {_TRIES} times while campaign {campaign_id} was read. "
        "Ask again."
    )
