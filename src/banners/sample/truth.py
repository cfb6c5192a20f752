"""What ``truth.json`` says: what is to become of every row of a dirty sample.

It is added up from what was planted, and nothing is ever read from the files for it: so a crunch
can be held against it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, get_args

from banners.errors import SampleError
from banners.model import Quarter
from banners.sample.faults import Outcome, Planted

_NAME = "truth.json"
_FORMAT = "banners truth 1"

_REJECTED = ("bad_width", "bad_id", "bad_revenue")
_QUARANTINED = ("conflicting_id", "refund", "orphan_conversion")


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth about the sample in a folder.

    Args:
        folder: where the sample is.
        quarters: what is true of each quarter, by its number, as it stands in the file.
    """

    folder: Path
    quarters: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read the truth about a folder; it is empty where there is none.

        Raises:
            SampleError: there is a ``truth.json`` that no sample wrote.
            OSError: it cannot be read.
        """
        path = folder / _NAME
        if not path.exists():
            return cls(folder, {})
        try:
            content = json.loads(path.read_bytes())
            quarters = dict(content["quarters"])
            return cls(folder, quarters if content["format"] == _FORMAT else {})
        except (ValueError, TypeError, LookupError) as error:
            raise SampleError(
                f"{path} is not the truth about a sample. Name a folder that is empty or new, "
                "or that holds a sample."
            ) from error

    def telling(self, quarter: Quarter, content: Mapping[str, Any]) -> Self:
        """Give this truth with what is true of one more quarter in it."""
        return replace(self, quarters={**self.quarters, str(int(quarter)): content})

    def write(self) -> None:
        """Write the truth in place of the one before, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        part = self.folder / "truth.part"
        content = {"format": _FORMAT, "quarters": dict(sorted(self.quarters.items()))}
        part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        part.replace(self.folder / _NAME)

    def remove(self) -> None:
        """Remove the file, if it is there."""
        (self.folder / _NAME).unlink(missing_ok=True)

    def has(self, quarters: Iterable[Quarter]) -> bool:
        """Tell whether it covers the quarters."""
        return all(str(int(quarter)) in self.quarters for quarter in quarters)


def truth_of_rows(
    clean_rows: Mapping[str, int],
    planted: Sequence[Planted],
    unseen_clicks: int,
    skipped: Iterable[str],
) -> dict[str, Any]:
    """Say what is to become of the rows of a quarter.

    Args:
        clean_rows: how many rows of each kind are not planted; all of these are accepted.
        planted: the others.
        unseen_clicks: clicks of banners that were never shown, among those not planted.
        skipped: the files that are copies of others.
    """
    outcomes = Counter((row.kind, row.outcome) for row in planted)
    orphans = (row.fields[2] for row in planted if row.outcome == "orphan_conversion")
    return {
        "accounts": {
            kind: _account(rows, {each: outcomes[kind, each] for each in get_args(Outcome)})
            for kind, rows in clean_rows.items()
        },
        "unseen_clicks": unseen_clicks + sum(row.unseen for row in planted),
        "orphan_revenue": str(sum(map(Decimal, orphans), Decimal("0.000000"))),
        "skipped": sorted(skipped),
        "refused": None,
    }


def _account(clean_rows: int, outcomes: Mapping[str, int]) -> dict[str, Any]:
    return {
        "rows": clean_rows + sum(outcomes.values()),
        "accepted": clean_rows + outcomes["accepted"],
        "duplicate": outcomes["duplicate"],
        "rejected": {each: outcomes[each] for each in _REJECTED if outcomes[each]},
        "quarantined": {each: outcomes[each] for each in _QUARANTINED if outcomes[each]},
    }
