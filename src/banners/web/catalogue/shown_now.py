"""What visitors of a campaign see now, and how often, for the pages of operators."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from banners.core.catalogue import CatalogueCampaign, State
from banners.core.model import FillPolicy, Quarter
from banners.core.rule import line_up, missing
from banners.core.showing import showing
from banners.serve.catalogued import figures_of
from banners.serve.reader import LineupReader


@dataclass(frozen=True, slots=True)
class ShownNow:
    """Says which banners of a campaign of the catalogue visitors see.

    Args:
        reader: the tier that lineups are made from.
        policy: returns where the fill of a short lineup may come from.
    """

    reader: LineupReader
    policy: Callable[[], FillPolicy]

    def shares(
        self, campaign: CatalogueCampaign, quarter: Quarter, second: int
    ) -> Mapping[int, Fraction]:
        """Return the share of the campaign's pages that each of its banners is on, best first.

        Args:
            campaign: the campaign in the catalogue.
            quarter: the quarter of the hour.
            second: whole seconds since 1970, in UTC.

        Returns:
            By the ids of banners: 1 for those of the lineup, and the chance to be drawn for those
            that fill it up. Banners that are on no page are left out.

        Raises:
            StoreUnavailable: no tier can be reached.

        Source: docs/rule.md, "Fill".
        """
        if campaign.state(second) is not State.ON:
            return {}
        found = showing(figures_of(self.reader, campaign.campaign_id, quarter), campaign, second)
        lineup = line_up(found.candidates)
        shares = {each.banner_id: Fraction(1) for each in lineup.banners}
        needed = missing(lineup, self.policy())
        if needed and lineup.others:
            drawn = Fraction(min(needed, len(lineup.others)), len(lineup.others))
            shares |= dict.fromkeys(lineup.others, drawn)
        return shares
