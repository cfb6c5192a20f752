"""Figures over time as JSON: every figure exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from banners.core.figures import as_decimal
from banners.core.slots import SLOT_SECONDS, slot_name
from banners.core.totals import Totals
from banners.reports.json_object import JsonObject
from banners.reports.lineup_json import CountedAnswer
from banners.reports.over_time import BannerOverTime, Over, OverTime, Point
from banners.reports.report_json import FiguresAnswer

MOST_BANNERS = 100
"""Maximum number of banners in an answer: those with the most impressions."""


@dataclass(frozen=True, kw_only=True)
class RecordedAnswer(FiguresAnswer):
    """What counts of the events of a time, and everything that was recorded."""

    recorded: CountedAnswer
    """Everything that was recorded, also what does not count, such as events of crawlers."""

    refunds: int
    """The number of refunds: conversions with a negative revenue."""

    refunded: str
    """The amount of these refunds: an exact decimal with six places, as text, not negative."""

    @classmethod
    def of_totals(cls, totals: Totals, **others: Any) -> Self:
        """Return the JSON object of totals, with its other members."""
        return cls.of(
            totals.net,
            recorded=CountedAnswer.of(totals.gross),
            refunds=totals.refunds,
            refunded=f"{as_decimal(totals.refund_micros):f}",
            **others,
        )


@dataclass(frozen=True, kw_only=True)
class PointAnswer(RecordedAnswer):
    """The figures of an hour or a day."""

    begins: str
    """Its beginning in UTC, ISO 8601."""

    ends: str
    """Its end in UTC, ISO 8601."""

    complete: bool
    """Whether all of its quarters of an hour have ended and have been closed."""


@dataclass(frozen=True, kw_only=True)
class BannerHistoryAnswer(JsonObject):
    """What counts of a banner over the time."""

    banner_id: int
    """The id of the banner."""

    banner_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    name: str | None
    """Its name; null if the catalogue has none."""

    last: FiguresAnswer
    """Its figures of the time that ends at `until`."""

    before: FiguresAnswer
    """Its figures of the same length of time before that."""

    points: list[FiguresAnswer]
    """Its figures of each hour or day, in the order of the campaign's points."""


@dataclass(frozen=True, kw_only=True)
class HistoryAnswer(JsonObject):
    """The figures of a campaign over time."""

    campaign_id: int
    """The campaign."""

    campaign_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    name: str | None
    """The campaign's name; null if the catalogue has none."""

    over: str
    """How long: `24h`, in hours, or `7d`, in days."""

    until: str | None
    """The end of the last quarter of an hour that has been closed, in UTC, ISO 8601; null if none
    has been closed."""

    last: RecordedAnswer
    """The figures of the time of this length that ends at `until`."""

    before: RecordedAnswer
    """The figures of the same length of time before that."""

    points: list[PointAnswer]
    """The figures of each hour or day, oldest first; none if nothing has been closed."""

    banners: list[BannerHistoryAnswer]
    """The campaign's banners with events in this time, most impressions first."""

    banners_total: int
    """How many there are; `banners` has at most 100 of them."""

    previous: str | None
    """Address of the time before these points; null if nothing was closed in these."""


def history_answer(
    campaign_id: int,
    name: str | None,
    over: Over,
    found: OverTime | None,
    banners: Sequence[BannerOverTime],
    names: Mapping[int, str],
    address: str,
) -> HistoryAnswer:
    """Return figures over time as a JSON object.

    Args:
        campaign_id: the campaign.
        name: its name; None if it has none.
        over: how long.
        found: its figures; None if no slot has been closed.
        banners: the figures of its banners, most impressions first.
        names: the names of its banners, by id.
        address: where this campaign's figures over time are.
    """
    points = found.points if found else ()
    is_any = any(each.totals for each in points)
    earlier = f"{address}?over={over}&before={slot_name(points[0].slots.start)}" if is_any else None
    return HistoryAnswer(
        campaign_id=campaign_id,
        campaign_id_text=str(campaign_id),
        name=name,
        over=over.value,
        until=_moment(found.until) if found else None,
        last=RecordedAnswer.of_totals(found.last if found else Totals()),
        before=RecordedAnswer.of_totals(found.before if found else Totals()),
        points=[_point(each) for each in points],
        banners=[
            BannerHistoryAnswer(
                banner_id=each.banner_id,
                banner_id_text=str(each.banner_id),
                name=names.get(each.banner_id),
                last=FiguresAnswer.of(each.last),
                before=FiguresAnswer.of(each.before),
                points=[FiguresAnswer.of(figures) for figures in each.points],
            )
            for each in banners[:MOST_BANNERS]
        ],
        banners_total=len(banners),
        previous=earlier,
    )


def _point(point: Point) -> PointAnswer:
    return PointAnswer.of_totals(
        point.totals or Totals(),
        begins=_moment(point.slots.start),
        ends=_moment(point.slots.stop),
        complete=point.is_complete,
    )


def _moment(slot: int) -> str:
    """Return the beginning of a slot as ISO 8601 in UTC."""
    return datetime.fromtimestamp(slot * SLOT_SECONDS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
