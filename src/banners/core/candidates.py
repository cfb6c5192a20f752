"""A campaign's candidates in a quarter, as columns, so that many of them take little memory."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress

from banners.core.figures import FIGURE_NAMES
from banners.core.model import Generation, Performance, Quarter
from banners.core.policy import PreparedLineups

COLUMNS = ("banner_id", *FIGURE_NAMES)
"""The names of a candidate's numbers, in the order of the columns, as tables of candidates name
them."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of a campaign, in the order of :data:`banners.core.rule.RANKING`, best first.

    Every column is a tuple, an array or a view of bytes of the same length, and the numbers at the
    same index belong to the same banner.

    Args:
        campaign_id: 1 to 18 digits.
        quarter: the quarter of the hour.
        generation: the generation that they were read from.
        banner_ids: their ids, each once.
        impressions: their impressions.
        clicks: their clicks, which are above zero where the revenue is.
        conversions: their conversions.
        revenue_micros: their revenue in millionths.
        prepared: the lineups that a policy prepared of them, as indexes into the columns; None
            under the rule.
    """

    campaign_id: int
    quarter: Quarter
    generation: Generation
    banner_ids: Sequence[int]
    impressions: Sequence[int]
    clicks: Sequence[int]
    conversions: Sequence[int]
    revenue_micros: Sequence[int]
    prepared: PreparedLineups | None = field(default=None, kw_only=True)

    @property
    def columns(self) -> tuple[Sequence[int], ...]:
        """All columns, in the order of :data:`COLUMNS`."""
        return (
            self.banner_ids,
            self.impressions,
            self.clicks,
            self.conversions,
            self.revenue_micros,
        )

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.banner_ids)

    def first(self, most: int) -> Iterator[Performance]:
        """Yield the best candidates with their figures, ``most`` at the most."""
        for banner_id, *figures in zip(*(each[:most] for each in self.columns), strict=True):
            yield Performance(*figures, banner_id=banner_id)

    def among(self, banner_ids: Collection[int]) -> "Candidates":
        """Return those that are among some banners, in the same order.

        If any is not, there are no prepared lineups, since these are of all candidates.

        Args:
            banner_ids: ids of banners, also of others; a set or a mapping is the fastest.
        """
        kept = [each in banner_ids for each in self.banner_ids]
        if all(kept):
            return self
        columns = (tuple(compress(column, kept)) for column in self.columns)
        return Candidates(self.campaign_id, self.quarter, self.generation, *columns)
