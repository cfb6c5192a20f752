"""Checks the types of the columns of Parquet files that Spark reads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from banners.crunch.engines.spark.hadoop import HadoopPath
from banners.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

_INTEGERS = ("byte", "short", "integer", "long")


def check_types(path: HadoopPath, columns: Sequence[str], schema: "StructType") -> None:
    """Check that the columns of a Parquet file have types that are exact.

    Args:
        path: the file.
        columns: for each column of the file, the column of the kind that it holds. Columns that the
            kind does not have may be of any type.
        schema: the columns of the file.

    Raises:
        SourceError: an id or ``fill`` is not an integer, the revenue is neither a decimal nor text,
            or a group is not text.
    """
    for column, found in zip(columns, schema.fields, strict=True):
        kind = found.dataType.typeName()
        if column == "revenue":
            expected, exact = "a decimal or text", kind in ("decimal", "string")
        elif column == "group":
            expected, exact = "text", kind == "string"
        elif column.endswith("_id") or column == "fill":
            expected, exact = "an integer", kind in _INTEGERS
        else:
            continue
        if not exact:
            why = ", which is not exact" if kind in ("float", "double") else ""
            raise SourceError(
                f"{path}, column {found.name}: found the type {kind}{why}; expected {expected}. "
                "Write the column with that type."
            )
