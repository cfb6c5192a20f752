"""Accounts for every row of a quarter.

Source: docs/event-files.md: ``rows = accepted + duplicate + rejected + quarantined`` for every
kind, where ``rows`` is counted without the engine.
"""

from collections import Counter
from collections.abc import Mapping

from banners.core.account import Account, Accounting
from banners.core.events import QUARANTINED, Kind, Reason
from banners.crunch.engines.engine import CrunchedQuarter
from banners.crunch.files.find import QuarterSources
from banners.errors import CrunchError


def settle(sources: QuarterSources, crunched: CrunchedQuarter) -> Accounting:
    """Combine the counts of the engine with those of the files, and check that they balance.

    Args:
        sources: the files and the number of rows in them.
        crunched: the engine's result.

    Raises:
        CrunchError: they do not balance, so nothing may be published.
    """
    outcomes = crunched.outcomes()
    rejected = _rejected(sources, outcomes, crunched)
    accounts = tuple(
        Account(
            kind=kind,
            rows=sources.rows(kind),
            accepted=outcomes.get((kind, "accepted"), 0),
            duplicate=outcomes.get((kind, "duplicate"), 0),
            rejected=rejected[kind],
            quarantined={
                reason: outcomes[kind, reason]
                for reason in QUARANTINED
                if outcomes.get((kind, reason))
            },
        )
        for kind in Kind
    )
    for account in accounts:
        _check_balance(account)
    return Accounting(accounts, crunched.remarks())


def _rejected(
    sources: QuarterSources, outcomes: Mapping[tuple[str, str], int], crunched: CrunchedQuarter
) -> dict[Kind, dict[Reason, int]]:
    counts: dict[Kind, Counter[Reason]] = {kind: Counter() for kind in Kind}
    if any(outcomes.get((kind, "rejected")) for kind in Kind):
        for (kind, reason), affected in crunched.bad_values().items():
            counts[kind][reason] = affected
    for kind in Kind:
        counts[kind][Reason.BAD_WIDTH] += sources.bad_width(kind)
    return {
        kind: {reason: count[reason] for reason in Reason if count[reason]}
        for kind, count in counts.items()
    }


def _check_balance(account: Account) -> None:
    counted = account.accepted + account.duplicate + account.unaccepted
    if counted != account.rows:
        raise CrunchError(
            f"The engine accounted for {counted} rows of {account.kind}, but the files have "
            f"{account.rows}. Nothing is published. Did a file change during the run? Run again."
        )
