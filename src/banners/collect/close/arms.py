"""Adds up the pages and revenues of the compared arms, from the totals of closed slots."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from banners.core.arms import ARMS, ArmSums, ComparisonKind
from banners.core.views import Group

if TYPE_CHECKING:
    import duckdb

_SUMS = tuple(each.name for each in fields(ArmSums) if each.name != "kind")


def arm_sums(
    connection: "duckdb.DuckDBPyConnection", paths: Sequence[Path]
) -> dict[int, list[ArmSums]]:
    """Return the sums of both arms of each comparison.

    Revenue that a banner earned as fill counts for the campaign to which it belongs.

    Args:
        connection: a DuckDB.
        paths: the files of the totals of slots, in any order.

    Returns:
        The sums by campaign, and those of all campaigns together as campaign 0. Comparisons in
        which an arm had no pages are not in it.
    """
    if not paths:
        return {}
    sql = resources.files("banners.collect.close").joinpath("sql", "arms.sql").read_bytes().decode()
    policies = [group for group, (_, is_policy) in ARMS.items() if is_policy]
    trial = [group for group, (kind, _) in ARMS.items() if kind is ComparisonKind.TRIAL]
    query = Template(sql).substitute(
        kinds=f"CASE WHEN group_name IN ({_listed(trial)}) "
        f"THEN '{ComparisonKind.TRIAL}' ELSE '{ComparisonKind.GUARD}' END",
        trial=ComparisonKind.TRIAL.value,
        is_policy=f"group_name IN ({_listed(policies)})",
    )
    kept = connection.read_parquet([str(path) for path in paths], union_by_name=True)
    found: dict[int, list[ArmSums]] = {}
    for campaign_id, kind, *sums in kept.query("kept", query).fetchall():
        named = dict(zip(_SUMS, sums, strict=True))
        found.setdefault(campaign_id, []).append(ArmSums(kind=ComparisonKind(kind), **named))
    return found


def _listed(groups: Iterable[Group]) -> str:
    return ", ".join(f"'{group}'" for group in groups)
