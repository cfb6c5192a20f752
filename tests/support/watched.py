"""What may be known of recording and closing, with something of every kind to show."""

from banners.core.closing import ClosingState
from banners.core.events import Kind
from banners.core.slots import slot_named
from banners.web.event_metrics import BARE, EVENTS, UNSYNCED_CLICKS, VIEWS
from banners.web.recording.watched import Watched

SLOT = slot_named("20260131T0945Z")
COUNTS = {
    (VIEWS.name,): 1_234_567,
    (EVENTS.name, "impressions", "recorded"): 1_000_000,
    (EVENTS.name, "impressions", "bad_token"): 70,
    (EVENTS.name, "clicks", "recorded"): 40_000,
    (EVENTS.name, "clicks", "not_kept"): 2,
    (UNSYNCED_CLICKS.name,): 5,
    (BARE.name,): 6,
}
EVERYTHING = Watched(
    totals=COUNTS,
    recent=COUNTS,
    unsynced_seconds=7.5,
    free_bytes=1_000_000,
    disk_bytes=100_000_000,
    closing=ClosingState(
        newest=SLOT,
        waiting=(SLOT - 1, SLOT - 2),
        missing=("web-2",),
        account={
            Kind.IMPRESSIONS: {"kept": 5_000_000, "crawler": 20, "duplicate": 3},
            Kind.CLICKS: {"kept": 40_000, "flood": 100},
            Kind.CONVERSIONS: {"kept": 300, "other_campaign": 4},
        },
        late=77,
    ),
)
