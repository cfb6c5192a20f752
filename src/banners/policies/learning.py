"""The learning policy: shows what is expected to earn most, and now and then what may be better."""

from collections.abc import Iterator

import numpy as np

from banners.core.model import Quarter
from banners.core.policy import EXPECTATION_NAMES, LINEUPS, PolicyName, PreparedLineups
from banners.core.views import Group
from banners.policies.draws import Draws, RandomOfCampaigns
from banners.policies.holdout import RuleLineups
from banners.policies.places import count_places
from banners.policies.policy import PolicySettings
from banners.policies.posterior import Posterior, expect
from banners.policies.soundness import sound_figures
from banners.policies.window import Campaigns, Numbers, Window, campaigns_of

PROBES = 8
"""Number of lineups whose last place goes to one of the banners seen least."""


class Learning:
    """Ranks candidates by their expected revenue, of which each lineup makes a draw of its own.

    Of the 64 lineups, some are the rule's own: the holdout, which shows whether learning pays.

    Source: docs/policies.md.
    """

    name = PolicyName.LEARNING

    def prepare(
        self, window: Window, quarter: Quarter, digest: str, settings: PolicySettings
    ) -> Iterator[PreparedLineups]:
        """Prepare 64 lineups of each campaign; see :meth:`Policy.prepare`."""
        campaigns = campaigns_of(window.campaign_ids)
        figures, unsound = sound_figures(window.everybody, campaigns)
        learned = Learned(
            expect(figures, window.overall, campaigns, quarter),
            figures.impressions.sum(0),
            campaigns,
            settings.theta,
        )
        here = quarter - 1
        rule = RuleLineups(
            figures.clicks[here], figures.revenue_micros[here], window.banner_ids, campaigns
        )
        randoms = RandomOfCampaigns(digest, quarter)
        own = LINEUPS - settings.holdout
        for place, campaign_id in enumerate(campaigns.ids.tolist()):
            random = randoms.of(campaign_id)
            if why := unsound.get(place):
                yield rule_instead(campaign_id, self.name, rule.of(place, LINEUPS, random), why)
                continue
            lineups, groups = learned.lineups(place, own, PROBES, random)
            yield PreparedLineups(
                campaign_id=campaign_id,
                policy=self.name,
                places=learned.places[place],
                lineups=lineups + rule.of(place, settings.holdout, random),
                groups=groups + (Group.RULE,) * settings.holdout,
                expectations=learned.expectations(place),
            )


class Learned:
    """What the learning policy has learned of campaigns, and the lineups that follow from it.

    Args:
        posterior: what is expected of each candidate.
        seen: impressions of each candidate in all quarters.
        campaigns: how the candidates are divided into campaigns.
        theta: see :class:`PolicySettings`.
    """

    def __init__(
        self, posterior: Posterior, seen: Numbers, campaigns: Campaigns, theta: float
    ) -> None:
        expected = posterior.micros
        self.places: list[int] = count_places(expected, campaigns, theta).tolist()
        """The number of places of each campaign."""
        shapes = (posterior.click_shape, posterior.conversion_shape, posterior.value_shape)
        self._draws = Draws(np.stack(shapes), expected)
        self._columns = np.stack([getattr(posterior, name) for name in EXPECTATION_NAMES])
        self._seen = seen
        self._starts = campaigns.starts.tolist()

    def lineups(
        self, place: int, count: int, probes: int, random: np.random.Generator
    ) -> tuple[tuple[tuple[int, ...], ...], tuple[Group, ...]]:
        """Return lineups of a campaign and their groups, ``policy`` and ``probe``.

        Args:
            place: the place of the campaign, from 0.
            count: how many lineups to make.
            probes: how many of these show one of the banners seen least in their last place.
            random: the random numbers of the campaign.
        """
        candidates = self._candidates(place)
        places = self.places[place]
        drawn = self._draws.best(candidates, count, places, random)
        groups = [Group.POLICY] * count
        size = candidates.stop - candidates.start
        if size > places:
            # Those that were seen equally often come in random order.
            seen_least = np.lexsort((random.random(size), self._seen[candidates]))[:probes].tolist()
            for probe in range(min(probes, count)):
                candidate = seen_least[probe % len(seen_least)]
                if candidate not in drawn[probe]:
                    drawn[probe] = (*drawn[probe][:-1], candidate)
                    groups[probe] = Group.PROBE
        return tuple(drawn), tuple(groups)

    def expectations(self, place: int) -> tuple[list[float], ...]:
        """Return what is expected of a campaign's candidates, as columns.

        Args:
            place: the place of the campaign, from 0.
        """
        return tuple(self._columns[:, self._candidates(place)].tolist())

    def _candidates(self, place: int) -> slice:
        return slice(self._starts[place], self._starts[place + 1])


def rule_instead(
    campaign_id: int, policy: PolicyName, lineups: tuple[tuple[int, ...], ...], fallback: str
) -> PreparedLineups:
    """Return the rule's lineups for a campaign whose figures the policy cannot use.

    Args:
        campaign_id: the campaign.
        policy: the policy that cannot use them.
        lineups: the rule's lineups.
        fallback: what is wrong with the figures.
    """
    return PreparedLineups(
        campaign_id=campaign_id,
        policy=policy,
        places=len(lineups[0]),
        lineups=lineups,
        groups=(Group.RULE,) * len(lineups),
        fallback=fallback,
    )
