"""The drawing of who imports whom is of the code as it is."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_has_the_drawing_that_the_code_gives() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_architecture.py"))
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert made["page"](page) == page


def test_every_room_is_explained() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_architecture.py"))
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## ")[1]
    rooms = set(made["imports"]()) - {"__main__"}
    assert {room for room in rooms if f"`{room}`" not in table} == set()
