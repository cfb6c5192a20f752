"""Builds the demo with simulated visitors: its folder, its catalogue and its crowd."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.core.figures import MICROS
from banners.core.policy import PolicyName
from banners.errors import SampleError
from banners.settings import Settings
from banners.wiring.catalogue import catalogue_writer
from banners.wiring.database import totals
from banners.wiring.demo import BY, landing_page, make_conversion_key

if TYPE_CHECKING:
    from banners.visitors.crowd import Crowd

VISITED_CAMPAIGNS = range(1, 7)
"""The campaigns that are visited, the most visited first."""

_BANNERS = 40
_FIRST_BANNER = 100
_MARK = "made by banners demo --visitors"
_SEED = 1


def visited_folder(folder: Path) -> Mapping[str, str]:
    """Empty the folder of the demo with visitors; return the settings that keep it to that folder.

    Args:
        folder: for database, events and keys.

    Returns:
        The names and values of the settings.

    Raises:
        SampleError: something else is in the folder, or it cannot be written to.
    """
    keys = folder / "conversion_keys"
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / _MARK).exists():
                raise SampleError(
                    f"{folder} holds something that the demo has not made, so it is not emptied. "
                    "Move it away, and start the demo again."
                )
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARK).touch()
    except OSError as error:
        raise SampleError(
            f"{folder} cannot be written to: {error.strerror}. The demo needs a folder of its own."
        ) from error
    make_conversion_key(keys)
    return {
        "database_url": f"sqlite:///{folder}/banners.db",
        "redis_url": "",
        "events": str(folder / "events"),
        "conversion_keys_file": str(keys),
        "token_keys_file": "",
        "policy": os.environ.get("BANNERS_POLICY", PolicyName.TRIAL),
        # All visitors come from this machine.
        "flood": "0",
    }


def visited_banners() -> Sequence[int]:
    """Return the ids of all banners that visitors are shown."""
    return range(_FIRST_BANNER, _FIRST_BANNER + len(VISITED_CAMPAIGNS) * _BANNERS)


def make_visited_catalogue(settings: Settings, url: str) -> int:
    """Make the catalogue of the campaigns that are visited, and return its number of banners.

    Args:
        settings: those of :func:`visited_folder`.
        url: the URL of the web application, whose landing pages the banners lead to.

    Raises:
        StoreError: the database cannot be written.
    """
    from banners.sample.names import banner_name, campaign_name

    def banner(campaign_id: int, banner_id: int) -> CatalogueBanner:
        link = landing_page(url, campaign_id, banner_id)
        return CatalogueBanner(banner_id=banner_id, name=banner_name(banner_id), landing_url=link)

    campaigns = []
    for campaign_id in VISITED_CAMPAIGNS:
        first = _FIRST_BANNER + (campaign_id - 1) * _BANNERS
        banners = tuple(banner(campaign_id, first + each) for each in range(_BANNERS))
        name = campaign_name(campaign_id, _SEED)
        campaigns.append(CatalogueCampaign(campaign_id=campaign_id, name=name, banners=banners))
    with closing(catalogue_writer(settings)) as writer:
        writer.replace(campaigns, by=BY, what="the campaigns of the demo with visitors")
    return len(campaigns) * _BANNERS


def crowd(settings: Settings, host: str, port: int, clock: Callable[[], float]) -> "Crowd":
    """Build the visitors.

    Args:
        settings: those of :func:`visited_folder`.
        host: where the web application listens.
        port: its port.
        clock: tells the time, in seconds since 1970 in UTC.
    """
    from banners.visitors.crowd import Crowd
    from banners.visitors.site import Site

    _, key, _ = Path(settings.conversion_keys_file).read_text("utf-8").split()
    return Crowd(Site(host, port, key), VISITED_CAMPAIGNS, _SEED, clock)


def earned_by_arms(settings: Settings) -> str:
    """Return what each arm of the trial has earned so far, as a sentence; empty before it begins.

    Args:
        settings: those of :func:`visited_folder`.

    Raises:
        StoreError: the database cannot be read.
    """
    from banners.core.arms import ComparisonKind
    from banners.reports.totals import comparisons_of_all

    with closing(totals(settings)) as reader:
        found = {each.kind: each for each in comparisons_of_all(reader)}
    trial = found.get(ComparisonKind.TRIAL)
    if trial is None:
        return ""
    # Pages and revenue of the same slots, so that the ratio is right when old slots drop out.
    rule = trial.alternative_revenue_micros / trial.alternative_pages / MICROS
    learning = trial.revenue_micros / trial.pages / MICROS
    more = f" ({100 * (learning / rule - 1):+.0f} %)" if rule else ""
    return (
        f"Revenue per thousand pages: rule {1_000 * rule:,.2f}, learning {1_000 * learning:,.2f}"
        f"{more}."
    )
