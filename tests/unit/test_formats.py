"""A file that is not what its name says is refused with what it is and what to do."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow.parquet import write_table

from banners.core.events import Kind
from banners.crunch.files.plain import make_plain
from banners.errors import SourceError

CSV = b"click_id,banner_id,campaign_id\n1,2,3\n"


def gzipped(content: bytes) -> bytes:
    # Without the time: test processes must name their tests alike.
    return gzip.compress(content, mtime=0)


def zipped(*names: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, CSV)
    return out.getvalue()


def open_document() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    return out.getvalue()


def tarred() -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        member = tarfile.TarInfo("clicks_1.csv")
        member.size = len(CSV)
        file.addfile(member, BytesIO(CSV))
    return out.getvalue()


def parquet() -> bytes:
    out = BytesIO()
    write_table(pa.table({"click_id": [1], "banner_id": [2], "campaign_id": [3]}), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("clicks_1.csv", gzipped(CSV), r"is compressed with gzip; .* ends in \.csv\.gz\."),
        ("clicks_1.csv", zipped("clicks_1.csv"), "is a ZIP archive; .* Unpack it"),
        ("clicks_1.csv", zipped("[Content_Types].xml", "xl/workbook.xml"), "is an Excel workbook;"),
        ("clicks_1.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is an Excel workbook;"),
        ("clicks_1.csv", open_document(), "is an OpenDocument spreadsheet; .* Save it as CSV"),
        ("clicks_1.csv", tarred(), "is a tar archive; .* Unpack it"),
        ("clicks_1.csv", b"7z\xbc\xaf\x27\x1c\x00\x04", "is a 7-Zip archive"),
        ("clicks_1.csv", bz2.compress(CSV), r"is compressed with bzip2; .* gzip to \.csv\.gz"),
        ("clicks_1.csv", lzma.compress(CSV), "is compressed with xz;"),
        ("clicks_1.csv", b"\x28\xb5\x2f\xfd\x04", "is compressed with Zstandard;"),
        ("clicks_1.csv", parquet(), r"is a Parquet file; .* ends in \.parquet\."),
        ("clicks_1.csv", CSV.decode().encode("utf-16"), "is text in UTF-16; .* CSV in UTF-8"),
        ("clicks_1.csv", CSV.decode().encode("utf-16-be"), "is text in UTF-16;"),
        ("clicks_1.csv", CSV.decode().encode("utf-16-le"), "is text in UTF-16;"),
        ("clicks_1.csv", CSV.decode().encode("utf-32"), "is text in UTF-32;"),
        ("clicks_1.csv", b'[{"click_id": 1}]', "is JSON;"),
        ("clicks_1.csv", b"<!DOCTYPE html><html>", "is a web page or XML;"),
        ("clicks_1.csv.gz", CSV, r"is text, or damaged; by its name .* ends in \.csv"),
        ("clicks_1.csv.gz", zipped("clicks_1.csv"), "is a ZIP archive; by its name .* gzip"),
        (
            "clicks_1.csv.gz",
            gzipped(tarred()),
            "with gzip, and what it holds is a tar archive",
        ),
        ("clicks_1.csv.gz", gzipped(gzipped(CSV)), "what it holds is compressed with"),
        ("clicks_1.parquet", CSV, "is text, or damaged; by its name it should be a Parquet file"),
        ("clicks_1.parquet", gzipped(CSV), "is compressed with gzip; by its name"),
    ],
)
def test_a_file_of_another_format_is_refused_with_what_it_is(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=said) as refused:
        make_plain(Kind.CLICKS, path, tmp_path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("name", [b"ORCID", b"PAR1", b"ARROW1", b"BZh9", b"[x]", b"{x}"])
def test_a_column_that_is_called_like_a_format_is_a_column(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / "clicks_1.csv"
    path.write_bytes(name + b",click_id,banner_id,campaign_id\n,1,2,3\n")
    assert make_plain(Kind.CLICKS, path, tmp_path).rows == 1
