"""Reads a catalogue from a folder with ``campaigns.csv`` and ``banners.csv``, and checks it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar

from banners.catalogue.faults import Fault, Faults
from banners.catalogue.lines import read_rows
from banners.catalogue.values import (
    check_times,
    parse_active,
    parse_id,
    parse_landing_url,
    parse_moment,
    parse_name,
    parse_policy,
)
from banners.core.catalogue import BANNERS, CAMPAIGNS, CatalogueBanner, CatalogueCampaign
from banners.core.spreadsheet import unguarded
from banners.errors import CatalogueFaults, InvalidValue

CAMPAIGN_COLUMNS = ("campaign_id", "name", "starts", "ends", "active", "policy")
BANNER_COLUMNS = ("campaign_id", "banner_id", "name", "landing_url", "starts", "ends", "active")

MOST_CAMPAIGNS = 100_000
"""Maximum number of campaigns of a catalogue."""
MOST_BANNERS = 1_000_000
"""Maximum number of banners of a catalogue, counted once for each of their campaigns."""
MOST_OF_CAMPAIGN = 10_000
"""Maximum number of banners of one campaign."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class CheckedFolder:
    """What was read from a folder.

    Args:
        campaigns: the campaigns, sorted by id; meaningful only if there is no fault.
        faults: the first faults, in the order of the files and lines.
        total: the number of all faults.
    """

    campaigns: tuple[CatalogueCampaign, ...]
    faults: tuple[Fault, ...]
    total: int

    @property
    def banners(self) -> int:
        """The number of banners, counted once for each of their campaigns."""
        return sum(len(campaign.banners) for campaign in self.campaigns)

    def refuse_faults(self, folder: Path) -> None:
        """Raise an error if anything is wrong.

        Args:
            folder: where the files are.

        Raises:
            CatalogueFaults: there are faults; the message lists them.
        """
        if self.total:
            more = self.total - len(self.faults)
            raise CatalogueFaults(
                f"The catalogue in {folder} has {self.total:,} "
                f"{'fault' if self.total == 1 else 'faults'}, so it cannot be imported. Correct "
                "the files, then check them again: banners catalogue check DIR",
                *[f"  {fault}" for fault in self.faults],
                *([f"  … and {more:,} more."] if more else []),
            )


def read_folder(folder: Path, zone: tzinfo) -> CheckedFolder:
    """Read the catalogue of a folder, and find everything that is wrong with it.

    Args:
        folder: holds ``campaigns.csv`` and ``banners.csv``.
        zone: the time zone of times that name none.
    """
    reading = _Reading(folder, zone)
    campaigns = reading.campaigns()
    of_campaign = reading.banners()
    complete = [
        replace(
            campaign,
            banners=tuple(
                sorted(of_campaign.get(campaign_id, ()), key=lambda banner: banner.banner_id)
            ),
        )
        for campaign_id, campaign in sorted(campaigns.items())
    ]
    return CheckedFolder(tuple(complete), tuple(reading.faults.listed), reading.faults.total)


