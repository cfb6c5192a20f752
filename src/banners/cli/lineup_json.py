"""A campaign's lineup as the JSON object that the API returns."""

import time
from typing import TYPE_CHECKING, Any

from banners import wiring
from banners.core.model import Quarter
from banners.core.showing import fill_policy
from banners.reports.json_object import as_json
from banners.reports.lineup_json import lineup_answer, preview_answer
from banners.settings import Settings

if TYPE_CHECKING:
    from banners.reports.campaign import Reporting
    from banners.serve.reader import LineupReader


def as_json_object(
    settings: Settings,
    reader: "LineupReader",
    reporting: "Reporting",
    campaign: str,
    quarter: Quarter,
    number: int | None,
) -> Any:
    """Return the answer of the API about a campaign.

    Args:
        settings: name the database, the site, and where the fill comes from.
        reader: reads what is live.
        reporting: reads what is kept.
        campaign: the id of the campaign, as text.
        quarter: the quarter of the hour.
        number: the generation to preview; None for the live one.

    Raises:
        NoLineup: the id is malformed, or the campaign has no lineup, or is off.
        StoreUnavailable: the database cannot be reached.
    """
    site = wiring.site(settings)
    if number is None:
        shown = wiring.shown_now(settings, reader, campaign, quarter)
        return as_json(
            lineup_answer(shown.lineup, shown.policy, site, shown.campaign, shown.ranked)
        )
    read, named, ranked = reporting.preview(campaign, quarter, number, int(time.time()))
    fill = fill_policy(settings.fill, has_catalogue=named is not None)
    return as_json(preview_answer(read.lineup, fill, site, named, ranked, served=read.served))
