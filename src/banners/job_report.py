"""What became of a run of the job, and of each of its quarters."""

from dataclasses import asdict, dataclass, field
from typing import Any

from banners.crunch.quality import Accounting
from banners.model import Quarter, RuleName


@dataclass(frozen=True, slots=True)
class Published:
    """What was published of a quarter.

    Args:
        campaigns: how many campaigns have banners.
        candidates: how many pairs of campaign and banner there are.
        rules: how many campaigns each case of the rule decided.
        banners: how many different banners there are.
        without_image: how many of these have no picture.
    """

    campaigns: int
    candidates: int
    rules: dict[RuleName, int]
    banners: int
    without_image: int


@dataclass(slots=True)
class QuarterReport:
    """What became of one quarter.

    Args:
        quarter: the quarter of the hour.
        seconds: how long it took.
        unchanged: whether it was left alone, since what is served was made from the same files.
        refused: why it was refused; None where it was not.
        asked_for: whether it was to be crunched, if it has files.
        skipped: event files left out because another has the same content.
        unknown: CSV files beside the event files that are named otherwise, and were not read.
        accounting: what became of its rows; None where they were not read.
        objections: what the gate said against it; published all the same if it was accepted.
        rejects: the file of the rows that were not accepted; None where there are none.
        published: what was published; None where nothing was.
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


@dataclass(frozen=True, slots=True)
class JobReport:
    """What became of a run: the generation's number (None for none) and each quarter's report."""

    generation: int | None
    quarters: tuple[QuarterReport, ...]

    @property
    def refused(self) -> bool:
        """Whether any quarter was refused."""
        return any(report.refused for report in self.quarters)


def as_json(report: QuarterReport) -> dict[str, Any]:
    """Write what became of a quarter as one flat object, ready for JSON.

    Programs get it from ``banners crunch --json``, and the database keeps it with the generation.

    Args:
        report: what became of it; figures that it has none of are left out.
    """
    accounting = asdict(report.accounting) if report.accounting else {"accounts": []}
    return {
        "quarter": int(report.quarter),
        "status": report.status,
        "seconds": round(report.seconds, 3),
        "refused": report.refused,
        "objections": report.objections,
        "rejects": report.rejects,
        "skipped": report.skipped,
        "unknown": report.unknown,
        "accounts": accounting["accounts"],
        **accounting.get("remarks", {}),
        **(asdict(report.published) if report.published else {}),
    }
