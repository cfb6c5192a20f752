"""What a worker has recorded, and what it has not, in numbers."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What became of an event that was sent."""

    RECORDED = "recorded"
    """It was written to the event log; repeated ones are as well."""
    NOT_KEPT = "not_kept"
    """It should have been written, but the disk or the buffer was full."""
    BAD_TOKEN = "bad_token"  # noqa: S105  # no secret
    """Its token was not made with one of our keys, or was changed."""
    TOO_OLD = "too_old"
    """Its token was too old to count."""
    UNCOUNTED = "uncounted"
    """Its token was good, but it does not count: HEAD, prefetches, visitors who opt out, and of a
    flood what is above 10 times the limit."""
    NOWHERE = "nowhere"
    """The catalogue has no landing page for the banner any more."""
    DUPLICATE = "duplicate"
    """A conversion that was reported before, as far as this worker knows."""
    REFUSED = "refused"
    """A conversion that does not count; its sender was told why."""


def _counter(*outcomes: Outcome) -> "Counter[str]":
    """Return a counter with these outcomes, so that its size does not change while it is read."""
    return Counter(dict.fromkeys(map(str, outcomes), 0))


_OF_TOKENS = (Outcome.BAD_TOKEN, Outcome.TOO_OLD, Outcome.UNCOUNTED)


@dataclass(slots=True)
class RecordingCounts:
    """What became of the requests that a worker has answered so far.

    Written by the thread of the event loop; others may read it at any time. What became of the
    records themselves is in :class:`banners.collect.segments.log.LogCounts`.

    Args:
        served: views that were given a token.
        bare: redirects to the image of one banner, which have no token.
        unsynced: recorded clicks whose visitor was sent on before the disk had confirmed them,
            because it took too long or failed.
        impressions: requests for the small image of a view, by outcome.
        clicks: requests for the link of a banner, by outcome.
        conversions: conversions that programs have reported, by outcome.
    """

    served: int = 0
    bare: int = 0
    unsynced: int = 0
    impressions: "Counter[str]" = field(
        default_factory=lambda: _counter(Outcome.RECORDED, Outcome.NOT_KEPT, *_OF_TOKENS)
    )
    clicks: "Counter[str]" = field(
        default_factory=lambda: _counter(
            *(Outcome.RECORDED, Outcome.NOT_KEPT, *_OF_TOKENS, Outcome.NOWHERE)
        )
    )
    conversions: "Counter[str]" = field(
        default_factory=lambda: _counter(
            *(Outcome.RECORDED, Outcome.NOT_KEPT, Outcome.DUPLICATE, Outcome.REFUSED)
        )
    )
