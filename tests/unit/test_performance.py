"""Measurements stay in one quarter of the hour, and documents show them unchanged."""

import json
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import document
import plot
import process
import pytest
import zone
from reasons import REASONS

from banners.core.model import Quarter


def page_of(table: str) -> tuple[str, list[str]]:
    """Return the page on which a table is, and the names of its tables."""
    (found,) = (page for page, names in document.PAGES.items() if table in names)
    return found.read_text(encoding="utf-8"), list(document.PAGES[found])


@pytest.mark.parametrize("page", document.PAGES)
def test_a_page_shows_what_was_measured(page: Path) -> None:
    told = json.loads(document.FIGURES.read_text(encoding="utf-8"))
    text = page.read_text(encoding="utf-8")
    assert document.filled(text, document.PAGES[page], told) == text


def test_every_page_with_a_table_is_made_from_what_was_measured() -> None:
    marked = {
        page: set(re.findall("<!-- end of (.+) -->", page.read_text(encoding="utf-8")))
        for page in document.DOCS.glob("performance*.md")
    }
    assert marked == {page: set(names) for page, names in document.PAGES.items()}


def test_the_readme_shows_what_was_measured() -> None:
    told = json.loads(document.FIGURES.read_text(encoding="utf-8"))
    readme = document.README.read_text(encoding="utf-8")
    assert document.filled_readme(readme, told) == readme


def test_the_image_shows_what_was_measured() -> None:
    told = json.loads(document.FIGURES.read_text(encoding="utf-8"))
    assert document.IMAGE.read_text(encoding="utf-8") == document.image(told)


def test_a_figure_that_changes_changes_the_page() -> None:
    told = json.loads(document.FIGURES.read_text(encoding="utf-8"))
    page, names = page_of("claims")
    told["serve"]["claims"][0]["found"] = 1234.5
    assert "| 1234.50 x |" in document.filled(page, names, told)


def test_the_reason_is_given_why_a_bar_is_missed() -> None:
    told = json.loads(document.FIGURES.read_text(encoding="utf-8"))
    page, names = page_of("missed")
    claim = next(each for each in told["crunch"]["claims"] if each["what"] == "banners show")
    claim["held"] = False
    line = f"- **banners show**: {REASONS['banners show']}\n"
    assert line in document.filled(page, names, told)
    claim["held"] = True
    assert line not in document.filled(page, names, told)


def test_a_bar_that_is_missed_is_said_to_be_missed() -> None:
    told = json.loads(document.FIGURES.read_text(encoding="utf-8"))
    page, names = page_of("missed")
    readme = document.README.read_text(encoding="utf-8")
    for part in told.values():
        for each in part.get("claims", ()):
            each["held"] = True
    claim = next(each for each in told["serve"]["claims"] if each["what"] == "page / nginx")
    claim.update(found=0.42, bar=0.5, held=True)
    assert "- **page / nginx**" not in document.filled(page, names, told)
    assert "- **42%** of the pages a second" in document.filled_readme(readme, told)
    claim["held"] = False
    without_reason = "- **page / nginx**: The reason is not known yet.\n"
    assert without_reason in document.filled(page, names, told)
    missed = "that nginx sends from a file (missed: the bar is at least 50%)\n"
    assert missed in document.filled_readme(readme, told)


def test_a_page_without_a_mark_is_refused() -> None:
    told = json.loads(document.FIGURES.read_text(encoding="utf-8"))
    page, names = page_of("sizes")
    with pytest.raises(SystemExit, match="end of sizes"):
        document.filled(page.replace("<!-- end of sizes -->", ""), names, told)


def test_the_steps_of_a_crunch_are_in_order_and_fill_its_time() -> None:
    told = "".join(
        f"quarter 1: {step}\n" for step in ("checking", "crunching", "publishing", "done")
    )
    say = f"import sys; sys.stderr.write({told!r} + 'Next: banners serve\\n')"
    found = process.steps(process.Command([sys.executable, "-c", say], {}))
    assert list(found) == ["starting", "checking", "crunching", "publishing", "serving"]
    assert min(found.values()) >= 0


def test_a_bar_is_as_long_as_its_figure_and_the_image_says_it_in_words() -> None:
    drawn = ET.fromstring(plot.bars("A & B", "of C", {"page": [("x", 0.5), ("y", 0.25)]}, 1.0))  # noqa: S314  # our own
    names = {"svg": "http://www.w3.org/2000/svg"}
    widths = [float(each.attrib["width"]) for each in drawn.findall("svg:rect", names)]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert drawn.findtext("svg:title", namespaces=names) == "A & B"
    assert drawn.findtext("svg:desc", namespaces=names) == "page: x 0.50, y 0.25"


def test_in_the_benchmarks_time_zone_it_is_always_the_first_quarter(
    tmp_path: Path,
) -> None:
    folder = zone.variables(tmp_path)["PYTHONTZPATH"]
    with (Path(folder) / zone.NAME).open("rb") as file:
        there = ZoneInfo.from_file(file)
    begin = datetime.fromtimestamp(time.time(), UTC)
    moments = [begin + timedelta(minutes=7 * step) for step in range(400)]
    assert {Quarter.at(each) for each in moments} == set(Quarter)
    assert {Quarter.at(each.astimezone(there)) for each in moments} == {Quarter.FIRST}
