"""A slow and simple reading of the rule and of the treatment of bad input, to hold engines against.

It knows nothing of the program: it is written from docs/rule.md and docs/event-files.md alone, in
the order of their sentences, with one function for each. ``reference_quality.py`` goes from files
to accepted events, ``reference_rule.py`` from events to lineups; this file joins them.

Where the documents leave something open, this is what was chosen.

Files:

- The SHA-256 is that of the bytes as they lie on disk (a file and its ``.gz`` differ), compared
  within one kind, before anything else is looked at. The second is the later one by name; its
  rows are counted nowhere.
- The first line is the header, even where it is blank (which then misses its columns).
- A column name is compared as it stands: case and spaces count. Any name given twice, that of an
  extra column and the empty name included, is a wrong header.
- A file is empty where nothing is left after unpacking and after the byte order mark. One that
  has a header and no rows is in order.
- Only a byte order mark at the very start of a file, after unpacking, is one.
- A CR at the very end of a file, with no LF after it, is not a line end but part of the field.
- A last line with a quote that is not as it should be has a wrong width, so without a newline at
  its end the file is cut.
- Gzip members may follow one another; anything but zero bytes after the last is damage.

Rows:

- The width is the number of fields of the file's own header, extra columns included.
- A row with a bad id and a bad revenue is ``bad_id``: the documents name it first.
- Extra columns are no content: two clicks that differ only there are exact copies.
- ``-0`` and ``-0.00`` are zero, not negative, as rows are compared by value: accepted.
- A rejected row takes no part in anything later: it conflicts with nothing, and its conversions
  are orphans.
- Copies are told apart before refunds and orphans: of two equal refunds one is a ``duplicate``,
  and the orphan revenue counts a repeated orphan once.
- ``unseen_click`` counts accepted clicks, not pairs of banner and campaign.

Lineups:

- The fill's candidates are in rank order; none are listed where the lineup has five or more, nor
  under the policy ``none``, where nothing is needed either.
- ``fill.inventory`` says where the policy lets the draw go; it does not look whether the
  inventory holds enough.
- The gate is not part of it: it takes what it is given.
"""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import reference_rule
from reference_quality import Account, NotGiven, Refused, treat_quarter
from reference_rule import Lineup, Performance

__all__ = [
    "Account",
    "Lineup",
    "NotGiven",
    "Performance",
    "QuarterReference",
    "Refused",
    "read_quarter",
]


@dataclass(frozen=True)
class QuarterReference:
    """All that there is to know of a quarter.

    Args:
        quarter: 1 to 4.
        accounts: what became of the rows, by kind.
        unseen_clicks: accepted clicks without an impression of their banner and campaign.
        orphan_revenue: what the orphan conversions carried.
        skipped: names of the files that were given twice.
        performance: the figures of every candidate, by campaign and banner.
        lineups: what the rule picks, by campaign.
        inventory: every candidate of any campaign, smallest id first.
    """

    quarter: int
    accounts: dict[str, Account]
    unseen_clicks: int
    orphan_revenue: Decimal
    skipped: tuple[str, ...]
    performance: dict[tuple[int, int], Performance]
    lineups: dict[int, Lineup]
    inventory: tuple[int, ...]

    def lineup_json(
        self, campaign_id: int, generation: int, policy: str = "inventory"
    ) -> dict[str, object]:
        """Write the JSON object of a campaign's lineup, as docs/rule.md has it.

        Args:
            campaign_id: one of :attr:`lineups`.
            generation: the number to write into it.
            policy: ``inventory``, ``campaign`` or ``none``.
        """
        return reference_rule.lineup_json(
            campaign_id, self.quarter, generation, self.lineups[campaign_id], policy
        )


def read_quarter(folder: Path, quarter: int) -> QuarterReference:
    """Work out everything about one quarter of a folder of event files.

    Args:
        folder: holds ``<q>/impressions_<q>*.csv[.gz]`` and the two other kinds.
        quarter: 1 to 4.

    Raises:
        Refused: a file of it cannot be used, or a kind is missing.
        NotGiven: it has no files at all.
    """
    quality = treat_quarter(folder, quarter)
    performance = reference_rule.measure(quality.impressions, quality.clicks, quality.conversions)
    return QuarterReference(
        quarter=quarter,
        accounts=quality.accounts,
        unseen_clicks=quality.unseen_clicks,
        orphan_revenue=quality.orphan_revenue,
        skipped=quality.skipped,
        performance=performance,
        lineups=reference_rule.line_up_all(performance),
        inventory=reference_rule.list_inventory(performance),
    )
