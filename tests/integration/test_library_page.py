"""The page on Banners from Python: what it shows is what comes of it."""

import doctest
import re
from pathlib import Path
from typing import assert_type

import pytest

import banners
from banners.model import Lineup
from running import Workplace

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE))


@pytest.fixture
def in_the_sample(
    published: Workplace,
    no_settings: Path,  # noqa: ARG001  # it is enough that there are none
    monkeypatch: pytest.MonkeyPatch,
) -> Workplace:
    """The folder with the default sample as the working folder."""
    monkeypatch.chdir(published.folder)
    return published


@pytest.mark.usefixtures("in_the_sample")
def test_every_example_of_the_page_gives_what_the_page_says() -> None:
    examples = doctest.DocTestParser().get_doctest(EXAMPLES, {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    runner.run(examples, out=told.append)
    assert runner.tries > 15
    assert "".join(told) == ""


@pytest.mark.usefixtures("in_the_sample")
def test_the_columns_that_the_page_explains_are_those_of_the_tables() -> None:
    crunched = banners.crunch_folder("events", 1)
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", TEXT, re.MULTILINE)
    assert rows == [
        (column.name, str(column.type))
        for table in (crunched.performance, crunched.lineups)
        for column in table.schema
    ]


def test_the_examples_leave_the_folder_as_it_was(in_the_sample: Workplace) -> None:
    def content() -> dict[Path, bytes]:
        files = in_the_sample.folder.rglob("*")
        return {path: path.read_bytes() for path in files if path.is_file()}

    before = content()
    banners.crunch_folder("events")
    banners.choose_lineups(banners.read_generation())
    banners.list_generations()
    assert_type(banners.read_lineup(54, 1), Lineup)
    assert content() == before
