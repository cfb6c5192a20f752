"""Colours, moving bars and widths, on a terminal and in a pipe."""

import re

import pytest

from support.deliveries import small_quarter
from support.running import Workplace

ESCAPE = "\x1b"
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|4[0-7]|9[0-7])[;m]")
MOVING = re.compile(r"\x1b\[[0-9;?]*[A-HJKhl]|\r(?!\n)")
TABLES = [("show", "54", "--quarter", "1"), ("generations",)]


def with_variables(workplace: Workplace, **variables: str) -> Workplace:
    return Workplace(workplace.folder, {**workplace.variables, **variables})


@pytest.mark.parametrize("words", TABLES)
def test_a_terminal_gets_colours(published: Workplace, words: tuple[str, ...]) -> None:
    assert COLOUR.search(published.run_on_terminal(*words).stdout)


@pytest.mark.parametrize("words", TABLES)
def test_a_pipe_gets_no_escape_code(published: Workplace, words: tuple[str, ...]) -> None:
    ended = published.run(*words)
    assert ESCAPE not in ended.stdout + ended.stderr


@pytest.mark.parametrize("words", TABLES)
def test_a_terminal_gets_no_colours_where_there_are_to_be_none(
    published: Workplace, words: tuple[str, ...]
) -> None:
    ended = with_variables(published, NO_COLOR="1").run_on_terminal(*words)
    assert not COLOUR.search(ended.stdout)


@pytest.mark.parametrize("words", TABLES)
def test_a_dumb_terminal_gets_no_escape_code(published: Workplace, words: tuple[str, ...]) -> None:
    assert ESCAPE not in published.run_on_terminal(*words, term="dumb").stdout


@pytest.mark.parametrize("words", TABLES)
def test_colours_can_be_forced_into_a_pipe(published: Workplace, words: tuple[str, ...]) -> None:
    assert COLOUR.search(with_variables(published, FORCE_COLOR="1").run(*words).stdout)


def test_a_table_is_as_wide_in_a_pipe_with_colours_as_without(published: Workplace) -> None:
    plain = published.run("generations").stdout
    coloured = with_variables(published, FORCE_COLOR="1").run("generations").stdout
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.parametrize("words", TABLES)
def test_json_has_no_escape_code_even_where_colours_are_forced(
    published: Workplace, words: tuple[str, ...]
) -> None:
    forced = with_variables(published, FORCE_COLOR="1")
    assert ESCAPE not in forced.run(*words, "--json").stdout


def test_progress_moves_on_a_terminal(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    said = workplace.run_on_terminal("crunch", "events").stdout
    assert MOVING.search(said)
    assert "quarter 2: crunching" not in said


def test_progress_is_lines_on_a_dumb_terminal(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    said = workplace.run_on_terminal("crunch", "events", term="dumb").stdout
    assert "quarter 2: crunching\r\n" in said
    assert ESCAPE not in said


@pytest.mark.parametrize(
    "words",
    [
        ("crunch", "events"),
        ("sample", "more", "--impressions", "500", "--quarter", "1"),
        ("stress", "http://127.0.0.1:9", "--requests", "1"),
    ],
)
def test_nothing_moves_in_a_pipe_even_where_colours_are_forced(
    workplace: Workplace, words: tuple[str, ...]
) -> None:
    small_quarter(workplace.folder)
    ended = with_variables(workplace, FORCE_COLOR="1").run(*words)
    assert ended.stderr
    assert not MOVING.search(ended.stdout + ended.stderr)


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("words", TABLES)
def test_tables_fit_a_terminal(published: Workplace, words: tuple[str, ...], columns: int) -> None:
    said = with_variables(published, NO_COLOR="1").run_on_terminal(*words, columns=columns).stdout
    told = re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()
    assert max(len(line) for line in told if str(published.folder) not in line) <= columns


def test_a_path_is_never_broken_so_that_it_can_be_copied(workplace: Workplace) -> None:
    small_quarter(workplace.folder, events="events" * 20)
    assert workplace.run("crunch", "events" * 20).returncode == 0
    path = f"{workplace.folder}/{'events' * 20}"
    assert path in workplace.run_on_terminal("generations").stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("words", TABLES)
def test_an_encoding_without_bars_gets_others(
    published: Workplace, words: tuple[str, ...], encoding: str
) -> None:
    ended = with_variables(published, PYTHONIOENCODING=encoding).run(*words)
    assert ended.returncode == 0, ended.stderr
    assert {"show": "#####", "generations": "* live"}[words[0]] in ended.stdout
