"""Lists and searches the campaigns of a version of the catalogue."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from banners.catalogue.values import folded
from banners.catalogue.versions import FoundCampaign, FoundCampaigns, Search, SearchOrder
from banners.core.catalogue import State
from banners.store.read.catalogue_rows import Run, is_in, some_campaigns
from banners.store.schema import CATALOGUE_BANNERS, CATALOGUE_CAMPAIGNS

_CAMPAIGNS, _BANNERS = CATALOGUE_CAMPAIGNS.c, CATALOGUE_BANNERS.c
_MOST_DIGITS = 18
_ORDERS: dict[SearchOrder, sa.ColumnElement[Any]] = {
    SearchOrder.CAMPAIGN: _CAMPAIGNS.campaign_id,
    SearchOrder.NAME: _CAMPAIGNS.folded,
}


def search(run: Run, version: int, wanted: Search) -> FoundCampaigns:
    """Return some of the campaigns of a version that match.

    Args:
        run: runs the queries.
        version: the number of the version.
        wanted: which campaigns, and in which order.
    """
    conditions = [is_in(CATALOGUE_CAMPAIGNS, version)]
    if text := folded(wanted.text.strip()):
        conditions.append(_matches(version, text))
    if wanted.state:
        conditions.append(_is_in_state(wanted.state, wanted.second))
    order = _ORDERS[wanted.order]
    # All ids, so that the names are searched once, and not again to count them.
    found = run(
        sa.select(_CAMPAIGNS.campaign_id)
        .where(*conditions)
        .order_by(order.desc() if wanted.descending else order, _CAMPAIGNS.campaign_id)
    )
    matched = [row.campaign_id for row in found]
    if wanted.ranked is not None:
        matched = _by_rank(matched, wanted.ranked, turned=wanted.descending)
    ids = matched[wanted.first : wanted.first + wanted.most]
    campaigns = some_campaigns(run, version, ids)
    return FoundCampaigns(
        total=len(found),
        campaigns=[
            FoundCampaign(replace(campaigns[each], banners=()), len(campaigns[each].banners))
            for each in ids
            if each in campaigns
        ],
    )


def _by_rank(ids: Sequence[int], ranked: Sequence[int], *, turned: bool) -> list[int]:
    """Return ids in the order of a ranking, and those that are not in it after them, by id."""
    wanted = frozenset(ids)
    first = [each for each in ranked if each in wanted]
    placed = frozenset(first)
    ordered = [*first, *sorted(each for each in ids if each not in placed)]
    return ordered[::-1] if turned else ordered


def matching(run: Run, version: int, text: str) -> list[int]:
    """Return the ids of the campaigns that match a text; all for an empty one."""
    wanted = folded(text.strip())
    rows = run(
        sa.select(_CAMPAIGNS.campaign_id)
        .where(
            is_in(CATALOGUE_CAMPAIGNS, version), _matches(version, wanted) if wanted else sa.true()
        )
        .order_by(_CAMPAIGNS.campaign_id)
    )
    return [row.campaign_id for row in rows]


def _matches(version: int, text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a campaign, or one of its banners, matches a text."""
    # Other than LIKE, this gives no character of the text a meaning of its own.
    of_campaign = [sa.func.instr(_CAMPAIGNS.folded, text) > 0]
    of_banner = [sa.func.instr(_BANNERS.folded, text) > 0]
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        of_campaign.append(sa.cast(_CAMPAIGNS.campaign_id, sa.String(20)).like(f"{int(text)}%"))
        of_banner.append(_BANNERS.banner_id == int(text))
    having_banner = sa.select(_BANNERS.campaign_id).where(
        is_in(CATALOGUE_BANNERS, version), sa.or_(*of_banner)
    )
    return sa.or_(*of_campaign, _CAMPAIGNS.campaign_id.in_(having_banner))


def _is_in_state(state: State, second: int) -> sa.ColumnElement[bool]:
    """Return the condition that :meth:`Times.state` is a state."""
    has_ended = sa.func.coalesce(_CAMPAIGNS.ends <= second, sa.false())
    is_to_start = sa.func.coalesce(_CAMPAIGNS.starts > second, sa.false())
    is_active = _CAMPAIGNS.active == 1
    conditions: dict[State, sa.ColumnElement[bool]] = {
        State.ENDED: has_ended,
        State.PAUSED: sa.and_(~has_ended, ~is_active),
        State.STARTS: sa.and_(~has_ended, is_active, is_to_start),
        State.ON: sa.and_(~has_ended, is_active, ~is_to_start),
    }
    return conditions[state]
