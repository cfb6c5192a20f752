"""The trial: half of the lineups are the rule's, half are learned, each from its own data only."""

from collections.abc import Iterator

from banners.core.model import Quarter
from banners.core.policy import LINEUPS, PolicyName, PreparedLineups
from banners.core.views import Group
from banners.errors import FiguresError
from banners.policies.draws import RandomOfCampaigns
from banners.policies.holdout import RuleLineups
from banners.policies.learning import PROBES, Learned, rule_instead
from banners.policies.policy import PolicySettings
from banners.policies.posterior import expect
from banners.policies.soundness import sound_figures
from banners.policies.window import Window, campaigns_of

ARM = LINEUPS // 2
"""Number of lineups of each arm."""

_PROBES = PROBES * ARM // LINEUPS


class Trial:
    """Shows what the learning policy earns where the rule is the alternative.

    There is no holdout, and neither arm learns from the other: a rule that learns from what the
    policy shows is no longer the rule that an installation without the policy would have.

    Source: docs/policies.md, "Trial".
    """

    name = PolicyName.TRIAL

    def prepare(
        self, window: Window, quarter: Quarter, digest: str, settings: PolicySettings
    ) -> Iterator[PreparedLineups]:
        """Prepare 32 lineups of each arm for each campaign; see :meth:`Policy.prepare`.

        Raises:
            FiguresError: the window does not tell the arms' figures apart.
        """
        if not (window.trial_rule and window.trial_policy and window.trial_overall):
            raise FiguresError(
                "A trial needs the figures of each of its arms, and the window has only those of "
                "everybody. Sum them up by group, or choose another policy."
            )
        campaigns = campaigns_of(window.campaign_ids)
        figures, unsound = sound_figures(window.trial_policy, campaigns)
        of_rule, unsound_rule = sound_figures(window.trial_rule, campaigns)
        here = quarter - 1
        learned = Learned(
            expect(figures, window.trial_overall, campaigns, quarter),
            figures.impressions.sum(0),
            campaigns,
            settings.theta,
        )
        rule = RuleLineups(
            of_rule.clicks[here], of_rule.revenue_micros[here], window.banner_ids, campaigns
        )
        randoms = RandomOfCampaigns(digest, quarter)
        for place, campaign_id in enumerate(campaigns.ids.tolist()):
            random = randoms.of(campaign_id)
            if why := unsound.get(place) or unsound_rule.get(place):
                yield rule_instead(campaign_id, self.name, rule.of(place, LINEUPS, random), why)
                continue
            lineups, _ = learned.lineups(place, ARM, _PROBES, random)
            yield PreparedLineups(
                campaign_id=campaign_id,
                policy=self.name,
                places=learned.places[place],
                lineups=lineups + rule.of(place, ARM, random),
                groups=(Group.TRIAL_POLICY,) * ARM + (Group.TRIAL_RULE,) * ARM,
                expectations=learned.expectations(place),
            )
