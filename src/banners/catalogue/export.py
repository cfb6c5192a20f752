"""Writes a catalogue to files that an import can read."""

import csv
import os
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from banners.catalogue.folder import BANNER_COLUMNS, CAMPAIGN_COLUMNS
from banners.catalogue.values import write_moment
from banners.core.catalogue import (
    BANNERS,
    CAMPAIGNS,
    CatalogueBanner,
    CatalogueCampaign,
    Times,
)
from banners.core.spreadsheet import guarded
from banners.errors import CatalogueError


def write_folder(folder: Path, campaigns: Iterable[CatalogueCampaign]) -> tuple[int, int]:
    """Write ``campaigns.csv`` and ``banners.csv``, each complete before it replaces an older one.

    Args:
        folder: is made if it does not exist.
        campaigns: the campaigns, in the order in which they are written.

    Returns:
        The number of campaigns and of banners.

    Raises:
        CatalogueError: the files cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # In the same folder, so that the finished files are renamed and not copied.
        with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as scratch:
            written = _write(Path(scratch), campaigns)
            for name in (CAMPAIGNS, BANNERS):
                (Path(scratch) / name).replace(folder / name)
    except OSError as error:
        raise CatalogueError(
            f"The catalogue cannot be written to {folder}: {error.strerror}. Give this user the "
            "right to write there, free space, or name another folder."
        ) from error
    return written


def _write(folder: Path, campaigns: Iterable[CatalogueCampaign]) -> tuple[int, int]:
    campaign_count = banner_count = 0
    with ExitStack() as opened:
        files = [
            opened.enter_context((folder / name).open("w", encoding="utf-8", newline=""))
            for name in (CAMPAIGNS, BANNERS)
        ]
        of_campaigns, of_banners = (csv.writer(file, lineterminator="\n") for file in files)
        of_campaigns.writerow(CAMPAIGN_COLUMNS)
        of_banners.writerow(BANNER_COLUMNS)
        for campaign in campaigns:
            of_campaigns.writerow(_campaign_row(campaign))
            rows = [_banner_row(campaign.campaign_id, banner) for banner in campaign.banners]
            of_banners.writerows(rows)
            campaign_count += 1
            banner_count += len(rows)
        for file in files:
            file.flush()
            os.fsync(file.fileno())
    return campaign_count, banner_count


def _campaign_row(campaign: CatalogueCampaign) -> list[object]:
    return [campaign.campaign_id, guarded(campaign.name), *_times(campaign), campaign.policy]


def _banner_row(campaign_id: int, banner: CatalogueBanner) -> list[object]:
    return [
        campaign_id,
        banner.banner_id,
        guarded(banner.name),
        banner.landing_url,
        *_times(banner),
    ]


def _times(times: Times) -> tuple[str, str, str]:
    active = "yes" if times.active else "no"
    return write_moment(times.starts), write_moment(times.ends), active
