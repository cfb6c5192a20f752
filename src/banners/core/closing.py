"""What is known of closing slots, for whoever watches it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from banners.core.events import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingState:
    """How far closing has come.

    Args:
        newest: the latest slot that was closed after its end; None if none was.
        waiting: the slots of the window that should have been closed and are not, the oldest first.
        missing: hosts whose records are missing in slots that were closed.
        account: what became of everything recorded in the slots of the last day that were closed,
            by kind and outcome; impressions are counted by banner.
        late: records of these slots that arrived after the end of their slot; None if that is not
            known.
    """

    newest: int | None = None
    waiting: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    account: Mapping[Kind, Mapping[str, int]] = field(default_factory=dict)
    late: int | None = 0
