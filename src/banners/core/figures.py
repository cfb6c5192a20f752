"""The four figures of banners and campaigns, and the rates that follow from them.

Revenue is counted in whole millionths ("micros"), which add up without rounding (docs/adr/0006).
Only this module converts them to decimals, and :mod:`banners.reports.arrow` whole columns of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

_PLACES = 6
MICROS = 10**_PLACES
"""Number of millionths in one unit of revenue."""

MOST_MICROS = 2**63 - 1
"""The largest revenue, in millionths, that a 64-bit column holds."""


def as_decimal(micros: int) -> Decimal:
    """Return an amount in millionths as an exact decimal with six places."""
    return Decimal(micros).scaleb(-_PLACES)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a banner, or the sums over several banners.

    Args:
        impressions: rows of the impressions file.
        clicks: distinct click ids.
        conversions: distinct conversion ids whose click was accepted in the same quarter.
        revenue_micros: exact sum of the conversions' revenues, in millionths.
    """

    impressions: int
    clicks: int
    conversions: int
    revenue_micros: int

    @staticmethod
    def sum_of(parts: "Iterable[Figures]") -> "Figures":
        """Return the sums of figures, exactly; without any, zeros."""
        seen = list(parts)
        return Figures(**{name: sum(getattr(each, name) for each in seen) for name in FIGURE_NAMES})

    @property
    def revenue(self) -> Decimal:
        """The revenue as an exact decimal with six places."""
        return as_decimal(self.revenue_micros)

    @property
    def click_rate(self) -> Decimal | None:
        """Clicks for each impression, to six places; None without impressions."""
        return _ratio(self.clicks, self.impressions)

    @property
    def conversion_rate(self) -> Decimal | None:
        """Conversions for each click, to six places; None without clicks."""
        return _ratio(self.conversions, self.clicks)

    @property
    def revenue_per_thousand(self) -> Decimal | None:
        """Revenue for every thousand impressions, to six places; None without impressions."""
        return _ratio(self.revenue_micros, 1_000 * self.impressions)


FIGURE_NAMES = tuple(each.name for each in fields(Figures))
"""The names of the four figures, and of their columns in every table."""


def _ratio(part: int, total: int) -> Decimal | None:
    """Divide to six places, half rounded up. Whole numbers keep it exact at any size."""
    if total == 0:
        return None
    return as_decimal((2 * MICROS * part + total) // (2 * total))
