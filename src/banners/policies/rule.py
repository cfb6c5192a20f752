"""The rule as a policy: every response gets the one lineup that docs/rule.md describes."""

from collections.abc import Iterator

from banners.core.candidates import Candidates
from banners.core.model import Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.rule import line_up
from banners.core.showing import NO_GENERATION
from banners.core.views import Group
from banners.policies.policy import PolicySettings
from banners.policies.window import Window


class Rule:
    """Picks what ``core.rule`` picks. Its fill is drawn when a page is served."""

    name = PolicyName.RULE

    def prepare(
        self,
        window: Window,
        quarter: Quarter,
        digest: str,  # noqa: ARG002  # the rule draws nothing
        settings: PolicySettings,  # noqa: ARG002  # the rule has no settings
    ) -> Iterator[PreparedLineups]:
        """Prepare one lineup of each campaign; see :meth:`Policy.prepare`."""
        for campaign_id, index, candidates in ranked_candidates(window, quarter):
            lineup = line_up(candidates)
            yield PreparedLineups(
                campaign_id=campaign_id,
                policy=self.name,
                places=lineup.slots,
                lineups=(tuple(index[each.banner_id] for each in lineup.banners),),
                groups=(Group.RULE,),
            )


def ranked_candidates(
    window: Window, quarter: Quarter
) -> Iterator[tuple[int, dict[int, int], Candidates]]:
    """Yield each campaign, the index of each of its banners, and its candidates by rank.

    Args:
        window: the campaigns.
        quarter: the quarter whose figures count.
    """
    figures, here = window.everybody, quarter - 1
    columns = (
        window.banner_ids,
        figures.impressions[here],
        figures.clicks[here],
        figures.conversions[here],
        figures.revenue_micros[here],
    )
    rows: dict[int, list[tuple[int, ...]]] = {}
    for campaign_id, *row in zip(
        window.campaign_ids.tolist(), *(column.tolist() for column in columns), strict=True
    ):
        rows.setdefault(campaign_id, []).append(tuple(map(int, row)))
    for campaign_id, given in rows.items():
        index = {row[0]: place for place, row in enumerate(given)}
        # The ranking of core.rule.RANKING.
        ranked = sorted(given, key=lambda row: (-row[4], -row[2], row[0]))
        candidates = Candidates(
            campaign_id, quarter, NO_GENERATION, *map(tuple, zip(*ranked, strict=True))
        )
        yield campaign_id, index, candidates
