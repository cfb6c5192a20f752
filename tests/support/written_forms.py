"""The same rows in every form of file that is read: CSV, gzip, Parquet, folders of parts."""

import gzip
from collections.abc import Sequence
from io import BytesIO

from strategies.values import Events

ROWS = {
    "impressions": ("banner_id,campaign_id", ((1, 1), (1, 1), (2, 1), (0, 1), (None, 1))),
    "clicks": (
        "click_id,banner_id,campaign_id",
        ((1, 1, 1), (1, 1, 1), (2, 1, 1), (2, 2, 1), (3, 2, 1), (-4, 2, 1), (10**18, 2, 1)),
    ),
    "conversions": (
        "conversion_id,click_id,revenue",
        (
            *((1, 1, "1.5"), (1, 1, "1.50"), (2, 1, "0.1"), (2, 1, "0.2"), (3, 3, "-1")),
            *((4, 9, "1"), (5, 2, "2"), (6, 3, "1e3"), (7, 3, None), (8, 3, "0.25")),
        ),
    ),
}


def as_csv(header: str, rows: Sequence[tuple[object, ...]]) -> bytes:
    lines = [",".join("" if value is None else str(value) for value in row) for row in rows]
    return "\n".join([header, *lines, ""]).encode()


def as_parquet(header: str, rows: Sequence[tuple[object, ...]]) -> bytes:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    table = pa.table(dict(zip(header.split(","), map(list, zip(*rows, strict=True)), strict=True)))
    write_table(table, out := BytesIO(), row_group_size=2)
    return out.getvalue()


def in_every_form() -> dict[str, Events]:
    """Return the same rows in each form."""
    return {
        "csv": {f"1/{kind}_1.csv": as_csv(*ROWS[kind]) for kind in ROWS},
        "gzip": {f"1/{kind}_1.csv.gz": gzip.compress(as_csv(*ROWS[kind])) for kind in ROWS},
        "parquet": {f"1/{kind.upper()}_1.PARQUET": as_parquet(*ROWS[kind]) for kind in ROWS},
        "folder": {
            f"1/{kind}_1/part-0000{part}{ending}": write(header, rows[part::2])
            for kind, (header, rows) in ROWS.items()
            for part, (ending, write) in enumerate(((".csv", as_csv), (".parquet", as_parquet)))
        },
    }
