"""What a policy does with the banners of a campaign, and what it expects of each, for reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banners.core.candidates import Candidates
from banners.core.policy import Expectation, PreparedLineups
from banners.policies.explain import explain_share
from banners.policies.interval import central_interval


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a policy does with a banner, and what it expects of it.

    Args:
        of_64: in how many of the prepared lineups it is.
        expected: what is expected of it; None if nothing is.
    """

    of_64: int
    expected: Expectation | None

    @property
    def expected_per_thousand(self) -> float | None:
        """Expected revenue per thousand impressions; None if nothing is expected."""
        return self.expected.per_thousand if self.expected else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of its revenue per thousand impressions; None if nothing is expected."""
        return central_interval(self.expected) if self.expected else None

    @property
    def rank(self) -> tuple[int, float]:
        """The key to sort banners by: those shown most first, then by expected revenue."""
        return -self.of_64, -(self.expected_per_thousand or 0)


@dataclass(frozen=True, slots=True)
class Outlooks:
    """What a policy does with all candidates of a campaign.

    Args:
        prepared: the lineups.
        counts: in how many of them each candidate is.
        places: the index of each candidate, by the id of its banner.
    """

    prepared: PreparedLineups
    counts: Sequence[int]
    places: Mapping[int, int]

    def of(self, banner_id: int) -> Outlook | None:
        """Return the outlook of a banner; None if it was not a candidate then."""
        place = self.places.get(banner_id)
        if place is None:
            return None
        return Outlook(self.counts[place], self.prepared.expected(place))

    def explain(self, banner_id: int) -> str:
        """Return a sentence that explains how often a candidate is shown."""
        banner = f"Banner {banner_id}"
        return explain_share(self.prepared, self.counts, self.places[banner_id], banner)


def outlooks_of(ranked: Candidates | None) -> Outlooks | None:
    """Return what a policy does with a campaign's candidates; None if the rule picks.

    Args:
        ranked: the candidates as they were published; None if they are not known.
    """
    if ranked is None or ranked.prepared is None:
        return None
    places = {each: place for place, each in enumerate(ranked.banner_ids)}
    return Outlooks(ranked.prepared, ranked.prepared.counts(len(places)), places)
