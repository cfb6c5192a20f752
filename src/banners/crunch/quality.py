"""Accounts for every row of a quarter.

Source: docs/event-files.md: ``rows = accepted + duplicate + rejected + quarantined`` for every
kind, where ``rows`` is counted apart from the engine.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from banners.crunch.engine import CrunchedQuarter, Remarks
from banners.crunch.kinds import QUARANTINED, Kind, Reason
from banners.crunch.sources import QuarterSources
from banners.errors import CrunchError


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the rows of one kind.

    Args:
        kind: which kind.
        rows: all of them, as counted without the engine.
        accepted: those that the result is made from.
        duplicate: exact copies of a row that was kept.
        rejected: those with a wrong width or a bad value, by reason; only reasons that occurred.
        quarantined: those set aside, by reason; only reasons that occurred.
    """

    kind: Kind
    rows: int
    accepted: int
    duplicate: int
    rejected: Mapping[Reason, int]
    quarantined: Mapping[Reason, int]

    @property
    def unaccepted(self) -> int:
        """The rows that were rejected or quarantined."""
        return sum(self.rejected.values()) + sum(self.quarantined.values())


@dataclass(frozen=True, slots=True)
class Accounting:
    """What became of all rows of a quarter: an account for each kind, and remarks."""

    accounts: tuple[Account, ...]
    remarks: Remarks

    @property
    def rows(self) -> int:
        """All rows of the quarter."""
        return sum(account.rows for account in self.accounts)

    @property
    def unaccepted(self) -> int:
        """The rows that were rejected or quarantined."""
        return sum(account.unaccepted for account in self.accounts)

    def of(self, kind: Kind) -> Account:
        """Pick the account of one kind."""
        return next(account for account in self.accounts if account.kind is kind)


def settle(sources: QuarterSources, crunched: CrunchedQuarter) -> Accounting:
    """Put the engine's counts beside those taken from the files, and check that they balance.

    Args:
        sources: the files, with the rows counted in them.
        crunched: the engine's result.

    Raises:
        CrunchError: they do not balance, so that nothing may be published.
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
    for file in sources.files:
        counts[file.kind][Reason.BAD_WIDTH] += file.bad_width
    return {
        kind: {reason: count[reason] for reason in Reason if count[reason]}
        for kind, count in counts.items()
    }


def _check_balance(account: Account) -> None:
    told = account.accepted + account.duplicate + account.unaccepted
    if told != account.rows:
        raise CrunchError(
            f"The engine accounted for {told} rows of {account.kind}, but the files have "
            f"{account.rows}. Nothing is published. Did a file change during the run? Run again."
        )
