"""What was found, held against its bar; and the machine that it was found on."""

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
"""Where data are made, and results are written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the table: what was measured, and the bar that it is held to.

    Args:
        what: the work.
        found: the figure or ratio measured.
        unit: of the figure: ``x`` for a ratio, ``s`` or ``MB``.
        bar: the bar.
        at_least: whether the figure is to reach the bar, and not to stay below it.
    """

    what: str
    found: float
    unit: str
    bar: float
    at_least: bool = False

    @property
    def held(self) -> bool:
        """Whether the bar is held."""
        return self.found >= self.bar if self.at_least else self.found <= self.bar


def report(
    name: str, tables: Iterable[Table], result: Mapping[str, Any], held: list[Claim]
) -> None:
    """Print the tables and the claims, and write everything as JSON.

    Args:
        name: of the file, below ``var/bench``.
        tables: what was measured, for people.
        result: the same, for programs.
        held: the claims.
    """
    console = Console(width=110)
    bars = Table("claim", "found", "bar", "held", box=None)
    for claim in held:
        side = "at least" if claim.at_least else "at most"
        found, bar = f"{claim.found:.2f} {claim.unit}", f"{side} {claim.bar:g} {claim.unit}"
        bars.add_row(claim.what, found, bar, "yes" if claim.held else "NO")
    for each in (*tables, bars):
        console.print(each)
        console.print()
    claims = [{**asdict(each), "held": each.held} for each in held]
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({**result, "claims": claims}, indent=1) + "\n", encoding="utf-8")
    console.print(f"Written to {path}.")


def machine() -> dict[str, Any]:
    """Tell what was measured on."""
    return {
        "processors": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


def tell(what: str) -> None:
    """Say on standard error what is being done."""
    Console(stderr=True).print(what, highlight=False)
