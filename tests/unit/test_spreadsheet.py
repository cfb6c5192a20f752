"""No cell of a downloaded table is evaluated as a formula."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.spreadsheet import Cell, guarded, unguarded, write_csv
from banners.errors import readable

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
# Text that is likely to begin as a formula does, or to break out of its cell.
LIKELY = "=+-@|%\t\r\n\"',;a1 \0\ufeff\u00a0\v\N{FULLWIDTH EQUALS SIGN}"
texts = st.text(st.sampled_from(LIKELY) | st.characters(codec="utf-8"))
cells = texts | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.none()
tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=5)
)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(tables)
def test_no_cell_of_text_begins_as_a_formula_does(table: list[list[Cell]]) -> None:
    for written, given_ in zip(read(write_csv([], table))[1:], table, strict=True):
        for cell, content in zip(written, given_, strict=True):
            if isinstance(content, str):
                assert not cell.lstrip().startswith(FORMULAS)


@given(tables)
def test_what_is_written_is_read_again_in_its_own_cell(table: list[list[Cell]]) -> None:
    for written, given_ in zip(read(write_csv([], table))[1:], table, strict=True):
        assert len(written) == len(given_)
        for cell, content in zip(written, given_, strict=True):
            if isinstance(content, str):
                assert cell in {readable(content), f"'{readable(content)}"}
            elif content is None:
                assert cell == ""
            else:
                assert Decimal(cell) == content


@given(texts)
def test_a_guarded_text_is_no_formula_and_is_read_back(text: str) -> None:
    assert not guarded(text).lstrip(" ").startswith(("=", "+", "-", "@", "|", "%"))
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("'quoted'", "'quoted'"),
        ("=1", "'=1"),
        (" =1", "' =1"),
        ("'=1", "''=1"),
        ("' '%", "'' '%"),
        ("1=", "1="),
        ("'X=1", "'X=1"),
        ("'", "'"),
    ],
)
def test_only_a_formula_is_guarded(text: str, written: str) -> None:
    assert guarded(text) == written
    assert unguarded(written) == text


def test_a_formula_without_a_guard_is_read_as_it_is() -> None:
    assert unguarded("=1 ") == "=1 "


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        (" =1+1", "' =1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ('=HYPERLINK("https://example.com")', '"\'=HYPERLINK(""https://example.com"")"'),
        ("a,b", '"a,b"'),
        ("plain", "plain"),
        ("X=1", "X=1"),
        ("\t=1+1", r"\t=1+1"),
        ("a\nb\x1b[2J\u202e", r"a\nb\x1b[2J\u202e"),
        (-5, "-5"),
        (Decimal("0.000000"), "0.000000"),
        (Decimal("1E-7"), "0.0000001"),
        (None, ""),
    ],
)
def test_a_cell_is_written_so(cell: Cell, written: str) -> None:
    assert write_csv(["a", "b"], [["x", cell]]) == f"a,b\r\nx,{written}\r\n"
