"""The SQL of the crunch: one text for every engine, with the ranking and patterns filled in.

Each file in ``sql/`` is one SELECT (or, for a function, one expression over its parameters), in the
part of SQL that all engines support. An engine

- defines the function ``matches(text, pattern)``, which returns whether the complete text matches,
  and then the functions in FUNCTIONS, in this order;
- provides two relations for each kind: ``text_<kind>`` has its columns as text (never NULL), and
  ``read_<kind>`` has the columns of :func:`parsed`;
- makes each of :func:`steps` a relation of the same name, in this order;
- can then run the other statements.

If any file of the quarter has further columns, all statements are those for *tagged* rows. A tag is
the group and whether it is fill, as one number. Then ``text_<kind>`` has the further columns too,
with NULL where a file does not have them. Otherwise lines that end in ``-- tagged`` are left out,
so that such files cost nothing.
"""

from collections.abc import Sequence
from importlib import resources
from string import Template

from banners.core.events import REVENUE_PATTERN, Kind
from banners.core.model import ID_PATTERN
from banners.core.rule import RANKING
from banners.core.views import Group

FUNCTIONS = {"to_id": ("text",), "to_micros": ("text",), "tag_of": ("group_name", "fill")}
"""The functions, and their parameters, which are all text."""

_STEPS = ("impressions", "clicks", "repeated_clicks", "conversions", "performance")
_TAGGED_STEPS = ("impression_rows", "repeated_impressions", *_STEPS)


def steps(*, tagged: bool) -> Sequence[str]:
    """Return the relations that an engine makes, in this order."""
    return _TAGGED_STEPS if tagged else _STEPS


def name_in_sql(column: str) -> str:
    """Return the name that a column has in SQL, where ``group`` is a word of the language."""
    return "group_name" if column == "group" else column


def columns_in_sql(kind: Kind, *, tagged: bool) -> Sequence[str]:
    """Return the columns of ``text_<kind>``, in order."""
    return [*kind.columns, *map(name_in_sql, kind.further if tagged else ())]


TAG_COLUMNS = ("group_name", "fill")
"""The columns in SQL that make up the tag of a row."""


def parsed(kind: Kind, *, tagged: bool) -> str:
    """Return SQL for the columns of ``read_<kind>``, made from those of ``text_<kind>``.

    Ids and revenues (in millionths) are numbers, or NULL if malformed; so is the tag. The id of an
    impression is zero if the file has none, and below zero if it is malformed.
    """
    columns = [
        "to_micros(revenue) AS revenue_micros"
        if column == "revenue"
        else f"to_id({column}) AS {column}"
        for column in kind.columns
    ]
    own = kind.id_column
    if tagged and own not in kind.columns:
        valid = own_id(f"to_id({own})")
        columns.append(f"CASE WHEN {own} IS NULL THEN 0 ELSE {valid} END AS {own}")
    if tagged and kind.further:
        columns.append(f"tag_of({', '.join(TAG_COLUMNS)}) AS tag")
    return ", ".join(columns)


def own_id(number: str) -> str:
    """Return SQL for the id of an impression of a file that has them.

    Args:
        number: SQL for the number that it is, or for NULL.
    """
    return f"CASE WHEN {number} > 0 THEN {number} ELSE -1 END"


def statement(name: str, *, tagged: bool = False) -> str:
    """Return a statement with its parameters filled in.

    Args:
        name: the name of its file in ``sql/``, without the extension.
        tagged: whether any file has further columns.
    """
    text = resources.files("banners.crunch").joinpath("sql", f"{name}.sql").read_text("utf-8")
    left_out = "-- untagged" if tagged else "-- tagged"
    kept = "\n".join(line for line in text.splitlines() if not line.endswith(left_out))
    groups = list(enumerate(Group))
    return Template(kept).substitute(
        ranking=RANKING,
        id_pattern=ID_PATTERN,
        revenue_pattern=REVENUE_PATTERN,
        impression_rows="impression_rows" if tagged else "read_impressions",
        rule=Group.RULE,
        group_numbers="".join(f" WHEN '{group}' THEN {number}" for number, group in groups),
        group_names="".join(f" WHEN {number} THEN '{group}'" for number, group in groups),
    )
