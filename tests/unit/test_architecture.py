"""The drawing of who imports whom matches the code."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_drawing_on_the_page_matches_the_code() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_architecture.py"))
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert made["page"](page) == page


def test_every_part_is_explained() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_architecture.py"))
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## ")[1]
    parts = set(made["imports"]()) - {"__main__"}
    assert {part for part in parts if f"`{part}`" not in table} == set()
