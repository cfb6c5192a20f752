"""Lists the campaigns of a quarter, so many at a time."""

import sqlalchemy as sa

from banners.model import Generation, Quarter, RuleName
from banners.serve.report import CampaignOrder, CampaignsWanted, ListedCampaign, ListedCampaigns
from banners.store.queries import Queries
from banners.store.read import OF_GENERATION, key_of
from banners.store.schema import LINEUPS

_DIGITS = 18

# The ids are a JSON array: a comma less than there are of them, or nothing within the brackets.
_BANNERS = sa.case(
    (LINEUPS.c.banner_ids == "[]", 0),
    else_=1
    + sa.func.length(LINEUPS.c.banner_ids)
    - sa.func.length(sa.func.replace(LINEUPS.c.banner_ids, ",", "")),
)
_ORDERS: dict[CampaignOrder, sa.ColumnElement[int]] = {
    CampaignOrder.CAMPAIGN: LINEUPS.c.campaign_id,
    CampaignOrder.CONVERTING: LINEUPS.c.converting,
    CampaignOrder.BANNERS: _BANNERS,
    CampaignOrder.REVENUE: LINEUPS.c.revenue_micros,
}


def list_campaigns(
    queries: Queries, generation: Generation, quarter: Quarter, wanted: CampaignsWanted
) -> ListedCampaigns:
    """List some campaigns of a quarter.

    Args:
        queries: the open database.
        generation: the generation that lists them.
        quarter: the quarter of the hour.
        wanted: which of them.
    """
    key = key_of(generation, quarter)
    of_quarter = (
        LINEUPS.c.generation == OF_GENERATION,
        LINEUPS.c.quarter == sa.bindparam("quarter"),
        _begins_with(wanted.beginning),
    )
    counted = queries.rows(sa.select(sa.func.count().label("total")).where(*of_quarter), key)
    order = _ORDERS[wanted.order]
    rows = queries.rows(
        sa.select(
            LINEUPS.c.campaign_id,
            LINEUPS.c.rule,
            LINEUPS.c.converting,
            LINEUPS.c.slots,
            _BANNERS.label("banners"),
            LINEUPS.c.revenue_micros,
        )
        .where(*of_quarter)
        .order_by(order.desc() if wanted.descending else order, LINEUPS.c.campaign_id)
        .limit(wanted.most)
        .offset(wanted.first),
        key,
    )
    return ListedCampaigns(
        total=counted[0].total if counted else 0,
        campaigns=[
            ListedCampaign(
                campaign_id=row.campaign_id,
                rule=RuleName(row.rule),
                converting=row.converting,
                slots=row.slots,
                banners=row.banners,
                revenue_micros=row.revenue_micros,
            )
            for row in rows
        ],
    )


def _begins_with(digits: str) -> sa.ColumnElement[bool]:
    """Put into ranges what an id begins with, which the key finds without reading all ids."""
    if not digits:
        return sa.true()
    if digits.startswith("0"):
        return sa.false()
    number = int(digits)
    scales = [10**more for more in range(_DIGITS - len(digits) + 1)]
    return sa.or_(
        *(
            LINEUPS.c.campaign_id.between(number * scale, (number + 1) * scale - 1)
            for scale in scales
        )
    )
