"""What a policy earns compared with an alternative, as an interval that is valid at any time.

It compares the revenue of two arms slot by slot: a policy and its holdout (the guard), or the two
arms of a trial. The interval may be looked at after every slot, and acted upon, without being wrong
more often than promised.

Source: docs/policies.md, "Guard". The confidence sequence is the asymptotic one of Waudby-Smith et
al. (2024), "Time-uniform central limit theory and asymptotic confidence sequences", with a normal
mixture; the interval of the ratio is Fieller's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, log, sqrt

ALPHA = 0.02
"""Share of installations for which the interval may ever be wrong. At 0.05, revenues with heavy
tails would make it wrong for 8 to 10 %."""

LEAST_SLOTS = 24
"""Number of slots that must be exceeded before an interval is given."""

LEAST_CONVERSIONS = 200
"""Number of conversions below which no interval is given: those of the holdout or, in a trial, of
the arm that has fewer."""

_NARROWEST = 96
"""Number of slots at which the interval is as narrow as possible."""


@dataclass(frozen=True, slots=True)
class SlotOfArm:
    """What one arm of a comparison did in a slot.

    Args:
        pages: distinct views that were seen.
        revenue: their revenue, in any unit.
        conversions: the number of their conversions.
    """

    pages: float
    revenue: float
    conversions: int


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of the lift: 0.1 means that the policy earns 10 % more than the alternative.

    Args:
        lower: the lower bound; -1 if nothing can be said.
        upper: the upper bound; infinite if nothing can be said.
    """

    lower: float = -1.0
    upper: float = inf

    @property
    def says_anything(self) -> bool:
        """Whether there were enough data."""
        return self.upper < inf


SILENT = Interval()


@dataclass(slots=True)
class Moments:
    """Sums over slots of the revenues of two arms, each scaled to all pages of its slot.

    Args:
        slots: the number of slots.
        conversions: conversions of the holdout or, in a trial, of the arm that has fewer.
        a: sum of the policy's revenues.
        b: sum of the alternative's revenues.
        aa: sum of the squares of the policy's revenues.
        bb: sum of the squares of the alternative's revenues.
        ab: sum of the products of both.
    """

    slots: int = 0
    conversions: int = 0
    a: float = 0.0
    b: float = 0.0
    aa: float = 0.0
    bb: float = 0.0
    ab: float = 0.0

    def add(self, policy: SlotOfArm, alternative: SlotOfArm) -> None:
        """Add a slot."""
        pages = policy.pages + alternative.pages
        a = policy.revenue * pages / max(policy.pages, 1)
        b = alternative.revenue * pages / max(alternative.pages, 1)
        self.slots += 1
        self.conversions += alternative.conversions
        self.a += a
        self.b += b
        self.aa += a * a
        self.bb += b * b
        self.ab += a * b

    def interval(self, alpha: float = ALPHA) -> Interval:
        """Return the interval of the lift that follows from the sums so far.

        With L = 1 + lift, it holds all L for which ``(mean(a) - L mean(b))²`` is at most
        ``h² var(a - L b)``: a quadratic inequality in L.

        Args:
            alpha: see :func:`lift_intervals`.
        """
        n = self.slots
        if n <= LEAST_SLOTS or self.conversions < LEAST_CONVERSIONS:
            return SILENT
        mean_a, mean_b = self.a / n, self.b / n
        correction = n / (n - 1)
        var_a = (self.aa / n - mean_a * mean_a) * correction
        var_b = (self.bb / n - mean_b * mean_b) * correction
        cov = (self.ab / n - mean_a * mean_b) * correction
        h2 = _half_width_squared(n, alpha)
        a = mean_b * mean_b - h2 * var_b
        b = -2 * (mean_a * mean_b - h2 * cov)
        c = mean_a * mean_a - h2 * var_a
        discriminant = b * b - 4 * a * c
        if a <= 0 or discriminant < 0:
            return SILENT
        root = sqrt(discriminant)
        return Interval((-b - root) / (2 * a) - 1, (-b + root) / (2 * a) - 1)


def lift_intervals(
    slots: Iterable[tuple[SlotOfArm, SlotOfArm]], alpha: float = ALPHA
) -> Sequence[Interval]:
    """Return the interval of the lift after each slot.

    Args:
        slots: what the policy and the alternative did in each slot, in order. The alternative is
            the smaller arm.
        alpha: probability that the true lift is ever outside, above 0 and below 1.
    """
    moments, found = Moments(), []
    for policy, alternative in slots:
        moments.add(policy, alternative)
        found.append(moments.interval(alpha))
    return found


def guard_sentence(interval: Interval) -> str:
    """Return what the guard says of a policy and its holdout, for people."""
    if not interval.says_anything:
        return (
            f"Too early to say: the holdout needs more than {LEAST_SLOTS} slots and at least "
            f"{LEAST_CONVERSIONS} conversions."
        )
    range_ = f"between {signed(interval.lower)} and {signed(interval.upper)}"
    if interval.upper < 0:
        return f"The policy earns less than the rule would now: {range_}. Consider the rule."
    if interval.lower > 0:
        return f"The policy earns more than the rule would now: {range_}."
    return f"The policy may earn more or less than the rule would now: {range_}."


def trial_sentence(interval: Interval) -> str:
    """Return what a trial says, for people."""
    if not interval.says_anything:
        return (
            f"Too early to say: each arm of the trial needs more than {LEAST_SLOTS} slots and at "
            f"least {LEAST_CONVERSIONS} conversions."
        )
    return (
        f"Learning earns between {signed(interval.lower)} and {signed(interval.upper)} compared "
        "with the rule alone."
    )


def _half_width_squared(slots: int, alpha: float) -> float:
    """Return the squared half width of the confidence sequence, in standard deviations."""
    rate = (-2 * log(alpha) + log(-2 * log(alpha)) + 1) / _NARROWEST
    scaled = slots * rate + 1
    return 2 * scaled / (slots * slots * rate) * log(sqrt(scaled) / alpha)


def signed(lift: float) -> str:
    """Return a lift in percent with its sign, such as ``+2.0 %``."""
    return f"{100 * lift:+,.1f} %"
