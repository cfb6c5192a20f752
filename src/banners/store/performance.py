"""Streams the figures of all candidates of a quarter, as an engine once gave them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from banners.model import Generation, Quarter
from banners.store.dialect import FIGURES
from banners.store.queries import Queries
from banners.store.read import OF_GENERATION, key_of
from banners.store.schema import PERFORMANCE

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 20_000

_LAST_CAMPAIGN = sa.bindparam("campaign_id", type_=sa.BigInteger)
_FOLLOWING = (
    sa.select(*(PERFORMANCE.c[name] for name in FIGURES))
    .where(
        PERFORMANCE.c.generation == OF_GENERATION,
        PERFORMANCE.c.quarter == sa.bindparam("quarter"),
        # What MySQL makes use of the key for; of a comparison of pairs it does not.
        PERFORMANCE.c.campaign_id >= _LAST_CAMPAIGN,
        (PERFORMANCE.c.campaign_id > _LAST_CAMPAIGN)
        | (PERFORMANCE.c.banner_id > sa.bindparam("banner_id")),
    )
    .order_by(PERFORMANCE.c.campaign_id, PERFORMANCE.c.banner_id)
)


def stream_performance(
    queries: Queries, generation: Generation, quarter: Quarter
) -> Iterator["pa.RecordBatch"]:
    """Stream the figures of a quarter, sorted by campaign and banner.

    Args:
        queries: the open database.
        generation: the generation; one that is not kept has no figures, and of one that is dropped
            meanwhile some may be missing.
        quarter: the quarter of the hour.

    Yields:
        The columns of ``banners.store.dialect.FIGURES``, all of whole numbers.
    """
    import pyarrow as pa

    key = key_of(generation, quarter)
    last = {"campaign_id": 0, "banner_id": 0}
    some = _FOLLOWING.limit(_ROWS_AT_ONCE)
    while rows := queries.rows(some, {**key, **last}):
        columns = zip(FIGURES, zip(*rows, strict=True), strict=True)
        yield pa.record_batch({name: pa.array(values, pa.int64()) for name, values in columns})
        last = {name: getattr(rows[-1], name) for name in last}
