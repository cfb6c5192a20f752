"""A slow and simple implementation of docs/rule.md and docs/event-files.md, to compare with.

It shares no code with the program: it is written from these documents alone, in the order of their
sentences, with one function for each. ``accounting.py`` turns files into accepted events,
``rule.py`` turns events into lineups, and this file joins them.

Where the documents leave something open, this was chosen.

Files:

- Copies are found within one kind, before any other check. The second is the later one by name; its
  rows are not counted. A line end at the end of the file makes no difference. The content of a
  Parquet file is the CSV that has all of its columns and rows.
- The first line is the header, even if it is blank (and so lacks its columns).
- A needed column may be written in capitals, unless two are then alike; spaces count. A needed
  column that is repeated is missing, because it is not clear which is meant.
- A file is empty if nothing is left after decompression and after the byte order mark. A file with
  a header and no rows is valid.
- Only a byte order mark at the very start of a file, after unpacking, is one.
- A line ends in LF, CR LF or CR CR LF. If the first line ends in a CR alone, so do all others, and
  an LF is part of a field. Otherwise a CR elsewhere is part of a field, also at the very end of a
  file.
- The 64 kB of a quoted field include its quotes.
- A last line with text after a closing quote has a wrong width, so without a newline at its end the
  file is cut.
- A gzip file may have several members; anything but zero bytes after the last is damage.

Rows:

- The width is the number of fields of the file's own header, including extra columns.
- Text after a closing quote makes the row ``bad_width``; the row ends where it would without it.
- A row with a bad id and a bad revenue is ``bad_id``, which the documents name first.
- Extra columns are ignored: two clicks that differ only there are exact copies.
- ``-0`` and ``-0.00`` are zero, not negative, as rows are compared by value: accepted.
- A rejected row is ignored by all later checks: it conflicts with nothing, and its conversions are
  orphans.
- Copies are found before refunds and orphans: of two equal refunds one is a ``duplicate``, and the
  orphan revenue counts a repeated orphan once.
- ``unseen_click`` counts accepted clicks, not pairs of banner and campaign.

Lineups:

- The fill's candidates are in rank order. None are listed if the lineup has five or more banners,
  or under the policy ``none``, where none are needed.
- ``fill.inventory`` says whether the policy allows the inventory, not whether it holds enough.
- The gate is not part of the reference.
"""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import reference.rule
from reference.accounting import Account, NotGiven, treat_quarter
from reference.files import Refused
from reference.rule import Lineup, Performance

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
    """The complete result of a quarter.

    Args:
        quarter: 1 to 4.
        accounts: number of rows by outcome, for each kind.
        unseen_clicks: accepted clicks without an impression of their banner and campaign.
        orphan_revenue: revenue of the orphan conversions.
        skipped: names of the files that are copies of others.
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
        """Return the JSON object of a campaign's lineup, as in docs/rule.md.

        Args:
            campaign_id: one of :attr:`lineups`.
            generation: the number to write into it.
            policy: ``inventory``, ``campaign`` or ``none``.
        """
        return reference.rule.lineup_json(
            campaign_id, self.quarter, generation, self.lineups[campaign_id], policy
        )


def read_quarter(folder: Path, quarter: int) -> QuarterReference:
    """Compute the result of one quarter of a folder of event files.

    Args:
        folder: holds ``<q>/impressions_<q>*.csv[.gz]`` or ``.parquet`` and the two other kinds.
        quarter: 1 to 4.

    Raises:
        Refused: a file cannot be used, or a kind is missing.
        NotGiven: the quarter has no files.
    """
    treated = treat_quarter(folder, quarter)
    performance = reference.rule.measure(treated.impressions, treated.clicks, treated.conversions)
    return QuarterReference(
        quarter=quarter,
        accounts=treated.accounts,
        unseen_clicks=treated.unseen_clicks,
        orphan_revenue=treated.orphan_revenue,
        skipped=treated.skipped,
        performance=performance,
        lineups=reference.rule.line_up_all(performance),
        inventory=reference.rule.list_inventory(performance),
    )
