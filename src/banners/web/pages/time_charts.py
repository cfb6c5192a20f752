"""The geometry of charts over time, which templates draw as SVG.

As in :mod:`banners.web.pages.charts`, horizontal lengths are percentages of a chart's width and
vertical ones are pixels, so that a chart fits any screen while its text keeps its size.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

from banners.core.figures import Figures
from banners.reports.figures import Money, percent
from banners.reports.over_time import Over, OverTime, Point

CHART_PIXELS = 96
"""Height of the tallest column, in pixels."""

SPARK_PIXELS = 9
"""Height of a sparkline, in the units of its drawing."""

# Height of the text above the tallest column, and of the text below all columns, in pixels.
_ABOVE, _BELOW = 24, 24
# Of 24 hours, every sixth has a label, so that labels fit a screen of 320 pixels.
_LABELLED = {Over.DAY: 6, Over.WEEK: 1}


class Measure(enum.StrEnum):
    """What a chart over time can show."""

    IMPRESSIONS = "impressions"
    CLICK_RATE = "click_rate"
    REVENUE_PER_THOUSAND = "revenue_per_thousand"


_NAMES = {
    Measure.IMPRESSIONS: "Impressions",
    Measure.CLICK_RATE: "Click rate",
    Measure.REVENUE_PER_THOUSAND: "Revenue per thousand",
}
_VALUES: Mapping[Measure, Callable[[Figures], Decimal | int | None]] = {
    Measure.IMPRESSIONS: lambda figures: figures.impressions,
    Measure.CLICK_RATE: lambda figures: figures.click_rate,
    Measure.REVENUE_PER_THOUSAND: lambda figures: figures.revenue_per_thousand,
}


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """The column of an hour or a day.

    Args:
        title: when, and how much, as text.
        left: its left edge, as a percentage.
        top: its upper edge, in pixels from the top.
        height: its height, in pixels; 0 for no column.
        is_open: whether not all of its slots have been closed yet.
    """

    title: str
    left: str
    top: int
    height: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Label:
    """A text below the columns.

    Args:
        text: the text.
        at: the centre of its column, as a percentage.
    """

    text: str
    at: str


@dataclass(frozen=True, slots=True)
class TimeChart:
    """A chart of columns over time.

    Args:
        name: identifies the chart on its page.
        title: what it shows.
        description: sentences for screen readers.
        most: the largest value as text, which stands at the top; empty if there is none.
        columns: one for each point, oldest first.
        labels: the texts below the columns.
        wide: the width of each column, as a percentage.
        base: the lower edge of all columns, in pixels from the top.
        height: its total height, in pixels.
    """

    name: str
    title: str
    description: str
    most: str
    columns: Sequence[TimeColumn]
    labels: Sequence[Label]
    wide: str
    base: int
    height: int


def time_charts(found: OverTime, zone: tzinfo) -> list[TimeChart]:
    """Return a chart for each measure.

    Args:
        found: the figures over time.
        zone: the time zone that times are written in.
    """
    return [_chart(measure, found, zone) for measure in Measure]


def _chart(measure: Measure, found: OverTime, zone: tzinfo) -> TimeChart:
    values = [_VALUES[measure](point.figures) for point in found.points]
    write = _writer(measure, values)
    largest = max((each for each in values if each), default=0)
    columns = []
    for place, (point, value) in enumerate(zip(found.points, values, strict=True)):
        height = _height(value, largest)
        written = write(value) if point.totals else "not closed yet"
        so_far = "" if point.is_complete or not point.totals else " so far"
        columns.append(
            TimeColumn(
                title=f"{point_words(point, found.over, zone)}: {written}{so_far}",
                left=_at(2 * place, 2 * len(values)),
                top=_ABOVE + CHART_PIXELS - height,
                height=height,
                is_open=not point.is_complete,
            )
        )
    return TimeChart(
        name=measure.value.replace("_", "-"),
        title=f"{_NAMES[measure]} by {found.over.step}",
        description=_description(measure, found, values, write, zone),
        most=write(largest) if largest else "",
        columns=columns,
        labels=_labels(found, zone),
        wide=f"{100 / len(values) * 0.8:.2f}%",
        base=_ABOVE + CHART_PIXELS,
        height=_ABOVE + CHART_PIXELS + _BELOW,
    )


def _writer(
    measure: Measure, values: Sequence[Decimal | int | None]
) -> Callable[[Decimal | int | None], str]:
    """Return a function that writes values of a measure."""
    if measure is Measure.IMPRESSIONS:
        return lambda value: f"{value:,}"
    as_decimals = [None if each is None else Decimal(each) for each in values]
    write = percent if measure is Measure.CLICK_RATE else Money.fitting(as_decimals)
    return lambda value: write(None if value is None else Decimal(value))


def _height(value: Decimal | int | None, largest: Decimal | int) -> int:
    """Return the height of a column; a value above zero is high enough to be seen."""
    return max(round(value * CHART_PIXELS / largest), 2) if value else 0


def _description(
    measure: Measure,
    found: OverTime,
    values: Sequence[Decimal | int | None],
    write: Callable[[Decimal | int | None], str],
    zone: tzinfo,
) -> str:
    step = found.over.step
    known = [(value, place) for place, value in enumerate(values) if value]
    if not known:
        return f"There are none in these {found.over.words}."
    largest, at = max(known, key=lambda pair: pair[0])
    when = point_words(found.points[at], found.over, zone)
    text = f"{_NAMES[measure]} in each {step}; the most are {write(largest)} ({when})."
    if measure is not Measure.IMPRESSIONS:
        text = f"{_NAMES[measure]} in each {step}; the highest is {write(largest)} ({when})."
    left_open = sum(not point.is_complete for point in found.points)
    if left_open == 1:
        text += f" One {step} has not been closed completely."
    elif left_open:
        text += f" {left_open} {step}s have not been closed completely."
    return text


def point_words(point: Point, over: Over, zone: tzinfo) -> str:
    """Return when a point was, in words, such as ``Fri 27 Nov, 15:00 to 16:00``."""
    begins = datetime.fromtimestamp(point.begins, zone)
    if over is Over.WEEK:
        return f"{begins:%a} {begins.day} {begins:%b}"
    return f"{begins:%a} {begins.day} {begins:%b}, {begins:%H:%M} to {_end(point, zone)}"


def _end(point: Point, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(point.ends, zone):%H:%M}"


def _labels(found: OverTime, zone: tzinfo) -> list[Label]:
    step, count = _LABELLED[found.over], len(found.points)
    labels = []
    # Labels stand in the middle of their part, so that none reaches beyond the chart.
    for place in range(step // 2, count, step):
        begins = datetime.fromtimestamp(found.points[place].begins, zone)
        text = f"{begins:%H:%M}" if found.over is Over.DAY else f"{begins:%a}"
        labels.append(Label(text, _at(2 * place + 0.8, 2 * count)))
    return labels


def _at(part: float, of: int) -> str:
    return f"{100 * part / of:.2f}%"


def sparkline(values: Sequence[Decimal | int | None]) -> str:
    """Return the path of a line through values, as SVG takes it; empty if all are zero.

    It is drawn in a box that is as many units wide as there are steps between the values, and
    :data:`SPARK_PIXELS` high. Where there is no value, the line has a gap.

    Args:
        values: one for each hour, oldest first; None where there is none.
    """
    largest = max((each for each in values if each), default=0)
    if not largest:
        return ""
    path = ""
    moves = True
    for place, value in enumerate(values):
        if value is None:
            moves = True
            continue
        height = SPARK_PIXELS - round(value * (SPARK_PIXELS - 1) / largest)
        path += f"{'M' if moves else 'L'}{place} {height}"
        moves = False
    return path
