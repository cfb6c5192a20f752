"""Two generations of event files, for the tests of reports, and the campaigns to look at."""

from banners.core.model import Quarter
from reference.events import QuarterReference

SAMPLES = {"older": Quarter, "newer": (Quarter.FIRST, Quarter.SECOND)}
"""Two generations, and the quarters of each: 1 has all of them, 2 the first two."""

SERVED = {1: 2, 2: 2, 3: 1, 4: 1}
"""The number of the generation that is live in each quarter."""

RULES = ["top_revenue", "all_converting", "revenue_then_clicks", "most_clicks"]
PATHS = ["/campaigns/{}/report", "/api/v1/campaigns/{}/report"]


def of_each_rule(reference: QuarterReference) -> dict[str, list[int]]:
    """Two campaigns of each case of the rule, and all whose lineup falls short."""
    found: dict[str, list[int]] = {rule: [] for rule in RULES}
    for campaign_id, lineup in sorted(reference.lineups.items()):
        if len(found[lineup.rule]) < 2 or len(lineup.banners) < 5:
            found[lineup.rule].append(campaign_id)
    return found
