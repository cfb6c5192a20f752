"""Which campaigns have a policy other than the rule, and which of their banners are candidates."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from banners.core.catalogue import CatalogueCampaign, State, Times
from banners.core.digest import Basis
from banners.core.model import Quarter
from banners.core.policy import PolicyName
from banners.core.slots import SLOT_SECONDS
from banners.policies.settings import PolicySettings

_AHEAD_SECONDS = 2 * SLOT_SECONDS
"""Seconds within which a banner must start to be published with those that are on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What an installation has decided about policies.

    Args:
        default_policy: the policy of campaigns for which the catalogue names none.
        settings: the settings of the policies.
        campaigns: returns the campaigns of the catalogue whose policy may be another than the rule.
        second: returns the second, since 1970 in UTC, for which lineups are made.
    """

    default_policy: PolicyName
    settings: PolicySettings
    campaigns: Callable[[], Iterable[CatalogueCampaign]]
    second: Callable[[], int]

    def wanted(self) -> "Wanted":
        """Return the campaigns and banners to prepare lineups of."""
        second = self.second()
        found: dict[PolicyName, dict[int, list[int]]] = defaultdict(dict)
        for campaign in self.campaigns():
            policy = PolicyName(campaign.policy or self.default_policy)
            banners = [each.banner_id for each in campaign.banners if _is_due(each, second)]
            if policy is not PolicyName.RULE and banners and _is_due(campaign, second):
                found[policy][campaign.campaign_id] = sorted(banners)
        return Wanted(self.default_policy, self.settings, found)


def _is_due(times: Times, second: int) -> bool:
    """Return whether it is on now, or starts while what is published now is served."""
    state = times.state(second)
    soon = times.starts is not None and times.starts < second + _AHEAD_SECONDS
    return state is State.ON or (state is State.STARTS and soon)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The campaigns to prepare lineups of, with the banners of each, by policy.

    Args:
        default_policy: the policy of campaigns for which the catalogue names none.
        settings: the settings of the policies.
        campaigns: the banners of each campaign, sorted, by policy and campaign.
    """

    default_policy: PolicyName
    settings: PolicySettings
    campaigns: Mapping[PolicyName, Mapping[int, Sequence[int]]]

    def basis(self, other: Basis, others: Mapping[Quarter, str]) -> Basis:
        """Return what decides the result of a quarter, with all that the policies use.

        Args:
            other: what decides it under the rule.
            others: the digest of the events of each other quarter.
        """
        named = {policy: sorted(campaigns.items()) for policy, campaigns in self.campaigns.items()}
        candidates = hashlib.sha256(repr(sorted(named.items())).encode()).hexdigest()
        settings = {
            "holdout": str(self.settings.holdout),
            "theta": str(self.settings.theta),
            "candidates": candidates,
        }
        return replace(other, policy=self.default_policy.value, settings=settings, others=others)
