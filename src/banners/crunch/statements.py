"""The SQL of the crunch: one text for every engine, with thresholds and patterns filled in.

Each file in ``sql/`` is one SELECT (or, for a function, one expression over ``text``), in the part
of SQL that the engines share. An engine

- defines the function ``matches(text, pattern)``, true where the whole text matches, and then the
  functions in FUNCTIONS, in this order;
- provides for each kind the relation ``text_<kind>``, its columns as they are spelled (never
  NULL), and ``read_<kind>``, the same by :func:`parsed`;
- makes each of STEPS a relation of the same name, in this order;
- may then be asked for the others.
"""

from importlib import resources
from string import Template

from banners import rule
from banners.crunch.kinds import ID_PATTERN, REVENUE_PATTERN, Kind
from banners.model import RuleName

FUNCTIONS = ("to_id", "to_micros")
STEPS = ("impressions", "clicks", "repeated_clicks", "conversions", "performance")


def parsed(kind: Kind) -> str:
    """Write the list of a kind's columns as values: ids, and revenue in millionths, or NULL."""
    return ", ".join(
        "to_micros(revenue) AS revenue_micros"
        if column == "revenue"
        else f"to_id({column}) AS {column}"
        for column in kind.columns
    )


def statement(name: str) -> str:
    """Read one of the statements.

    Args:
        name: the name of its file.
    """
    text = resources.files("banners.crunch").joinpath("sql", f"{name}.sql").read_text("utf-8")
    return Template(text).substitute(
        most_slots=rule.MOST_SLOTS,
        least_shown=rule.LEAST_SHOWN,
        most_others=rule.MOST_OTHERS,
        id_pattern=ID_PATTERN,
        revenue_pattern=REVENUE_PATTERN,
        **{name.value: name.value for name in RuleName},
    )
