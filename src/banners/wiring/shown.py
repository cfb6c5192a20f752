"""Reads what visitors of a campaign get now, for commands."""

import time
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign, State
from banners.core.model import FillPolicy, Lineup, Quarter, parse_campaign_id
from banners.core.rule import line_up
from banners.core.showing import fill_policy, showing
from banners.errors import UnknownCampaign
from banners.settings import Settings
from banners.wiring.catalogue import catalogue

if TYPE_CHECKING:
    from banners.serve.reader import LineupReader


class Shown(NamedTuple):
    """What visitors of a campaign get.

    Args:
        lineup: what the rule picks.
        policy: where the fill may come from.
        campaign: the campaign in the catalogue; None if there is no catalogue.
        ranked: its candidates as they were published; None if there is no catalogue.
    """

    lineup: Lineup
    policy: FillPolicy
    campaign: CatalogueCampaign | None
    ranked: Candidates | None = None


def shown_now(settings: Settings, reader: "LineupReader", campaign: str, quarter: Quarter) -> Shown:
    """Return what visitors of a campaign get now, as the web application does.

    Args:
        settings: name the database.
        reader: reads candidates from it.
        campaign: the campaign's id, as text.
        quarter: the quarter of the hour.

    Raises:
        NoLineup: the id is malformed, or the campaign has no lineup, or is off.
        StoreUnavailable: the database cannot be reached.
    """
    from banners.serve.catalogued import figures_of, off_since
    from banners.serve.reader import read_lineup

    campaign_id = parse_campaign_id(campaign)
    with closing(catalogue(settings)) as opened:
        version = opened.in_force()
        policy = fill_policy(settings.fill, has_catalogue=version is not None)
        if version is None:
            return Shown(read_lineup(reader, campaign_id, quarter), policy, None)
        found = opened.campaign(version, campaign_id)
        if found is None:
            raise UnknownCampaign(campaign_id, in_catalogue=True)
        second = int(time.time())
        ranked = figures_of(reader, campaign_id, quarter)
        left = showing(ranked, found, second)
        if left.state is not State.ON:
            raise off_since(found, opened.paused(version), second)
        return Shown(line_up(left.candidates), policy, found, ranked)
