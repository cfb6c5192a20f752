"""Lists the campaigns of a quarter, a limited number at a time."""

import sqlalchemy as sa

from banners.core.model import Generation, Quarter
from banners.core.rule import case_of, slots_for
from banners.reports.reader import CampaignOrder, CampaignsWanted, ListedCampaign, ListedCampaigns
from banners.store.read.lineups import OF_GENERATION, key_of
from banners.store.read.queries import Queries
from banners.store.schema import CANDIDATES

_DIGITS = 18

_ORDERS: dict[CampaignOrder, sa.ColumnElement[int]] = {
    CampaignOrder.CAMPAIGN: CANDIDATES.c.campaign_id,
    CampaignOrder.CONVERTING: CANDIDATES.c.converting,
    CampaignOrder.BANNERS: CANDIDATES.c.picked,
    CampaignOrder.REVENUE: CANDIDATES.c.revenue_micros,
}


def list_campaigns(
    queries: Queries, generation: Generation, quarter: Quarter, wanted: CampaignsWanted
) -> ListedCampaigns:
    """Return some campaigns of a quarter.

    Args:
        queries: the open database.
        generation: the generation to list.
        quarter: the quarter of the hour.
        wanted: which campaigns, and in which order.
    """
    key = key_of(generation, quarter)
    of_quarter = (
        CANDIDATES.c.generation == OF_GENERATION,
        CANDIDATES.c.quarter == sa.bindparam("quarter"),
        _matches(wanted),
        _is_among(wanted.among),
    )
    counted = queries.rows(sa.select(sa.func.count().label("total")).where(*of_quarter), key)
    order = _ORDERS[wanted.order]
    rows = queries.rows(
        sa.select(
            CANDIDATES.c.campaign_id,
            CANDIDATES.c.converting,
            CANDIDATES.c.picked,
            CANDIDATES.c.revenue_micros,
        )
        .where(*of_quarter)
        .order_by(order.desc() if wanted.descending else order, CANDIDATES.c.campaign_id)
        .limit(wanted.most)
        .offset(wanted.first),
        key,
    )
    return ListedCampaigns(
        total=counted[0].total if counted else 0,
        campaigns=[
            ListedCampaign(
                campaign_id=row.campaign_id,
                rule=case_of(row.converting),
                converting=row.converting,
                slots=slots_for(row.converting),
                banners=row.picked,
                revenue_micros=row.revenue_micros,
            )
            for row in rows
        ],
    )


def _is_among(campaign_ids: frozenset[int] | None) -> sa.ColumnElement[bool]:
    """Return a condition on ids, which every id fulfils for None."""
    if campaign_ids is None:
        return sa.true()
    return CANDIDATES.c.campaign_id.in_(sorted(campaign_ids))


def _matches(wanted: CampaignsWanted) -> sa.ColumnElement[bool]:
    """Return the condition that an id begins as wanted, or that a search for a name found it."""
    if wanted.named is None:
        return _begins_with(wanted.beginning)
    is_named = CANDIDATES.c.campaign_id.in_(sorted(wanted.named))
    return sa.or_(is_named, _begins_with(wanted.beginning)) if wanted.beginning else is_named


def _begins_with(digits: str) -> sa.ColumnElement[bool]:
    """Return a condition on the first digits of ids, as ranges that the primary key can find."""
    if not digits:
        return sa.true()
    if digits.startswith("0"):
        return sa.false()
    number = int(digits)
    scales = [10**more for more in range(_DIGITS - len(digits) + 1)]
    return sa.or_(
        *(
            CANDIDATES.c.campaign_id.between(number * scale, (number + 1) * scale - 1)
            for scale in scales
        )
    )
