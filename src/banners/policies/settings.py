"""What an installation decides about policies."""

from dataclasses import dataclass

HOLDOUT = 6
"""Number of the 64 lineups that are the rule's own, without the setting."""

THETA = 1 / 3
"""Share of the mean of the banners before it that a banner from the sixth place on must be expected
to earn, without the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """What an installation decides about policies.

    Args:
        holdout: how many of the 64 lineups are the rule's own, 0 to 32.
        theta: share of the mean of the banners before it that a banner from the sixth place on
            must be expected to earn, zero or more; 0 always gives ten places.
    """

    holdout: int = HOLDOUT
    theta: float = THETA
