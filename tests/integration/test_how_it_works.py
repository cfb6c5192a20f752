"""docs/how-it-works.md shows what the code makes."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "how-it-works.md").read_text(encoding="utf-8")
MADE = runpy.run_path(str(DOCS / "make_how_it_works.py"))


def test_the_examples_are_those_that_the_code_makes(tmp_path: Path) -> None:
    assert MADE["page"](TEXT, MADE["examples"](tmp_path)) == TEXT


def test_the_drawing_is_the_one_that_the_code_makes() -> None:
    assert (DOCS / "images" / "loop.svg").read_text(encoding="utf-8") == MADE["drawing"]()


def test_a_page_without_a_place_for_an_example_is_refused() -> None:
    with pytest.raises(SystemExit, match="has no place for the example page"):
        MADE["page"]("", {"page": ""})
