"""Measured figures compared with their bars, and the machine they were measured on."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path("var/bench")
"""Folder of the sample data and of the results."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A measured figure and its bar.

    Args:
        what: the work that was measured.
        found: the figure or ratio.
        unit: its unit: ``x`` for a ratio, ``s`` or ``MB``.
        bar: the bar.
        at_least: whether the bar is a lower bound, and not an upper one.
    """

    what: str
    found: float
    unit: str
    bar: float
    at_least: bool = False

    @property
    def held(self) -> bool:
        """Whether the figure meets its bar."""
        return self.found >= self.bar if self.at_least else self.found <= self.bar


def write(
    name: str, tables: Iterable[Table], result: Mapping[str, Any], claims: list[Claim]
) -> None:
    """Print the tables and the claims, and write everything as JSON.

    Args:
        name: the name of the file in ``var/bench``.
        tables: the figures as tables to print.
        result: the figures as JSON.
        claims: the claims.
    """
    console = Console(width=110)
    bars = Table("claim", "found", "bar", "held", box=None)
    for claim in claims:
        side = "at least" if claim.at_least else "at most"
        found, bar = f"{claim.found:.2f} {claim.unit}", f"{side} {claim.bar:g} {claim.unit}"
        bars.add_row(claim.what, found, bar, "yes" if claim.held else "NO")
    for each in (*tables, bars):
        console.print(each)
        console.print()
    document = {**result, "claims": [{**asdict(each), "held": each.held} for each in claims]}
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    console.print(f"Written to {path}.")


def machine() -> dict[str, Any]:
    """Return a description of this machine."""
    return {
        "processors": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


def show_step(what: str) -> None:
    """Write on standard error what is being done."""
    Console(stderr=True).print(what, highlight=False)
