"""The interface of a policy."""

from collections.abc import Iterator
from typing import Protocol

from banners.core.model import Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.policies.settings import PolicySettings
from banners.policies.window import Window

__all__ = ["Policy", "PolicySettings"]


class Policy(Protocol):
    """What picks the lineups of campaigns.

    It is a pure function: no clock, no input or output, and all randomness follows from the digest
    and the campaign. So the same input gives the same lineups, whatever other campaigns there are.
    """

    @property
    def name(self) -> PolicyName:
        """The name by which settings and the catalogue choose it."""
        ...

    def prepare(
        self, window: Window, quarter: Quarter, digest: str, settings: PolicySettings
    ) -> Iterator[PreparedLineups]:
        """Prepare the lineups of each campaign, in the order of the campaigns.

        Args:
            window: the campaigns, their candidates and the figures of these.
            quarter: the quarter of the hour whose lineups are made.
            digest: the digest of everything that the lineups are made from.
            settings: what the installation decides.
        """
        ...
