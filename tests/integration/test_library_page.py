"""docs/library.md: its examples give the results that it shows."""

import doctest
import re
from pathlib import Path
from typing import assert_type

import pytest

import banners
from banners.core.model import Lineup
from support.running import Workplace

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE))


@pytest.fixture
def in_the_sample(
    published: Workplace,
    no_settings: Path,  # noqa: ARG001  # needed only for its effect
    monkeypatch: pytest.MonkeyPatch,
) -> Workplace:
    """The folder with the default sample as the working folder."""
    monkeypatch.chdir(published.folder)
    return published


@pytest.mark.usefixtures("in_the_sample")
def test_every_example_on_the_page_gives_the_result_shown() -> None:
    examples = doctest.DocTestParser().get_doctest(EXAMPLES, {}, PAGE.name, str(PAGE), 0)
    differences: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    runner.run(examples, out=differences.append)
    assert runner.tries > 15
    assert "".join(differences) == ""


@pytest.mark.usefixtures("in_the_sample")
def test_exactly_the_columns_of_the_tables_are_documented() -> None:
    crunched = banners.crunch_folder("events", 1)
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", TEXT, re.MULTILINE)
    assert rows == [
        (column.name, str(column.type))
        for table in (crunched.performance, crunched.lineups)
        for column in table.schema
    ]


def test_the_examples_change_nothing_in_the_folder(in_the_sample: Workplace) -> None:
    def content() -> dict[Path, bytes]:
        files = in_the_sample.folder.rglob("*")
        return {path: path.read_bytes() for path in files if path.is_file()}

    before = content()
    banners.crunch_folder("events")
    banners.choose_lineups(banners.read_generation())
    banners.list_generations()
    assert_type(banners.read_lineup(54, 1), Lineup)
    assert content() == before