class _Reading:
    """The state of reading a folder."""

    def __init__(self, folder: Path, zone: tzinfo) -> None:
        self._folder = folder
        self._zone = zone
        self.faults = Faults()
        # The line of every campaign, also of those with faults; None if none can be read.
        self._lines: dict[int, int] | None = None

    def campaigns(self) -> dict[int, CatalogueCampaign]:
        """Read ``campaigns.csv``, and return its campaigns without faults, by id."""
        found: dict[int, CatalogueCampaign] = {}
        rows = read_rows(self._folder, CAMPAIGNS, CAMPAIGN_COLUMNS, self.faults)
        if rows is None:
            return found
        lines: dict[int, int] = {}
        self._lines = lines
        for line, values in rows:
            row = _Row(
                self.faults, CAMPAIGNS, line, dict(zip(CAMPAIGN_COLUMNS, values, strict=True))
            )
            campaign_id = row.parsed("campaign_id", parse_id)
            if campaign_id is None:
                continue
            if before := lines.get(campaign_id):
                row.fault("campaign_id", f"campaign {campaign_id} is already on line {before}")
                continue
            lines[campaign_id] = line
            if len(lines) == MOST_CAMPAIGNS + 1:
                row.fault("", f"the file has more than {MOST_CAMPAIGNS:,} campaigns")
            name = row.parsed("name", lambda text: parse_name(unguarded(text)))
            policy = row.parsed("policy", parse_policy)
            starts, ends, active = row.times(self._zone)
            if name is not None and policy is not None and active is not None:
                found[campaign_id] = CatalogueCampaign(
                    campaign_id=campaign_id,
                    name=name,
                    policy=policy,
                    starts=starts,
                    ends=ends,
                    active=active,
                )
        return found

    def banners(self) -> dict[int, list[CatalogueBanner]]:
        """Read ``banners.csv``, and return its banners without faults, by campaign."""
        found: dict[int, list[CatalogueBanner]] = {}
        lines: dict[tuple[int, int], int] = {}
        rows = read_rows(self._folder, BANNERS, BANNER_COLUMNS, self.faults) or ()
        for line, values in rows:
            row = _Row(self.faults, BANNERS, line, dict(zip(BANNER_COLUMNS, values, strict=True)))
            campaign_id = row.parsed("campaign_id", parse_id)
            banner = self._banner(row)
            if campaign_id is None or banner is None:
                continue
            key = campaign_id, banner.banner_id
            if before := lines.get(key):
                row.fault(
                    "banner_id",
                    f"banner {banner.banner_id} of campaign {campaign_id} is already on line "
                    f"{before}",
                )
                continue
            lines[key] = line
            self._check_campaign(row, campaign_id)
            if len(lines) == MOST_BANNERS + 1:
                row.fault("", f"the file has more than {MOST_BANNERS:,} banners")
            of_campaign = found.setdefault(campaign_id, [])
            of_campaign.append(banner)
            if len(of_campaign) == MOST_OF_CAMPAIGN + 1:
                row.fault("", f"campaign {campaign_id} has more than {MOST_OF_CAMPAIGN:,} banners")
        return found

    def _check_campaign(self, row: "_Row", campaign_id: int) -> None:
        if self._lines is not None and campaign_id not in self._lines:
            row.fault(
                "campaign_id", f"campaign {campaign_id} is not in {CAMPAIGNS}; add it there first"
            )

    def _banner(self, row: "_Row") -> CatalogueBanner | None:
        banner_id = row.parsed("banner_id", parse_id)
        name = row.parsed("name", lambda text: parse_name(unguarded(text)))
        landing_url = row.parsed("landing_url", parse_landing_url)
        starts, ends, active = row.times(self._zone)
        if banner_id is None or name is None or landing_url is None or active is None:
            return None
        return CatalogueBanner(
            banner_id=banner_id,
            name=name,
            landing_url=landing_url,
            starts=starts,
            ends=ends,
            active=active,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a file, whose faults are collected."""

    faults: Faults
    file: str
    line: int
    values: dict[str, str]

    def fault(self, column: str, reason: str) -> None:
        """Collect a fault of this line."""
        self.faults.add(self.file, self.line, column, reason)

    def parsed(self, column: str, parse: Callable[[str], _Value]) -> _Value | None:
        """Return the value of a column; None, and a fault, if it is invalid."""
        try:
            return parse(self.values[column])
        except InvalidValue as error:
            self.fault(column, str(error))
            return None

    def times(self, zone: tzinfo) -> tuple[int | None, int | None, bool | None]:
        """Return start, end and whether it is on; the last is None if the row has a fault there."""
        before = self.faults.total
        starts = self.parsed("starts", lambda text: parse_moment(text, zone))
        ends = self.parsed("ends", lambda text: parse_moment(text, zone))
        self.parsed("ends", lambda _text: check_times(starts, ends))
        active = self.parsed("active", parse_active)
        return starts, ends, active if self.faults.total == before else None
