"""What became of a quarter in a run of the job, and the flat JSON object that it is kept as.

Programs get this object from ``banners crunch --json``, and the database keeps it with each quarter
of a generation. :func:`as_json` writes it and :func:`parse_outcome` reads it; nothing else knows
its keys.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from banners.core.account import Account, Accounting, Remarks
from banners.core.events import Kind, Reason
from banners.core.model import Quarter, RuleName


@dataclass(frozen=True, slots=True)
class Published:
    """What was published of a quarter.

    Args:
        campaigns: number of campaigns that have banners.
        candidates: number of pairs of campaign and banner.
        rules: number of campaigns that each case of the rule decided.
        banners: number of different banners.
        without_image: number of these that have no image.
    """

    campaigns: int
    candidates: int
    rules: dict[RuleName, int]
    banners: int
    without_image: int


@dataclass(frozen=True, slots=True)
class SlotsOutcome:
    """What became of the closed slots of a quarter.

    Args:
        counted: number of slots whose events count.
        crunched: number of slots that were crunched in this run; the others were kept.
        left_out: for each slot that does not count, the reasons.
    """

    counted: int
    crunched: int
    left_out: dict[str, list[str]]


@dataclass(slots=True)
class QuarterOutcome:
    """What became of one quarter.

    Args:
        quarter: the quarter of the hour.
        seconds: how long it took.
        unchanged: whether it was skipped because the live generation was made from the same files.
        refused: why it was refused; None if it was not.
        asked_for: whether it was to be crunched, provided that it has files.
        skipped: event files left out because another has the same content.
        unknown: CSV files that were not read because they are not named as event files are.
        accounting: what became of its rows; None if they were not read.
        objections: what the gate said against it; it was published nevertheless if this was
            accepted.
        rejects: the file with the rows that were not accepted; None if there are none.
        published: what was published; None if nothing was.
        slots: what became of its slots; None if its event files are of no slots.
    """

    quarter: Quarter
    seconds: float = 0.0
    unchanged: bool = False
    refused: str | None = None
    asked_for: bool = True
    skipped: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    accounting: Accounting | None = None
    objections: list[str] = field(default_factory=list)
    rejects: str | None = None
    published: Published | None = None
    slots: SlotsOutcome | None = None

    @property
    def status(self) -> str:
        """``published``, ``unchanged``, ``refused``, ``not given`` or ``not asked for``."""
        if self.published:
            return "published"
        if self.unchanged:
            return "unchanged"
        if self.refused:
            return "refused"
        return "not given" if self.asked_for else "not asked for"

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The account of each kind; empty if the rows were not read."""
        return self.accounting.accounts if self.accounting else ()


def as_json(outcome: QuarterOutcome) -> dict[str, Any]:
    """Return an outcome as one flat object, ready for JSON.

    Args:
        outcome: what became of the quarter; the keys of figures that it does not have are left out.
    """
    return {
        "quarter": int(outcome.quarter),
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "refused": outcome.refused,
        "objections": outcome.objections,
        "rejects": outcome.rejects,
        "skipped": outcome.skipped,
        "unknown": outcome.unknown,
        **(accounting_as_json(outcome.accounting) if outcome.accounting else {"accounts": []}),
        **(asdict(outcome.published) if outcome.published else {}),
        **({"slots": asdict(outcome.slots)} if outcome.slots else {}),
    }


def accounting_as_json(accounting: Accounting) -> dict[str, Any]:
    """Return the account of all rows as a flat object, ready for JSON."""
    stored = asdict(accounting)
    return {"accounts": stored["accounts"], **stored["remarks"]}


def parse_outcome(quarter: Quarter, text: str) -> QuarterOutcome:
    """Read what :func:`as_json` wrote; a key that is missing stands for the field's default.

    Args:
        quarter: the quarter that it is about.
        text: the object in JSON.

    Raises:
        ValueError: the text is not such an object.
    """
    try:
        return _outcome(quarter, json.loads(text))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"it does not have the form of an outcome ({error!r})") from error


def _outcome(quarter: Quarter, stored: Mapping[str, Any]) -> QuarterOutcome:
    status = stored.get("status")
    return QuarterOutcome(
        quarter,
        seconds=float(stored.get("seconds", 0)),
        unchanged=status == "unchanged",
        refused=stored.get("refused"),
        asked_for=status != "not asked for",
        skipped=list(stored.get("skipped", [])),
        unknown=list(stored.get("unknown", [])),
        accounting=parse_accounting(stored) if stored.get("accounts") else None,
        objections=list(stored.get("objections", [])),
        rejects=stored.get("rejects"),
        published=_published(stored) if "campaigns" in stored else None,
        slots=SlotsOutcome(**stored["slots"]) if "slots" in stored else None,
    )


def parse_accounting(stored: Mapping[str, Any]) -> Accounting:
    """Read what :func:`accounting_as_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    return Accounting(
        tuple(
            Account(
                kind=Kind(each["kind"]),
                rows=int(each["rows"]),
                accepted=int(each["accepted"]),
                duplicate=int(each["duplicate"]),
                rejected=_by_reason(each["rejected"]),
                quarantined=_by_reason(each["quarantined"]),
            )
            for each in stored["accounts"]
        ),
        Remarks(
            unseen_clicks=int(stored.get("unseen_clicks", 0)),
            orphan_revenue_micros=int(stored.get("orphan_revenue_micros", 0)),
        ),
    )


def _by_reason(stored: Mapping[str, Any]) -> dict[Reason, int]:
    return {Reason(reason): int(rows) for reason, rows in stored.items()}


def _published(stored: Mapping[str, Any]) -> Published:
    return Published(
        campaigns=int(stored["campaigns"]),
        candidates=int(stored["candidates"]),
        rules={RuleName(rule): int(campaigns) for rule, campaigns in stored["rules"].items()},
        banners=int(stored["banners"]),
        without_image=int(stored["without_image"]),
    )
