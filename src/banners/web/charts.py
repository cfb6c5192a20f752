"""The geometry of charts, which templates draw as SVG.

Lengths across are percentages of a chart's width, and lengths down are pixels: so a chart fits any
screen, while its words keep their size. All is reckoned in whole numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from banners.model import Quarter
from banners.serve.report import QuarterTotals
from banners.web.figures import NO_VALUE, Figures, Money, Row, Shown, exactly, percent

MOST_BARS = 20
"""A chart has so many bars at most; the table behind it has all banners."""

BAR_STEP = 36
"""A bar and the line of text above it take so many pixels."""

CUT_STEP = 28
"""The line that marks the cut takes so many pixels more."""

COLUMN_PIXELS = 140
"""The tallest column is so tall."""

# For the words above the tallest column, and for those below all of them.
_ABOVE, _BELOW = 22, 28


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, and what is written above it.

    Args:
        label: what it is of.
        value: its length in words.
        top: where its line begins, in pixels from the top.
        length: across, in percent, as SVG writes it.
        inner: the part of it that the lineup has; empty where that is not told apart.
        kind: how it is to look: ``lineup``, ``fill`` or ``no``.
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
        name: tells it from others on the page.
        title: what it shows.
        description: the same in a sentence, for those who cannot see it.
        bars: the bars, from the top.
        cut: where the line after the last banner of the lineup lies, in pixels from the top; None
            for no line.
        height: of the whole, in pixels.
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
        value: its height in words.
        left: where it begins, in percent.
        middle: where its middle is, in percent.
        top: where it begins, in pixels from the top.
        height: in pixels.
        current: whether it is the quarter that the report is on.
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
        description: the same in a sentence, for those who cannot see it.
        columns: one for each quarter.
        wide: how wide each is, in percent.
        base: where they stand, in pixels from the top.
        height: of the whole, in pixels.
    """

    title: str
    description: str
    columns: Sequence[ColumnBar]
    wide: str
    base: int
    height: int


def revenue_chart(rows: Sequence[Row], money: Money) -> Bars:
    """Draw the revenue of the best candidates, with the cut after the last of the lineup.

    Args:
        rows: the candidates, best first.
        money: how amounts are written.
    """
    drawn = rows[:MOST_BARS]
    picked = [row for row in rows if row.position is not None]
    description = f"Revenue of {_those(drawn, rows)}, the most first"
    if drawn:
        description += f", from {money(drawn[0].figures.revenue)}"
        description += f" down to {money(drawn[-1].figures.revenue)}"
    if 0 < len(picked) < len(drawn):
        description += f"; a line after banner {picked[-1].banner_id} marks where the lineup ends"
    return _bars(
        ("revenue", "Revenue by banner", f"{description}."),
        drawn,
        value=lambda figures: figures.revenue_micros,
        text=lambda figures: money(figures.revenue),
    )


def click_rate_chart(rows: Sequence[Row]) -> Bars:
    """Draw the click rate of the same candidates, in the same order."""
    drawn = rows[:MOST_BARS]
    return _bars(
        (
            "click-rate",
            "Click rate",
            f"Clicks for each impression, of {_those(drawn, rows)}, in order of revenue.",
        ),
        drawn,
        value=lambda figures: _millionths(figures.click_rate),
        text=lambda figures: percent(figures.click_rate),
    )


def revenue_per_thousand_chart(rows: Sequence[Row]) -> Bars:
    """Draw the revenue per thousand impressions of the same candidates, in the same order."""
    drawn = rows[:MOST_BARS]
    money = Money.fitting(row.figures.revenue_per_thousand for row in drawn)
    return _bars(
        (
            "revenue-per-thousand",
            "Revenue per thousand impressions",
            f"Revenue for 1,000 impressions, of {_those(drawn, rows)}, in order of revenue.",
        ),
        drawn,
        value=lambda figures: _millionths(figures.revenue_per_thousand),
        text=lambda figures: money(figures.revenue_per_thousand),
    )


