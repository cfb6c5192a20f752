"""What the web application and the commands both need of a campaign of the catalogue."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign, State
from banners.core.model import Quarter
from banners.core.showing import no_candidates
from banners.errors import CampaignOff, NothingPublished, NotInQuarter, UnknownCampaign
from banners.serve.reader import LineupReader, read_candidates


def figures_of(reader: LineupReader, campaign_id: int, quarter: Quarter) -> Candidates:
    """Return the candidates of a campaign by its events; none if the live generation has none.

    Raises:
        StoreUnavailable: no tier can be reached.
    """
    with suppress(NothingPublished, NotInQuarter, UnknownCampaign):
        return read_candidates(reader, campaign_id, quarter)
    return no_candidates(campaign_id, quarter)


def off_since(campaign: CatalogueCampaign, paused: Mapping[int, int], second: int) -> CampaignOff:
    """Return the error that says since when a campaign is off.

    Args:
        campaign: a campaign that is not on.
        paused: since when campaigns are paused, as far as it is known.
        second: the second, since 1970 in UTC.
    """
    state = campaign.state(second)
    moments = {State.ENDED: campaign.ends, State.STARTS: campaign.starts}
    moment = moments.get(state, paused.get(campaign.campaign_id))
    # 0 is a known time, the first second of 1970; only None means unknown.
    since = f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}" if moment is not None else ""
    return CampaignOff(campaign.campaign_id, state, since)
