"""Parquet files are read as the CSV files that have the same rows."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow.parquet import write_table

from banners.core.events import Kind
from banners.crunch.files.content import digest_of
from banners.crunch.files.plain import PlainFile, make_plain
from banners.crunch.files.suspects import suspect_rows
from banners.errors import SourceError

HEADER = "conversion_id,click_id,revenue\n"
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def written(folder: Path, revenues: pa.Array, **columns: pa.Array) -> PlainFile:
    ids = pa.array(range(1, len(revenues) + 1))
    table = pa.table({"conversion_id": ids, "click_id": ids, "revenue": revenues} | columns)
    write_table(table, folder / "conversions_1.parquet", row_group_size=2)
    return make_plain(Kind.CONVERSIONS, folder / "conversions_1.parquet", folder)


@pytest.mark.parametrize(
    ("kind", "values", "texts"),
    [
        (pa.decimal128(18, 6), ("0", "1.5", "-2.000001"), ("0.000000", "1.500000", "-2.000001")),
        (
            pa.decimal128(38, 10),
            ("0", "1.5", "0.0000001"),
            ("0.000000", "1.500000", "0.0000001000"),
        ),
        (
            pa.decimal256(60, 2),
            ("0", "0.10", "999999999999.99"),
            ("0.00", "0.10", "999999999999.99"),
        ),
        (pa.decimal128(9, 0), ("0", "1", "-1"), ("0", "1", "-1")),
    ],
)
def test_a_decimal_is_read_exactly(
    tmp_path: Path, kind: pa.DataType, values: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    file = written(tmp_path, pa.array([Decimal(value) for value in values], kind))
    lines = [f"{place},{place},{text}\n" for place, text in enumerate(texts, 1)]
    assert file.plain.read_text() == HEADER + "".join(lines)


@pytest.mark.parametrize("places", [6, 10])
def test_a_decimal_that_is_missing_is_an_empty_field(tmp_path: Path, places: int) -> None:
    file = written(tmp_path, pa.array([None, Decimal(1)], pa.decimal128(38, places)))
    assert file.plain.read_text() == HEADER + "1,1,\n2,2,1.000000\n"


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
)
def test_a_text_is_read_as_it_is(tmp_path: Path, kind: pa.DataType) -> None:
    texts = ["1.50", "", None, "1,5", '"1"', " 1", "1\n2,2,9", "x" * 70_000]
    file = written(tmp_path, pa.array(texts, pa.string()).cast(kind))
    values = ["1.50", "", "", "?", "?", " 1", "?", "?"]
    lines = [f"{place},{place},{value}\n" for place, value in enumerate(values, 1)]
    assert file.plain.read_text() == HEADER + "".join(lines)
    assert [line.number for line, _ in suspect_rows(file)] == [3, 4, 5, 6, 7, 8, 9]


def test_columns_that_are_not_needed_may_have_any_type(tmp_path: Path) -> None:
    extra = {
        "Revenue": [0.1, float("nan"), None],
        "seen": [LONG_AGO] * 3,
        "day": [LONG_AGO.date()] * 3,
        "nested": [{"a": [1]}, None, {"a": []}],
        "bytes": [b"\xff", b"", None],
        "note": ['a "quoted" one', "1,2,3\n1,2,3", ""],
        "": [True, False, None],
    }
    columns = {name: pa.array(values) for name, values in extra.items()}
    file = written(tmp_path, pa.array(["1", "2", "3"]), **columns)
    assert file.plain.read_text() == HEADER + "1,1,1\n2,2,2\n3,3,3\n"
    assert (file.rows, file.bad_width) == (3, 0)


@pytest.mark.parametrize(
    ("column", "kind", "said"),
    [
        ("revenue", pa.float64(), "found the type double, which is not exact; expected a decimal"),
        ("revenue", pa.float32(), "found the type float, which is not exact; expected a decimal"),
        ("revenue", pa.int64(), "found the type int64; expected a decimal or text"),
        (
            "click_id",
            pa.float64(),
            "found the type double, which is not exact; expected an integer",
        ),
        ("conversion_id", pa.string(), "found the type string; expected an integer"),
    ],
)
def test_a_type_that_is_not_exact_is_refused_by_name(
    tmp_path: Path, column: str, kind: pa.DataType, said: str
) -> None:
    values = pa.array([1, 2]).cast(kind)
    with pytest.raises(SourceError, match=rf"conversions_1\.parquet, column {column}: {said}"):
        written(tmp_path, pa.array(["1", "2"]), **{column: values})


@pytest.mark.parametrize(
    ("column", "expected"), [("group", "text"), ("fill", "an integer"), ("banner_id", "an integer")]
)
def test_a_type_that_is_not_exact_is_refused_in_every_column_that_is_read(
    tmp_path: Path, column: str, expected: str
) -> None:
    path = tmp_path / "clicks_1.parquet"
    ids = {name: pa.array([1]) for name in Kind.CLICKS.columns}
    further = {"group": pa.array(["rule"]), "fill": pa.array([0])}
    write_table(pa.table(ids | further | {column: pa.array([1.5])}), path)
    said = f"column {column}: found the type double, which is not exact; expected {expected}"
    with pytest.raises(SourceError, match=said):
        make_plain(Kind.CLICKS, path, tmp_path)


def test_ids_of_any_integer_type_are_read(tmp_path: Path) -> None:
    ids = pa.array([1, None, 2**63], pa.uint64())
    file = written(tmp_path, pa.array(["1"] * 3), click_id=ids, conversion_id=pa.array([-1, 0, 7]))
    assert file.plain.read_text() == HEADER + "-1,1,1\n0,,1\n7,9223372036854775808,1\n"


def test_the_same_rows_have_the_same_digest_in_every_form(tmp_path: Path) -> None:
    revenues = pa.array([Decimal("1.5"), Decimal(2)], pa.decimal128(9, 6))
    file = written(tmp_path, revenues)
    csv = tmp_path / "conversions_1.csv"
    csv.write_text(HEADER + "1,1,1.500000\r\n2,2,2.000000")
    assert digest_of(csv) == file.sha256
    write_table(
        pa.table({"conversion_id": [1, 2], "click_id": [1, 2], "revenue": revenues}),
        tmp_path / "again.parquet",
        compression="zstd",
    )
    assert digest_of(tmp_path / "again.parquet") == file.sha256


def test_a_parquet_file_without_columns_is_refused_as_empty(tmp_path: Path) -> None:
    write_table(pa.table({}), tmp_path / "conversions_1.parquet")
    with pytest.raises(SourceError, match=r"conversions_1\.parquet is empty; expected a header"):
        make_plain(Kind.CONVERSIONS, tmp_path / "conversions_1.parquet", tmp_path)


def test_a_parquet_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    # Reading this file is an error of the disk.
    (tmp_path / "conversions_1.parquet").symlink_to("/proc/self/mem")
    with pytest.raises(SourceError, match=r"conversions_1\.parquet cannot be read: Input/output"):
        make_plain(Kind.CONVERSIONS, tmp_path / "conversions_1.parquet", tmp_path)


@pytest.mark.parametrize("kept", [20, 60])
def test_a_damaged_parquet_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = written(tmp_path, pa.array(["1"] * 9)).path
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(SourceError, match=r"conversions_1\.parquet is damaged: "):
        make_plain(Kind.CONVERSIONS, path, tmp_path)


def test_damage_in_the_midst_of_a_parquet_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, pa.array([str(number) for number in range(9)])).path
    content = bytearray(path.read_bytes())
    content[4:120] = bytes(116)
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"conversions_1\.parquet"):
        make_plain(Kind.CONVERSIONS, path, tmp_path)
