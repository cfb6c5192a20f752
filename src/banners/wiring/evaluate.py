"""Builds what estimates the earnings of other policies."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from banners.core.slots import slot_at
from banners.settings import Settings
from banners.wiring.collect import events_of

if TYPE_CHECKING:
    from banners.job.evaluate import Evaluation


def evaluate(
    settings: Settings,
    campaign_id: int | None,
    on_slot: Callable[[int], None],
    *,
    clock: Callable[[], float] = time.time,
) -> "Evaluation":
    """Estimate what other policies would have earned.

    See :func:`banners.job.evaluate.evaluate_log`.

    Args:
        settings: name the folder of the event log.
        campaign_id: the campaign; None for all.
        on_slot: called with each slot before it is read.
        clock: tells the time, in seconds since 1970 in UTC.

    Raises:
        SettingsError: there is no folder of the event log.
        CollectError: no lineups are kept, or the log cannot be read.
    """
    from banners.job.evaluate import evaluate_log

    return evaluate_log(
        events_of(settings),
        slot_at(clock()),
        settings.memory,
        campaign_id=campaign_id,
        on_slot=on_slot,
    )
