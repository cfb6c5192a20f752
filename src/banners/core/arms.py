"""The two arms whose pages are compared, and their sums over slots."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from banners.core.views import Group


class ComparisonKind(StrEnum):
    """Which arms are compared; each kind answers another question (docs/policies.md)."""

    GUARD = "guard"
    """All pages of a policy against those of its holdout, which learns from the same data."""

    TRIAL = "trial"
    """The two arms of a trial, each of which learns from its own data only."""


ARMS: Mapping[Group, tuple[ComparisonKind, bool]] = {
    Group.RULE: (ComparisonKind.GUARD, False),
    Group.POLICY: (ComparisonKind.GUARD, True),
    Group.PROBE: (ComparisonKind.GUARD, True),
    Group.TRIAL_RULE: (ComparisonKind.TRIAL, False),
    Group.TRIAL_POLICY: (ComparisonKind.TRIAL, True),
}
"""For each group, the comparison that it is in, and whether it belongs to the policy's arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSums:
    """The sums of the two arms of a campaign, or of all campaigns together, over slots.

    Args:
        kind: which arms they are.
        slots: number of slots in which both arms had pages.
        last_slot: the last of these slots.
        pages: distinct views of the policy's arm that were seen in these slots.
        alternative_pages: those of the rule's arm.
        revenue_micros: revenue of the policy's arm in these slots, in millionths.
        alternative_revenue_micros: that of the rule's arm.
        conversions: conversions of the policy's arm.
        alternative_conversions: those of the rule's arm.
        a: sum of the policy's revenues, each scaled to all pages of its slot, in millionths.
        b: sum of the rule's revenues, scaled alike.
        aa: sum of the squares of the policy's scaled revenues.
        bb: sum of the squares of the rule's scaled revenues.
        ab: sum of the products of both.
    """

    kind: ComparisonKind
    slots: int
    last_slot: int
    pages: int
    alternative_pages: int
    revenue_micros: int
    alternative_revenue_micros: int
    conversions: int
    alternative_conversions: int
    a: float
    b: float
    aa: float
    bb: float
    ab: float
