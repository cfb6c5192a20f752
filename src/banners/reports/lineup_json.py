"""The JSON object of a lineup: the same in the API and in ``banners show --json``."""

from dataclasses import dataclass, fields
from typing import Any, Self

from banners.core.addresses import Site
from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign
from banners.core.figures import Figures
from banners.core.model import FillPolicy, Lineup
from banners.core.rule import draws_on_inventory, missing
from banners.reports.json_object import JsonObject
from banners.reports.named import banner_names
from banners.reports.prepared_json import PreparedBanner, prepared_banners


@dataclass(frozen=True, kw_only=True)
class CountedAnswer(JsonObject):
    """The four figures, as JSON."""

    impressions: int
    """The number of impressions."""

    clicks: int
    """The number of clicks."""

    conversions: int
    """The number of conversions that followed these clicks."""

    revenue: str
    """The revenue of these conversions: an exact decimal with six places, as text."""

    @classmethod
    def of(cls, figures: Figures, **others: Any) -> Self:
        """Return the JSON object of figures, with its other members."""
        return cls(
            impressions=figures.impressions,
            clicks=figures.clicks,
            conversions=figures.conversions,
            revenue=f"{figures.revenue:f}",
            **others,
        )


@dataclass(frozen=True, kw_only=True)
class _Placed(JsonObject):
    """The members before the figures of a banner, in the order of docs/rule.md.

    They are a class because a dataclass takes the fields of its last base first.
    """

    banner_id: int
    """The id of the banner."""

    banner_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    position: int
    """Its place in the lineup, from 1."""


@dataclass(frozen=True, kw_only=True)
class LineupBanner(CountedAnswer, _Placed):
    """One banner of a lineup, with its figures."""

    image: str
    """The address of its image."""

    name: str | None = None
    """Its name, if there is a catalogue."""


@dataclass(frozen=True, slots=True)
class Fill(JsonObject):
    """How a short lineup is filled up, at random, for every response."""

    needed: int
    """The number of banners that are added, 0 to 5."""

    campaign: list[int]
    """The campaign's other candidates; banners are drawn from these first."""

    campaign_text: list[str]
    """The same ids as text, for languages in which numbers above 2^53 are not exact."""

    inventory: bool
    """Whether further banners are drawn from all banners of the quarter."""


@dataclass(frozen=True, slots=True)
class LineupAnswer(JsonObject):
    """What a campaign shows in a quarter, and why."""

    campaign_id: int
    """The campaign."""

    campaign_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    quarter: int
    """The quarter of the hour, 1 to 4."""

    generation: int
    """The number of the generation (the published result) that it comes from."""

    rule: str
    """The name of the case of the rule that applied."""

    converting: int
    """The number of the campaign's banners that have revenue."""

    slots: int
    """The number of banners that the rule asks for, 5 to 10."""

    lineup: list[LineupBanner]
    """The banners that the rule picked, best first."""

    fill: Fill
    """How the lineup is filled up if it is short."""

    name: str | None = None
    """The campaign's name, if there is a catalogue."""

    policy: str | None = None
    """The policy that picks what visitors see, if it is not the rule; each response shows one of
    the lineups that it prepared. The other members are the rule's, on the same figures."""

    places: int | None = None
    """The number of banners in a lineup of the policy."""

    fallback: str | None = None
    """Why the rule picks in place of the policy; empty if it does not."""

    candidates: list[PreparedBanner] | None = None
    """The campaign's candidates, with what the policy expects of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewAnswer(LineupAnswer):
    """What a campaign shows in a quarter by the requested generation, and whether that is live."""

    preview: bool
    """Whether this generation is not the live one."""

    served: int | None
    """The number of the generation that is live in this quarter; null if there is none."""


def lineup_answer(
    lineup: Lineup,
    policy: FillPolicy,
    site: Site,
    campaign: CatalogueCampaign | None = None,
    ranked: Candidates | None = None,
) -> LineupAnswer:
    """Return a lineup as the JSON object of the API.

    Args:
        lineup: what the rule picked.
        policy: where the fill may come from.
        site: where the images are.
        campaign: the campaign in the catalogue, which has the names; None if there is none.
        ranked: its candidates as they were published, which may have prepared lineups.

    Source: docs/rule.md, "As JSON"; docs/policies.md, "As JSON".
    """
    prepared = ranked.prepared if ranked else None
    needed = missing(lineup, policy)
    others = lineup.others if needed else ()
    names = banner_names(campaign)
    return LineupAnswer(
        campaign_id=lineup.campaign_id,
        campaign_id_text=str(lineup.campaign_id),
        quarter=int(lineup.quarter),
        generation=lineup.generation.number,
        rule=lineup.rule.value,
        converting=lineup.converting,
        slots=lineup.slots,
        lineup=[
            LineupBanner.of(
                banner,
                banner_id=banner.banner_id,
                banner_id_text=str(banner.banner_id),
                position=position,
                image=site.image(banner.banner_id),
                name=names.get(banner.banner_id),
            )
            for position, banner in enumerate(lineup.banners, start=1)
        ],
        fill=Fill(
            needed=needed,
            campaign=list(others),
            campaign_text=[str(each) for each in others],
            inventory=draws_on_inventory(lineup, policy),
        ),
        name=campaign.name if campaign else None,
        policy=prepared.policy.value if prepared else None,
        places=prepared.places if prepared else None,
        fallback=prepared.fallback if prepared else None,
        candidates=prepared_banners(ranked) if prepared and ranked else None,
    )


def preview_answer(
    lineup: Lineup,
    policy: FillPolicy,
    site: Site,
    campaign: CatalogueCampaign | None = None,
    ranked: Candidates | None = None,
    *,
    served: int | None,
) -> PreviewAnswer:
    """Return the lineup of a requested generation as the same object, marked as a preview.

    Args:
        lineup: what the rule picked.
        policy: where the fill may come from.
        site: where the images are.
        campaign: the campaign in the catalogue, which has the names; None if there is none.
        ranked: see :func:`lineup_answer`.
        served: the number of the generation that is live in its quarter; None if there is none.
    """
    answer = lineup_answer(lineup, policy, site, campaign, ranked)
    return PreviewAnswer(
        **{each.name: getattr(answer, each.name) for each in fields(answer)},
        preview=lineup.generation.number != served,
        served=served,
    )
