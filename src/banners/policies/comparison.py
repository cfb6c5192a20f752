"""What a policy earns compared with the rule, by the guard or by a trial."""

from dataclasses import dataclass

from banners.core.arms import ArmSums, ComparisonKind
from banners.core.slots import slot_name
from banners.policies.guard import (
    LEAST_CONVERSIONS,
    LEAST_SLOTS,
    Interval,
    Moments,
    guard_sentence,
    signed,
    trial_sentence,
)

# The policy's arm, the rule's arm, and the arm whose conversions are counted.
_ARMS = {
    ComparisonKind.GUARD: ("the policy", "the holdout", "the holdout"),
    ComparisonKind.TRIAL: ("the arm that learns", "the rule's arm", "the arm with fewer"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a policy earns compared with the rule, in a campaign or in all together.

    Args:
        kind: which arms were compared. A guard and a trial answer different questions.
        interval: the interval of the lift; without bounds while there are too few data.
        slots: number of slots that were compared.
        last_slot: the last of them.
        pages: distinct views of the policy's arm that were seen.
        alternative_pages: those of the rule's arm.
        revenue_micros: revenue of the policy's arm in these slots, in millionths.
        alternative_revenue_micros: that of the rule's arm.
        conversions: conversions of the holdout or, in a trial, of the arm that has fewer.
    """

    kind: ComparisonKind
    interval: Interval
    slots: int
    last_slot: int
    pages: int
    alternative_pages: int
    revenue_micros: int
    alternative_revenue_micros: int
    conversions: int

    @property
    def sentence(self) -> str:
        """The result in a sentence."""
        enough = self.slots > LEAST_SLOTS and self.conversions >= LEAST_CONVERSIONS
        if enough and not self.interval.says_anything:
            _, rule, _ = _ARMS[self.kind]
            return f"Too early to say: {rule} has earned too little, or too unevenly, to compare."
        if self.kind is ComparisonKind.TRIAL:
            return trial_sentence(self.interval)
        return guard_sentence(self.interval)

    @property
    def data(self) -> str:
        """The data that it is based on, in a sentence."""
        policy, rule, smaller = _ARMS[self.kind]
        return (
            f"{self.slots:,} slots until {slot_name(self.last_slot)}: {self.pages:,} pages of "
            f"{policy}, {self.alternative_pages:,} of {rule}, and {self.conversions:,} conversions "
            f"of {smaller}."
        )

    @property
    def gain(self) -> str:
        """The interval alone, such as ``+2.0 % to +20.0 %``; empty while nothing can be said."""
        if not self.interval.says_anything:
            return ""
        return f"{signed(self.interval.lower)} to {signed(self.interval.upper)}"


def compare(sums: ArmSums) -> Comparison:
    """Return the comparison that follows from the sums over closed slots.

    Source: docs/policies.md, "Guard" and "Trial".
    """
    conversions = sums.alternative_conversions
    if sums.kind is ComparisonKind.TRIAL:
        conversions = min(conversions, sums.conversions)
    moments = Moments(sums.slots, conversions, sums.a, sums.b, sums.aa, sums.bb, sums.ab)
    interval = moments.interval()
    return Comparison(
        kind=sums.kind,
        # No arm can earn less than nothing, so the bound cannot be wrong for being nearer.
        interval=Interval(max(interval.lower, -1.0), interval.upper),
        slots=sums.slots,
        last_slot=sums.last_slot,
        pages=sums.pages,
        alternative_pages=sums.alternative_pages,
        revenue_micros=sums.revenue_micros,
        alternative_revenue_micros=sums.alternative_revenue_micros,
        conversions=conversions,
    )
