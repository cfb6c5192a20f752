"""What visitors of a campaign see now, and how often, for the pages of operators."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain

from banners.core.catalogue import CatalogueCampaign, State
from banners.core.model import FillPolicy, Quarter
from banners.core.rule import line_up, missing
from banners.core.showing import showing
from banners.core.taking import best_first, shown_lineups
from banners.serve.catalogued import figures_of
from banners.serve.reader import LineupReader


@dataclass(frozen=True, slots=True)
class Shares:
    """How often visitors see each banner of a campaign.

    Args:
        banners: the share of the campaign's pages that each of its banners is on, best first, by
            id: 1 for those of the rule's lineup, and the chance to be drawn for those that fill it
            up. Banners that are on no page are left out.
        lineups: how many lineups a policy has prepared, of which each page shows one; 0 under the
            rule.
    """

    banners: Mapping[int, Fraction] = field(default_factory=dict)
    lineups: int = 0


@dataclass(frozen=True, slots=True)
class ShownNow:
    """Says which banners of a campaign of the catalogue visitors see.

    Args:
        reader: the tier that lineups are made from.
        policy: returns where the fill of a short lineup may come from.
    """

    reader: LineupReader
    policy: Callable[[], FillPolicy]

    def shares(self, campaign: CatalogueCampaign, quarter: Quarter, second: int) -> Shares:
        """Return how often visitors see each of the campaign's banners.

        Args:
            campaign: the campaign in the catalogue.
            quarter: the quarter of the hour.
            second: whole seconds since 1970, in UTC.

        Raises:
            StoreUnavailable: no tier can be reached.

        Source: docs/rule.md, "Fill"; docs/policies.md, "Sixty-four lineups".
        """
        if campaign.state(second) is not State.ON:
            return Shares()
        ranked = figures_of(self.reader, campaign.campaign_id, quarter)
        found = showing(ranked, campaign, second)
        if ranked.prepared:
            lineups = shown_lineups(ranked, found.candidates)
            counts = Counter(chain.from_iterable(each.banner_ids for each in lineups))
            best = best_first(ranked.prepared, ranked, found.candidates)
            often = sorted(filter(counts.get, best), key=lambda each: -counts[each])
            total = len(lineups)
            return Shares({each: Fraction(counts[each], total) for each in often}, total)
        lineup = line_up(found.candidates)
        shares = {each.banner_id: Fraction(1) for each in lineup.banners}
        needed = missing(lineup, self.policy())
        if needed and lineup.others:
            drawn = Fraction(min(needed, len(lineup.others)), len(lineup.others))
            shares |= dict.fromkeys(lineup.others, drawn)
        return Shares(shares)
