"""Applies edits to campaigns, and refuses edits of what somebody else has changed meanwhile."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from banners.catalogue.compare import Difference, Entry
from banners.catalogue.folder import MOST_OF_CAMPAIGN
from banners.catalogue.sentences import sentence
from banners.catalogue.values import check_entry
from banners.catalogue.versions import Edit
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.errors import CatalogueError, EditOvertaken

_MOST_TOLD = 10

Campaigns = Mapping[int, CatalogueCampaign]


def refuse_overtaken(edits: Iterable[Edit], seen: Campaigns, current: Campaigns) -> None:
    """Refuse edits of what has changed since the editor looked.

    Args:
        edits: the edits.
        seen: the campaigns as the editor saw them, by id.
        current: the campaigns as they are now, by id.

    Raises:
        EditOvertaken: something of them has changed; the message says what.
    """
    before, after = _entries(seen), _entries(current)
    keys = [(edit.campaign_id, edit.banner_id) for edit in edits]
    changes = [
        sentence(Difference(*key, before.get(key), after.get(key)))
        for key in keys
        if before.get(key) != after.get(key)
    ]
    if changes:
        more = len(changes) - _MOST_TOLD
        raise EditOvertaken(changes[:_MOST_TOLD] + ([f"… and {more:,} more."] if more > 0 else []))


def apply(edits: Iterable[Edit], current: Campaigns) -> Campaigns:
    """Return the campaigns after some edits.

    Args:
        edits: the edits; of two for the same campaign or banner, the later one counts.
        current: the campaigns that they name, by id, as they are now.

    Raises:
        InvalidValue: a value is invalid.
        CatalogueError: a banner is left without its campaign, or a campaign has too many.
    """
    alone: dict[int, CatalogueCampaign] = dict(current)
    banners = {
        campaign_id: {banner.banner_id: banner for banner in campaign.banners}
        for campaign_id, campaign in current.items()
    }
    for edit in edits:
        if edit.new is not None:
            check_entry(edit.new)
        of_campaign = banners.setdefault(edit.campaign_id, {})
        match edit.new:
            case CatalogueCampaign():
                alone[edit.campaign_id] = edit.new
            case CatalogueBanner():
                of_campaign[edit.new.banner_id] = edit.new
            case None if edit.banner_id is not None:
                of_campaign.pop(edit.banner_id, None)
            case _:
                alone.pop(edit.campaign_id, None)
    for campaign_id, of_campaign in banners.items():
        _check(campaign_id, of_campaign, is_known=campaign_id in alone)
    return {
        campaign_id: replace(
            campaign,
            banners=tuple(banner for _, banner in sorted(banners.get(campaign_id, {}).items())),
        )
        for campaign_id, campaign in sorted(alone.items())
    }


def _check(campaign_id: int, banners: Mapping[int, CatalogueBanner], *, is_known: bool) -> None:
    if banners and not is_known:
        raise CatalogueError(
            f"Campaign {campaign_id} is not in the catalogue, and would have "
            f"{'a banner' if len(banners) == 1 else f'{len(banners):,} banners'}. "
            "Add the campaign first, or take its banners out first."
        )
    if len(banners) > MOST_OF_CAMPAIGN:
        raise CatalogueError(
            f"Campaign {campaign_id} would have {len(banners):,} banners; expected at most "
            f"{MOST_OF_CAMPAIGN:,}. Take some out first."
        )


def _entries(campaigns: Campaigns) -> Mapping[tuple[int, int | None], Entry]:
    """Return campaigns without their banners, and the banners, by key."""
    found: dict[tuple[int, int | None], Entry] = {}
    for campaign_id, campaign in campaigns.items():
        found[campaign_id, None] = replace(campaign, banners=())
        found |= {(campaign_id, banner.banner_id): banner for banner in campaign.banners}
    return found
