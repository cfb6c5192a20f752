"""Makes catalogues and their files."""

from collections.abc import Iterable
from pathlib import Path

from banners.core.catalogue import CatalogueBanner, CatalogueCampaign

CAMPAIGNS_HEADER = "campaign_id,name,starts,ends,active,policy\n"
BANNERS_HEADER = "campaign_id,banner_id,name,landing_url,starts,ends,active\n"


def files(folder: Path, campaigns: str = "", banners: str = "") -> Path:
    """Write the files of a catalogue from the lines below their headers."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "campaigns.csv").write_text(CAMPAIGNS_HEADER + campaigns, encoding="utf-8")
    (folder / "banners.csv").write_text(BANNERS_HEADER + banners, encoding="utf-8")
    return folder


def campaign(campaign_id: int, *banner_ids: int, name: str = "") -> CatalogueCampaign:
    """A campaign whose banners lead to pages of their own."""
    return CatalogueCampaign(
        campaign_id=campaign_id,
        name=name or f"Campaign no. {campaign_id}",
        banners=tuple(map(banner, banner_ids)),
    )


def banner(banner_id: int, *, name: str = "") -> CatalogueBanner:
    return CatalogueBanner(
        banner_id=banner_id,
        name=name or f"Banner no. {banner_id}",
        landing_url=f"https://shop.example/{banner_id}",
    )


def by_id(campaigns: Iterable[CatalogueCampaign]) -> dict[int, CatalogueCampaign]:
    return {each.campaign_id: each for each in campaigns}
