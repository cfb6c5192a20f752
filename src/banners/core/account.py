"""The account of a quarter: what became of the rows of its event files.

Source: docs/event-files.md: ``rows = accepted + duplicate + rejected + quarantined`` for every
kind.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from banners.core.events import Kind, Reason


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the rows of one kind.

    Args:
        kind: the kind of event file.
        rows: all rows, counted without the engine.
        accepted: rows that the result is made from.
        duplicate: exact copies of a row that was kept.
        rejected: rows with a wrong width or a bad value, by reason; only reasons that occurred.
        quarantined: rows that were set aside, by reason; only reasons that occurred.
    """

    kind: Kind
    rows: int
    accepted: int
    duplicate: int
    rejected: Mapping[Reason, int]
    quarantined: Mapping[Reason, int]

    @property
    def unaccepted(self) -> int:
        """The number of rows that were rejected or quarantined."""
        return sum(self.rejected.values()) + sum(self.quarantined.values())

    @property
    def by_outcome(self) -> dict[str, int]:
        """The rows that were accepted, the duplicates, and those of each reason that occurred."""
        unaccepted = {**self.rejected, **self.quarantined}
        return {
            "accepted": self.accepted,
            "duplicate": self.duplicate,
            **{str(reason): rows for reason, rows in unaccepted.items()},
        }


@dataclass(frozen=True, slots=True)
class Remarks:
    """What operators should know of a quarter although it changes no row's outcome.

    Args:
        unseen_clicks: accepted clicks without an impression of their banner and campaign.
        orphan_revenue_micros: total revenue of the orphan conversions, in millionths.
    """

    unseen_clicks: int
    orphan_revenue_micros: int


@dataclass(frozen=True, slots=True)
class Accounting:
    """What became of all rows of a quarter: an account for each kind, and remarks."""

    accounts: tuple[Account, ...]
    remarks: Remarks

    @property
    def rows(self) -> int:
        """The number of rows of all kinds."""
        return sum(account.rows for account in self.accounts)

    @property
    def unaccepted(self) -> int:
        """The number of rows that were rejected or quarantined."""
        return sum(account.unaccepted for account in self.accounts)

    @staticmethod
    def sum_of(parts: "Iterable[Accounting]") -> "Accounting":
        """Return the account of several sets of files together."""
        seen = list(parts)
        return Accounting(
            tuple(_sum_of(kind, [each.of(kind) for each in seen]) for kind in Kind),
            Remarks(
                sum(each.remarks.unseen_clicks for each in seen),
                sum(each.remarks.orphan_revenue_micros for each in seen),
            ),
        )

    def of(self, kind: Kind) -> Account:
        """Return the account of one kind."""
        return next(account for account in self.accounts if account.kind is kind)


def _sum_of(kind: Kind, accounts: Sequence[Account]) -> Account:
    rejected: Counter[Reason] = Counter()
    quarantined: Counter[Reason] = Counter()
    for account in accounts:
        rejected.update(account.rejected)
        quarantined.update(account.quarantined)
    return Account(
        kind=kind,
        rows=sum(account.rows for account in accounts),
        accepted=sum(account.accepted for account in accounts),
        duplicate=sum(account.duplicate for account in accounts),
        rejected={reason: rejected[reason] for reason in Reason if rejected[reason]},
        quarantined={reason: quarantined[reason] for reason in Reason if quarantined[reason]},
    )