def funnel_chart(whole: Figures, lineup: Figures) -> Bars:
    """Draw how many impressions led to clicks, and these to conversions.

    Args:
        whole: the figures of all candidates.
        lineup: those of the lineup's banners, which are part of them.
    """
    steps = [
        ("Impressions", whole.impressions, lineup.impressions, ""),
        ("Clicks", whole.clicks, lineup.clicks, _after(whole.click_rate, "impressions")),
        (
            "Conversions",
            whole.conversions,
            lineup.conversions,
            _after(whole.conversion_rate, "clicks"),
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
    told = "; ".join(
        f"{label.lower()} {count:,}{rate}, of which {part:,} are the lineup's"
        for label, count, part, rate in steps
    )
    description = f"{told[0].upper()}{told[1:]}."
    title = "From impressions to conversions"
    return Bars("funnel", title, description, bars, None, len(bars) * BAR_STEP)


def quarters_chart(totals: Mapping[Quarter, QuarterTotals], current: Quarter) -> Columns | None:
    """Draw the campaign's revenue in the four quarters of the hour; None where it has none.

    Args:
        totals: the campaign as a whole, in each quarter in which it has banners.
        current: the quarter that the report is on.
    """
    earned = {each: totals[each].revenue_micros if each in totals else 0 for each in Quarter}
    amounts = {each: Decimal(micros).scaleb(-6) for each, micros in earned.items()}
    money = Money.fitting(amounts.values())
    words = {each: money(amounts[each]) if each in totals else NO_VALUE for each in Quarter}
    largest = max(earned.values())
    if not largest:
        return None
    columns = []
    for place, quarter in enumerate(Quarter):
        height = earned[quarter] * COLUMN_PIXELS // largest
        columns.append(
            ColumnBar(
                quarter=quarter,
                value=words[quarter],
                left=f"{25 * place + 6}%",
                middle=f"{25 * place + 12}.5%",
                top=_ABOVE + COLUMN_PIXELS - height,
                height=height,
                current=quarter == current,
            )
        )
    told = ", ".join(
        f"quarter {int(each)} {exactly(amounts[each]) if each in totals else 'no banners'}"
        for each in Quarter
    )
    return Columns(
        title="Revenue in the four quarters of the hour",
        description=f"{told[0].upper()}{told[1:]}.",
        columns=columns,
        wide="13%",
        base=_ABOVE + COLUMN_PIXELS,
        height=_ABOVE + COLUMN_PIXELS + _BELOW,
    )


def _bars(
    words: tuple[str, str, str],
    rows: Sequence[Row],
    *,
    value: Callable[[Figures], int],
    text: Callable[[Figures], str],
) -> Bars:
    """Draw a bar for each candidate, and the line after the last one of the lineup."""
    largest = max((value(row.figures) for row in rows), default=0)
    picked = sum(row.position is not None for row in rows)
    cut = picked * BAR_STEP if 0 < picked < len(rows) else None
    bars = [
        Bar(
            label=str(row.banner_id),
            value=text(row.figures),
            top=place * BAR_STEP + (CUT_STEP if cut is not None and place >= picked else 0),
            length=_share(value(row.figures), largest),
            kind=row.shown,
        )
        for place, row in enumerate(rows)
    ]
    height = len(rows) * BAR_STEP + (CUT_STEP if cut is not None else 0)
    return Bars(*words, bars, cut, height)


def _those(drawn: Sequence[Row], rows: Sequence[Row]) -> str:
    if len(rows) == 1:
        return "the only banner"
    if len(drawn) < len(rows):
        return f"the best {len(drawn)} of {len(rows)} banners"
    return f"all {len(rows)} banners"


def _after(rate: Decimal | None, step: str) -> str:
    return "" if rate is None else f" · {percent(rate)} of {step}"


def _millionths(amount: Decimal | None) -> int:
    return int(amount.scaleb(6)) if amount is not None else 0


def _share(part: int, whole: int) -> str:
    """Write a share as a percentage with two places; what is there at all can be seen."""
    if not part:
        return "0%"
    hundredths = max((10_000 * part + whole // 2) // whole, 30)
    return f"{hundredths // 100}.{hundredths % 100:02}%"
