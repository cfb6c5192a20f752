"""The geometry of charts, which templates draw as SVG.

Horizontal lengths are percentages of a chart's width, vertical ones are pixels, so that a chart
fits any screen while its text keeps its size. All arithmetic is in integers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from banners.core.figures import Figures
from banners.core.model import Quarter
from banners.core.totals import NOTHING
from banners.reports.figures import NO_VALUE, Money, Row, Shown, exactly, percent
from banners.reports.reader import QuarterTotals

MOST_BARS = 20
"""Maximum number of bars in a chart; the table has all banners."""

BAR_STEP = 36
"""Height of a bar and the line of text above it, in pixels."""

CUT_STEP = 28
"""Additional height of the line that marks the cut, in pixels."""

COLUMN_PIXELS = 140
"""Height of the tallest column, in pixels."""

# Height of the text above the tallest column, and of the text below all columns, in pixels.
_ABOVE, _BELOW = 22, 28


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, and the text above it.

    Args:
        label: what the bar measures, such as a banner's id.
        value: its value as text.
        top: where its line begins, in pixels from the top.
        length: its length, as a percentage for SVG.
        inner: the length of the lineup's part of it; empty if the chart does not distinguish it.
        kind: its colour: that of ``lineup``, ``fill`` or ``no``.
    """

    label: str
    value: str
    top: int
    length: str
    inner: str = ""
    kind: Shown = Shown.NO


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of bars, one below the other.

    Args:
        name: identifies the chart on its page.
        title: what it shows.
        description: a sentence for screen readers.
        bars: the bars, from the top.
        cut: the position of the line after the lineup's last banner, in pixels from the top; None
            for no line.
        height: its total height, in pixels.
    """

    name: str
    title: str
    description: str
    bars: Sequence[Bar]
    cut: int | None
    height: int


@dataclass(frozen=True, slots=True)
class ColumnBar:
    """A quarter's column.

    Args:
        quarter: the quarter of the hour.
        value: its value as text.
        left: its left edge, as a percentage.
        middle: its centre, as a percentage.
        top: its upper edge, in pixels from the top.
        height: its height, in pixels.
        current: whether the report is on this quarter.
    """

    quarter: Quarter
    value: str
    left: str
    middle: str
    top: int
    height: int
    current: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of the four quarters, side by side.

    Args:
        title: what it shows.
        description: a sentence for screen readers.
        columns: one for each quarter.
        wide: the width of each column, as a percentage.
        base: the lower edge of all columns, in pixels from the top.
        height: its total height, in pixels.
    """

    title: str
    description: str
    columns: Sequence[ColumnBar]
    wide: str
    base: int
    height: int


def revenue_chart(rows: Sequence[Row], money: Money) -> Bars:
    """Return a bar of revenue for each of the best candidates, with the cut below the lineup.

    Args:
        rows: the candidates, best first.
        money: writes the amounts.
    """
    drawn = rows[:MOST_BARS]
    largest = max((row.figures.revenue_micros for row in drawn), default=0)
    picked = sum(row.position is not None for row in drawn)
    is_cut = 0 < picked < len(drawn)
    bars = [
        Bar(
            label=str(row.banner_id),
            value=money(row.figures.revenue),
            top=place * BAR_STEP + (CUT_STEP if is_cut and place >= picked else 0),
            length=_share(row.figures.revenue_micros, largest),
            kind=row.shown,
        )
        for place, row in enumerate(drawn)
    ]
    description = f"Revenue of {_which(drawn, rows)}, highest first"
    if bars:
        description += f", from {bars[0].value} down to {bars[-1].value}"
    if is_cut:
        last = drawn[picked - 1].banner_id
        description += f"; a line after banner {last} marks where the lineup ends"
    return Bars(
        name="revenue",
        title="Revenue by banner",
        description=f"{description}.",
        bars=bars,
        cut=picked * BAR_STEP if is_cut else None,
        height=len(bars) * BAR_STEP + (CUT_STEP if is_cut else 0),
    )


def funnel_chart(total: Figures, lineup: Figures) -> Bars:
    """Return bars of impressions, clicks and conversions, with the lineup's part of each.

    Args:
        total: the figures of all candidates.
        lineup: the figures of the lineup's banners, which are among the candidates.
    """
    steps = [
        ("Impressions", total.impressions, lineup.impressions, ""),
        ("Clicks", total.clicks, lineup.clicks, _after(total.click_rate, "impressions")),
        (
            "Conversions",
            total.conversions,
            lineup.conversions,
            _after(total.conversion_rate, "clicks"),
        ),
    ]
    largest = max(count for _, count, _, _ in steps)
    bars = [
        Bar(
            label=label,
            value=f"{count:,}{rate}",
            top=place * BAR_STEP,
            length=_share(count, largest),
            inner=_share(part, largest),
        )
        for place, (label, count, part, rate) in enumerate(steps)
    ]
    parts = "; ".join(
        f"{label.lower()} {count:,}{rate}, of which {part:,} are the lineup's"
        for label, count, part, rate in steps
    )
    description = f"{parts[0].upper()}{parts[1:]}."
    title = "From impressions to conversions"
    return Bars("funnel", title, description, bars, None, len(bars) * BAR_STEP)


def quarters_chart(totals: Mapping[Quarter, QuarterTotals], current: Quarter) -> Columns | None:
    """Return a column of revenue for each quarter of the hour; None without any revenue.

    Args:
        totals: the sums over the campaign's banners, for each quarter in which it has any.
        current: the quarter of the report.
    """
    figures = {each: totals[each].figures if each in totals else NOTHING for each in Quarter}
    earned = {each: found.revenue_micros for each, found in figures.items()}
    amounts = {each: found.revenue for each, found in figures.items()}
    money = Money.fitting(amounts.values())
    texts = {each: money(amounts[each]) if each in totals else NO_VALUE for each in Quarter}
    largest = max(earned.values())
    if not largest:
        return None
    columns = []
    for place, quarter in enumerate(Quarter):
        height = earned[quarter] * COLUMN_PIXELS // largest
        columns.append(
            ColumnBar(
                quarter=quarter,
                value=texts[quarter],
                left=f"{25 * place + 6}%",
                middle=f"{25 * place + 12}.5%",
                top=_ABOVE + COLUMN_PIXELS - height,
                height=height,
                current=quarter == current,
            )
        )
    parts = ", ".join(
        f"quarter {int(each)} {exactly(amounts[each]) if each in totals else 'no banners'}"
        for each in Quarter
    )
    return Columns(
        title="Revenue in the four quarters of the hour",
        description=f"{parts[0].upper()}{parts[1:]}.",
        columns=columns,
        wide="13%",
        base=_ABOVE + COLUMN_PIXELS,
        height=_ABOVE + COLUMN_PIXELS + _BELOW,
    )


def _which(drawn: Sequence[Row], rows: Sequence[Row]) -> str:
    if len(rows) == 1:
        return "the only banner"
    if len(drawn) < len(rows):
        return f"the best {len(drawn)} of {len(rows)} banners"
    return f"all {len(rows)} banners"


def _after(rate: Decimal | None, step: str) -> str:
    return "" if rate is None else f" · {percent(rate)} of {step}"


def _share(part: int, total: int) -> str:
    """Return a share as a percentage for SVG; a share above zero is long enough to be seen."""
    if not part:
        return "0%"
    hundredths = max((10_000 * part + total // 2) // total, 30)
    return f"{hundredths // 100}.{hundredths % 100:02}%"
