"""Closes a slot one event after the other, as docs/closing.md describes it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.views import Group, Traffic, View


@dataclass(frozen=True)
class Seen:
    view: View
    traffic: Traffic


@dataclass(frozen=True)
class Clicked:
    view: View
    position: int
    traffic: Traffic

    @property
    def click_id(self) -> int:
        return self.view.view_id * 16 + self.position


@dataclass(frozen=True)
class Converted:
    slot: int
    conversion_id: int
    click_id: int
    revenue: str
    campaign_id: int


Event = Seen | Clicked | Converted
Files = Mapping[tuple[Kind, Quarter], str]


def slot_of(event: Event) -> int:
    return event.slot if isinstance(event, Converted) else event.view.slot


HEADERS = {
    Kind.IMPRESSIONS: "banner_id,campaign_id,impression_id,group,fill,places",
    Kind.CLICKS: "click_id,banner_id,campaign_id,group,fill",
    Kind.CONVERSIONS: "conversion_id,click_id,revenue",
}


def event_files(events: Iterable[Event], slot: int, quarter: Quarter) -> Files:
    """Return the content of the event files of a slot, which has a quarter by the calendar."""
    events = [event for event in events if slot_of(event) == slot]
    rows: dict[tuple[Kind, Quarter], list[tuple[tuple[object, ...], str]]] = defaultdict(list)
    for kind in Kind:
        rows[kind, quarter] = []
    seen = {event.view: True for event in events if isinstance(event, Seen)}
    clean_views = {
        event.view for event in events if isinstance(event, Seen) and event.traffic is Traffic.CLEAN
    }
    clicks = {event.click_id: event for event in events if isinstance(event, Clicked)}
    clean_clicks = {
        event.click_id
        for event in events
        if isinstance(event, Clicked) and event.traffic is Traffic.CLEAN
    }
    for view in seen:
        for kind in Kind:
            rows[kind, view.quarter] += []
        for place, banner_id in enumerate(view.banner_ids, 1) if view in clean_views else ():
            number = view.view_id * 16 + place
            row = (
                f"{banner_id},{view.owner(place)},{number},{view.group},"
                f"{int(view.is_fill(place))},{len(view.banner_ids)}"
            )
            rows[Kind.IMPRESSIONS, view.quarter].append(((number,), row))
    for click_id, event in clicks.items():
        view, place = event.view, event.position
        for kind in Kind:
            rows[kind, view.quarter] += []
        if click_id in clean_clicks:
            row = (
                f"{click_id},{view.banner_ids[place - 1]},{view.owner(place)},{view.group},"
                f"{int(view.is_fill(place))}"
            )
            rows[Kind.CLICKS, view.quarter].append(((click_id,), row))
    for number, click_id, revenue in conversions_of(events, clicks, clean_clicks):
        click = clicks.get(click_id)
        where = click.view.quarter if click else quarter
        for kind in Kind:
            rows[kind, where] += []
        rows[Kind.CONVERSIONS, where].append(((number, revenue), f"{number},{click_id},{revenue}"))
    return {
        (kind, of): "".join(
            f"{line}\n" for line in [HEADERS[kind], *(row for _, row in sorted(rows[kind, of]))]
        )
        for kind, of in rows
    }


def conversions_of(
    events: Iterable[Event], clicks: Mapping[int, Clicked], clean: Collection[int]
) -> Iterator[tuple[int, int, str]]:
    """Yield the conversions that count or may count later, each once."""
    senders = defaultdict(set)
    for each in events:
        if isinstance(each, Converted):
            senders[each.conversion_id, each.click_id, each.revenue].add(each.campaign_id)
    for conversion, campaigns in senders.items():
        click = clicks.get(conversion[1])
        if not click or (
            click.click_id in clean and campaigns & {0, click.view.owner(click.position)}
        ):
            yield conversion


@dataclass(frozen=True)
class Net:
    """What counts of a banner, in a campaign and group."""

    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    revenue: Decimal = Decimal()
    refunds: int = 0
    refunded: Decimal = Decimal()

    def __add__(self, more: "Net") -> "Net":
        return Net(
            self.impressions + more.impressions,
            self.clicks + more.clicks,
            self.conversions + more.conversions,
            self.revenue + more.revenue,
            self.refunds + more.refunds,
            self.refunded + more.refunded,
        )


def net_totals(events: Iterable[Event], slot: int) -> Mapping[tuple[int, Group, int], Net]:
    """Return what counts in a slot, by campaign, group and banner."""
    events = [event for event in events if slot_of(event) == slot]
    found: dict[tuple[int, Group, int], Net] = defaultdict(Net)

    def add(view: View, place: int, more: Net) -> None:
        found[view.owner(place), view.group, view.banner_ids[place - 1]] += more

    clean = {
        event.view for event in events if isinstance(event, Seen) and event.traffic is Traffic.CLEAN
    }
    for view in clean:
        for place in range(1, len(view.banner_ids) + 1):
            add(view, place, Net(impressions=1))
    all_clicks = {event.click_id: event for event in events if isinstance(event, Clicked)}
    clicks = {
        event.click_id: event
        for event in events
        if isinstance(event, Clicked) and event.traffic is Traffic.CLEAN
    }
    for click in clicks.values():
        add(click.view, click.position, Net(clicks=1))
    by_id = defaultdict(set)
    for conversion_id, click_id, revenue in conversions_of(events, all_clicks, set(clicks)):
        by_id[conversion_id].add((click_id, Decimal(revenue)))
    for versions in by_id.values():
        ((click_id, amount), *others) = versions
        if not others and click_id in clicks:
            click = clicks[click_id]
            if amount < 0:
                add(click.view, click.position, Net(refunds=1, refunded=-amount))
            else:
                add(click.view, click.position, Net(conversions=1, revenue=amount))
    return found
