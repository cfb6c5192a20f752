"""The JSON object of a lineup: the same in the API and in ``banners show --json``."""

from dataclasses import dataclass, fields

from banners.images import stem_of
from banners.model import FillPolicy, Lineup
from banners.rule import draws_on_inventory, missing


@dataclass(frozen=True, slots=True)
class LineupBanner:
    """One banner of a lineup, with its figures.

    Args:
        banner_id: its id.
        position: its place in the lineup, from 1.
        impressions: how often it was shown.
        clicks: how often it was clicked.
        conversions: how many conversions its clicks led to.
        revenue: what these earned, an exact decimal with six places, as text.
        image: address of its picture.
    """

    banner_id: int
    position: int
    impressions: int
    clicks: int
    conversions: int
    revenue: str
    image: str


@dataclass(frozen=True, slots=True)
class Fill:
    """How a lineup is topped up, at random, whenever it is served.

    Args:
        needed: how many banners are added, 0 to 5.
        campaign: the campaign's other candidates, from which they are drawn first.
        inventory: whether the draw goes on among all banners of the quarter.
    """

    needed: int
    campaign: list[int]
    inventory: bool


@dataclass(frozen=True, slots=True)
class LineupAnswer:
    """What a campaign shows in a quarter, and why.

    Args:
        campaign_id: the campaign.
        quarter: the quarter of the hour, 1 to 4.
        generation: number of the published result that it comes from.
        rule: which case of the rule decided.
        converting: how many of the campaign's banners have revenue.
        slots: how many banners the rule asks for, 5 to 10.
        lineup: the banners that the rule picked, best first.
        fill: how these are topped up.
    """

    campaign_id: int
    quarter: int
    generation: int
    rule: str
    converting: int
    slots: int
    lineup: list[LineupBanner]
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewAnswer(LineupAnswer):
    """What a campaign shows in a quarter by the generation asked for, and whether it is served.

    Args:
        preview: whether this is not what is served.
        served: number of the generation that is served in this quarter; null for none.
    """

    preview: bool
    served: int | None


def image_path(banner_id: int) -> str:
    """Tell the address of a banner's picture, below the root of the web application."""
    return f"/static/images/{stem_of(banner_id)}.png"


def lineup_answer(lineup: Lineup, policy: FillPolicy) -> LineupAnswer:
    """Write a lineup as the JSON object that others rely on.

    Args:
        lineup: what the rule picked.
        policy: where the fill may come from.

    Source: docs/rule.md, "As JSON".
    """
    needed = missing(lineup, policy)
    return LineupAnswer(
        campaign_id=lineup.campaign_id,
        quarter=int(lineup.quarter),
        generation=lineup.generation.number,
        rule=lineup.rule.value,
        converting=lineup.converting,
        slots=lineup.slots,
        lineup=[
            LineupBanner(
                banner_id=banner.banner_id,
                position=position,
                impressions=banner.impressions,
                clicks=banner.clicks,
                conversions=banner.conversions,
                revenue=f"{banner.revenue:.6f}",
                image=image_path(banner.banner_id),
            )
            for position, banner in enumerate(lineup.banners, start=1)
        ],
        fill=Fill(
            needed=needed,
            campaign=list(lineup.others) if needed else [],
            inventory=draws_on_inventory(lineup, policy),
        ),
    )


def preview_answer(lineup: Lineup, policy: FillPolicy, *, served: int | None) -> PreviewAnswer:
    """Write the lineup of a generation that was asked for as the same object, and mark it.

    Args:
        lineup: what the rule picked.
        policy: where the fill may come from.
        served: the number of the generation that is served in its quarter; None for nothing.
    """
    answer = lineup_answer(lineup, policy)
    return PreviewAnswer(
        **{each.name: getattr(answer, each.name) for each in fields(answer)},
        preview=lineup.generation.number != served,
        served=served,
    )
