"""The SQL of closing: one text for every engine, like that of the crunch.

An engine provides ``read_impressions``, ``read_clicks`` and ``read_conversions`` with the columns
of :data:`COLUMNS`, makes each of STEPS and VIEWS a relation of the same name, and can then run the
other statements, and read the rows of event files by :func:`rows_of`.
"""

from collections.abc import Mapping, Sequence
from importlib import resources
from string import Template

from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.views import Traffic

KEPT, DUPLICATE, OTHER_CAMPAIGN = "kept", "duplicate", "other_campaign"
"""Outcomes of what was recorded, beside the kinds of traffic that are left out."""

STEPS = ("views", "clicks", "conversions")
"""The relations that are made, in this order."""

VIEWS = ("places", "impressions")
"""Relations that are computed where they are read, in this order."""

COLUMNS: Mapping[Kind, Mapping[str, str]] = {
    Kind.IMPRESSIONS: {
        "traffic": "VARCHAR",
        "quarter": "INTEGER",
        "campaign_id": "BIGINT",
        "generation": "BIGINT",
        "group_name": "VARCHAR",
        "view_id": "BIGINT",
        "paused": "INTEGER",
        "banner_ids": "VARCHAR",
        "fill": "VARCHAR",
    },
    Kind.CLICKS: {
        "traffic": "VARCHAR",
        "quarter": "INTEGER",
        "campaign_id": "BIGINT",
        "generation": "BIGINT",
        "group_name": "VARCHAR",
        "click_id": "BIGINT",
        "banner_id": "BIGINT",
        "fill": "INTEGER",
        "places": "INTEGER",
    },
    Kind.CONVERSIONS: {
        "conversion_id": "BIGINT",
        "click_id": "BIGINT",
        "revenue": "VARCHAR",
        "campaign_id": "BIGINT",
    },
}
"""The fields of a record after its slot, in order, and the SQL type of each."""

FILE_COLUMNS: Mapping[Kind, Sequence[str]] = {
    Kind.IMPRESSIONS: (*Kind.IMPRESSIONS.columns, "impression_id", "group", "fill", "places"),
    Kind.CLICKS: (*Kind.CLICKS.columns, "group", "fill"),
    Kind.CONVERSIONS: Kind.CONVERSIONS.columns,
}
"""The columns of the event files of a slot, in order."""

_ORDER = {
    Kind.IMPRESSIONS: "impression_id",
    Kind.CLICKS: "click_id",
    Kind.CONVERSIONS: "conversion_id, revenue, click_id",
}


def statement(name: str, quarter: Quarter) -> str:
    """Return a statement with its parameters filled in.

    Args:
        name: the name of its file in ``sql/``, without the extension.
        quarter: the quarter of a conversion whose click is not known.
    """
    sql = resources.files("banners.collect.close").joinpath("sql", f"{name}.sql")
    return Template(sql.read_bytes().decode()).substitute(
        quarter=int(quarter),
        kept=KEPT,
        duplicate=DUPLICATE,
        other_campaign=OTHER_CAMPAIGN,
        crawler=Traffic.CRAWLER.value,
        flood=Traffic.FLOOD.value,
    )


def rows_of(kind: Kind, quarter: Quarter, *, mark: str = '"') -> str:
    """Return a query for the rows of an event file: those that count, always in the same order.

    Args:
        kind: the kind of the rows.
        quarter: the quarter of the file.
        mark: the quotation mark of names, in which engines differ.
    """
    columns = ", ".join(
        f"group_name AS {mark}group{mark}" if name == "group" else name
        for name in FILE_COLUMNS[kind]
    )
    return (
        f"SELECT {columns} FROM {kind} "  # noqa: S608  # nothing in it comes from outside
        f"WHERE reason IS NULL AND quarter = {quarter:d} ORDER BY {_ORDER[kind]}"
    )
