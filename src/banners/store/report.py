"""Reads from the database what reports tell."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from banners.errors import DamagedRecord
from banners.model import Generation, Quarter
from banners.serve.report import CampaignsWanted, KeptQuarter, ListedCampaigns
from banners.store.campaign import DatabaseCampaigns
from banners.store.listing import list_campaigns
from banners.store.performance import stream_performance
from banners.store.read import read_active
from banners.store.schema import ACTIVE_GENERATIONS, GENERATION_QUARTERS, GENERATIONS

if TYPE_CHECKING:
    import pyarrow as pa

_KEPT = (
    sa.select(
        GENERATIONS.c.generation,
        GENERATIONS.c.published_at,
        GENERATIONS.c.engine,
        GENERATIONS.c.source,
        GENERATION_QUARTERS.c.quarter,
        GENERATION_QUARTERS.c.event_rows,
        GENERATION_QUARTERS.c.summary,
        ACTIVE_GENERATIONS.c.generation.label("active"),
    )
    .join(GENERATION_QUARTERS, GENERATION_QUARTERS.c.generation == GENERATIONS.c.generation)
    .outerjoin(ACTIVE_GENERATIONS, ACTIVE_GENERATIONS.c.quarter == GENERATION_QUARTERS.c.quarter)
    .where(GENERATIONS.c.state == "complete")
    .order_by(GENERATIONS.c.generation.desc(), GENERATION_QUARTERS.c.quarter)
)


class DatabaseReports(DatabaseCampaigns):
    """A ReportReader over the database, which it closes with itself."""

    def active(self) -> Mapping[Quarter, Generation]:
        """Tell the generation that is served in each quarter; {} for none."""
        return read_active(self._queries)

    def kept(self) -> list[KeptQuarter]:
        """List every quarter of every generation that is kept, the newest first."""
        rows = self._queries.rows(_KEPT)
        return [
            KeptQuarter(
                generation=row.generation,
                quarter=row.quarter,
                served=row.active == row.generation,
                published_at=row.published_at,
                engine=row.engine,
                source=row.source,
                rows=row.event_rows,
                summary=_summary(row),
            )
            for row in rows
        ]

    def campaigns(
        self, generation: Generation, quarter: Quarter, wanted: CampaignsWanted
    ) -> ListedCampaigns:
        """List campaigns of a quarter; none where the generation is not kept any more."""
        return list_campaigns(self._queries, generation, quarter, wanted)

    def performance(self, generation: Generation, quarter: Quarter) -> Iterator["pa.RecordBatch"]:
        """Stream the figures of every candidate of a quarter; some, if it is just being dropped."""
        return stream_performance(self._queries, generation, quarter)


def _summary(row: sa.Row[*tuple[object, ...]]) -> dict[str, Any]:
    try:
        return dict(json.loads(row.summary))
    except (ValueError, TypeError) as error:
        raise DamagedRecord(
            f"What generation {row.generation} says of quarter {row.quarter} is no JSON. "
            "Crunch the quarter again."
        ) from error
