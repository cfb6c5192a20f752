"""Event files in plain form: which are read in place, which are rewritten, which are refused."""

import errno
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from banners.core.events import Kind
from banners.crunch.files.content import digest_of
from banners.crunch.files.lines import MOST_BYTES, read_lines, split_line
from banners.crunch.files.plain import PlainFile, make_plain
from banners.crunch.files.scan import LONGEST_LINE
from banners.errors import SourceError

HEADER = b"click_id,banner_id,campaign_id\n"


def plain(folder: Path, content: bytes, name: str = "clicks_1.csv") -> PlainFile:
    (folder / name).write_bytes(content)
    return make_plain(Kind.CLICKS, folder / name, folder)


@pytest.mark.parametrize(
    "content",
    [
        HEADER,
        HEADER + b"1,2,3\n",
        HEADER + b"1,2,3",
        HEADER + b"x,,\n",
        HEADER + b"1,2,3\n" * 400_000,
        "campaign_id,note,click_id,banner_id\n1,gr\u00fcn,2,3\n".encode(),
    ],
)
def test_a_plain_file_is_read_in_place(tmp_path: Path, content: bytes) -> None:
    file = plain(tmp_path, content)
    assert file.plain == file.path
    assert file.rows == content.count(b"\n") - content.endswith(b"\n")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEADER + b"1,2,3\n",
        HEADER.replace(b"\n", b"\r\n") + b"1,2,3\r\n",
        HEADER + b'"1",2,3\n',
        HEADER + b"1,2,3\n\n",
        HEADER + b"\n1,2,3\n",
        b'"click_id","banner_id","campaign_id"\n1,2,3\n',
        b"banner_id,extra,campaign_id,click_id\r\n2,x,3,1\r\n",
    ],
)
def test_any_other_file_is_written_in_plain_form(tmp_path: Path, content: bytes) -> None:
    file = plain(tmp_path, content)
    assert file.plain.read_bytes() == HEADER + b"1,2,3\n"
    assert (file.rows, file.bad_width) == (1, 0)


def test_a_compressed_file_is_written_in_plain_form(tmp_path: Path) -> None:
    file = plain(tmp_path, gzip.compress(HEADER + b"1,2,3\n"), "clicks_1.csv.gz")
    assert file.plain.read_bytes() == HEADER + b"1,2,3\n"


def test_a_large_file_with_a_quoted_field_in_every_row_is_written_in_plain_form(
    tmp_path: Path,
) -> None:
    file = plain(tmp_path, HEADER + b'"1",2,3\n' * 100_000)
    assert file.plain.read_bytes() == HEADER + b"1,2,3\n" * 100_000


def test_lines_of_a_wrong_width_are_left_out(tmp_path: Path) -> None:
    file = plain(tmp_path, HEADER + b'1,2,3\n1,2\n\n1,2,3,4\n"1"x,2,3\n4,5,6\n')
    assert file.plain.read_bytes() == HEADER + b"1,2,3\n4,5,6\n"
    assert (file.rows, file.bad_width) == (5, 3)


@pytest.mark.parametrize(
    "note",
    [
        b'"please\n1,2,3\ncall"',
        b'"please\r\n1,2,3\r\ncall"',
        b'"please\r1,2,3\rcall"',
        b'"\n1,2,3"',
        b'"1,2,3\n"',
        b'"a ""quoted"" word\n1,2,3"',
        b'"please,\n""\n1,2,3\n"""',
        b'"please\n1,2,3" call,"them\n1,2,3"',
        b"please\r1,2,3",
    ],
)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r\r\n"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_break_in_a_text_begins_no_row(
    tmp_path: Path, note: bytes, line_end: bytes, place: int
) -> None:
    names, values = [b"banner_id", b"campaign_id"], [b"5", b"6"]
    names.insert(place, b"click_id")
    values.insert(place, b"4" if b" call" not in note else b"4,4")
    lines = [b",".join([*names, b"note"]), b",".join([*values, note]), b",".join([*values, b""])]
    content = line_end.join(lines) + line_end
    file = plain(tmp_path, gzip.compress(content), "clicks_1.csv.gz")
    assert b"1,2,3" not in file.plain.read_bytes()
    assert file.rows == 2


def test_a_row_with_line_breaks_is_accepted_by_its_values(tmp_path: Path) -> None:
    file = plain(
        tmp_path, b'note,click_id,"banner_id","campaign\n_",campaign_id\n"\n",1,2,"\n",3\n'
    )
    assert file.plain.read_bytes() == HEADER + b"1,2,3\n"
    assert (file.rows, file.bad_width) == (1, 0)


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (b'1,2,3\n4,5,"6\n7,8,9\n', 3),
        (b'1,2,"3', 2),
        (b'1,2,"3\n4,5"\n7,8,"9""\n', 4),
        (b'1,2,"' + b"\n" * 65_535 + b'"\n', 2),
        (b'1,2,3\n1,2,"' + b"x" * 65_535 + b'"\n4,5,6\n', 3),
        (b"1,2,3\n" * 200_000 + b'1,"2,\n' + b"4,5,6\n" * 200_000, 200_002),
    ],
)
def test_a_file_with_a_quote_that_does_not_close_is_refused_with_its_line(
    tmp_path: Path, rows: bytes, line: int
) -> None:
    with pytest.raises(
        SourceError, match=rf"clicks_1\.csv, line {line}: the quote that opens here"
    ):
        plain(tmp_path, HEADER + rows)


def test_a_quoted_field_may_have_64_kilobytes(tmp_path: Path) -> None:
    file = plain(tmp_path, HEADER + b'1,2,"' + b"\n" * 65_534 + b'"\n4,5,6\n')
    assert file.plain.read_bytes() == HEADER + b"1,2,?\n4,5,6\n"


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r\r\n", b"\r"])
def test_all_line_ends_are_read(tmp_path: Path, line_end: bytes) -> None:
    lines = [HEADER.strip(), b"", b"1,2,3", b"4,5,6", b""]
    file = plain(tmp_path, line_end.join(lines))
    assert file.plain.read_bytes() == HEADER + b"1,2,3\n4,5,6\n"
    assert (file.rows, file.bad_width) == (2, 0)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r\r\n", b"\r"])
def test_line_ends_are_recognised_after_a_header_however_long_it_is(
    tmp_path: Path, line_end: bytes
) -> None:
    header = HEADER.strip() + b"," + b"x" * 100_000
    file = plain(tmp_path, line_end.join([header, b"1,2,3,", b""]) + b"4,5,6,")
    assert file.rows == 2
    assert file.bad_width == 0


def test_an_lf_in_a_file_with_cr_line_ends_begins_no_row(tmp_path: Path) -> None:
    content = b'note,click_id,banner_id,campaign_id\rok\n,7,8,9\r"a\n1,2,3",4,5,6\r'
    file = plain(tmp_path, content)
    assert file.plain.read_bytes() == HEADER + b"7,8,9\n4,5,6\n"


def test_a_cr_at_the_end_of_a_file_with_other_line_ends_is_part_of_the_last_field(
    tmp_path: Path,
) -> None:
    file = plain(tmp_path, HEADER + b"1,2,3\n4,5,6\r")
    assert file.plain.read_bytes() == HEADER + b"1,2,3\n4,5,?\n"


@pytest.mark.parametrize(
    "header",
    [
        b"click_id,banner_id,campaign_id,,,",
        b"click_id,banner_id,campaign_id,x,x,",
        b"CLICK_ID,BANNER_ID,CAMPAIGN_ID,,,",
        b"Click_ID,banner_id,campaign_id,,BANNER_ID,BANNER_ID",
    ],
)
def test_only_the_columns_that_are_needed_are_judged(tmp_path: Path, header: bytes) -> None:
    file = plain(tmp_path, header + b"\n1,2,3,,,\n")
    assert file.plain == file.path
    assert file.columns[:3] == Kind.CLICKS.columns
    assert len(set(file.columns)) == 6


def test_a_short_and_a_long_line_together_are_not_plain(tmp_path: Path) -> None:
    file = plain(tmp_path, HEADER + b"1,2\n1,2,3,4\n")
    assert file.bad_width == 2


def test_a_value_that_cannot_be_plain_remains_invalid(tmp_path: Path) -> None:
    file = plain(tmp_path, HEADER + b'"1,2",3,4\n' + b"9" * 5_000 + b",2,3\r\n5\r6,7,8\n")
    assert file.plain.read_bytes() == HEADER + b"?,3,4\n?,2,3\n?,7,8\n"


@pytest.mark.parametrize("beyond", range(-3, 4))
def test_a_file_with_a_line_too_long_for_readers_is_written_in_plain_form(
    tmp_path: Path, beyond: int
) -> None:
    count, rest = divmod(LONGEST_LINE // 2 + beyond, 6)
    rows = b"1,2,3\n" * (count - 1) + b"1,2," + b"3" * (rest + 1) + b"\n"
    file = plain(tmp_path, HEADER + rows + b"9" * LONGEST_LINE + b",2,3\n4,5,6\n")
    assert file.plain.read_bytes() == HEADER + rows + b"?,2,3\n4,5,6\n"


def test_a_path_that_looks_like_a_pattern_is_read_as_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "data[1]*"
    folder.mkdir()
    (folder / "clicks_1.csv").write_bytes(HEADER + b"1,2,3\n")
    file = make_plain(Kind.CLICKS, folder / "clicks_1.csv", tmp_path)
    assert file.plain.parent == tmp_path
    assert file.plain.read_bytes() == HEADER + b"1,2,3\n"


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    content = gzip.compress(HEADER + b"1,2,3\n" + b"9" * (MOST_BYTES + 2**20))
    with pytest.raises(SourceError, match=r"gz, line 3: the line has more than 16,777,216 bytes"):
        plain(tmp_path, content, "clicks_1.csv.gz")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"click_id,banner_id\n1,2\n", "line 1"),
        (b"click_id,banner_id,campaign_id,campaign_id\n", "line 1"),
        (b"Click_ID,CLICK_ID,banner_id,campaign_id\n", "line 1"),
        (b"click_id ,banner_id,campaign_id\n", "line 1"),
        (
            b"click_id;banner_id;campaign_id\n1;2;3\n",
            "separated by semicolons: save it with commas",
        ),
        (b"click_id\tbanner_id\tcampaign_id\n1\t2\t3\n", "separated by tabs"),
        (b"\n" + HEADER, "line 1: found a blank line"),
        (b"\xef\xbb\xbf\r\n" + HEADER, "line 1: found a blank line"),
        (HEADER + b"1,2,3\n\xff,2,3\n", "line 3: found the byte 0xff"),
        (HEADER + b"1,2,3\n1,2,\xc3", "line 3: found the byte 0xc3"),
        (HEADER + b"1,2,3\n1,2", "line 3: the last line is cut off"),
        (HEADER + b"1,2,3\n1", "line 3: the last line is cut off"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name_and_reason(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(SourceError) as caught:
        plain(tmp_path, content)
    assert words in str(caught.value)
    assert str(tmp_path / "clicks_1.csv") in str(caught.value)


@pytest.mark.parametrize("cut", [8, 20])
def test_a_damaged_compressed_file_is_refused(tmp_path: Path, cut: int) -> None:
    whole = gzip.compress(HEADER + b"1,2,3\n" * 1_000)
    with pytest.raises(SourceError, match="damaged"):
        plain(tmp_path, whole[:-cut], "clicks_1.csv.gz")


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        make_plain(Kind.CLICKS, tmp_path / "clicks_1.csv", tmp_path)


@pytest.mark.parametrize("read", [digest_of, lambda path: next(read_lines(path))])
def test_a_file_that_is_gone_when_it_is_read_is_refused(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(SourceError, match=r"clicks_1\.csv cannot be read: No such file"):
        read(tmp_path / "clicks_1.csv")


def test_a_disk_error_in_the_middle_of_a_file_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("banners.crunch.files.plain.scan_rows", fail)
    with pytest.raises(SourceError, match=r"clicks_1\.csv cannot be read: Input/output error"):
        plain(tmp_path, HEADER + b"1,2,3\n")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "clicks_1.csv")
    with pytest.raises(SourceError, match="is not a regular file"):
        make_plain(Kind.CLICKS, tmp_path / "clicks_1.csv", tmp_path)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b"1,2,3", [b"1", b"2", b"3"]),
        (b"1,,", [b"1", b"", b""]),
        (b'"1,2",3', [b"1,2", b"3"]),
        (b'"a""b",""', [b'a"b', b""]),
        (b'1"2,3', [b'1"2', b"3"]),
        (b'1,"', None),
        (b'"1"2,3', None),
        (b'"1,2', None),
    ],
)
def test_quotes_are_special_only_at_the_start_of_a_field(
    line: bytes, fields: list[bytes] | None
) -> None:
    assert split_line(line) == fields


@pytest.mark.parametrize(
    ("rows", "digits"),
    [
        (b"1,2,3\n4,,6\n", True),
        (b"0,2,000000000000000007\n", True),
        (b"1,2,999999999999999999\n", True),
        (b"1,2,0000000000000000007\n", False),
        (b"1,2,9999999999999999999\n", False),
        (b"1,2,x\n", False),
        (b"1,2,-3\n", False),
        (b"1,2,3\n" * 300_000 + b"9999999999999999999,2,3\n", False),
        (b"1,2,3\n" * 300_000 + b"1,2,\xc3\xbc\n", False),
        (b"1,2,3\n" * 300_000, True),
    ],
)
def test_a_file_of_only_numbers_is_recognised(tmp_path: Path, rows: bytes, digits: bool) -> None:
    file = plain(tmp_path, HEADER + rows)
    assert (file.plain, file.digits) == (file.path, digits)
    assert file.rows == rows.count(b"\n")


@pytest.mark.parametrize(
    ("rows", "digits"),
    [
        (b"1,rule,2,3,0\n4,trial_rule,5,,1\n6,policy,7,8,0\n", True),
        (b"1,probe,2,3,0\n4,trial_policy,5,6,7", True),
        # Its text is read as such, and no group.
        (b"1,rule7,2,3,0\n", True),
        (b"1,,2,3,0\n", False),
        (b"1,7,2,3,0\n", False),
        (b"1,rule,rule,3,0\n", False),
        (b"rule,1,2,3,0\n", False),
        (b"1,2,rule,3,0\n", False),
        (b"1,Rule,2,3,0\n", False),
        (b"1,rulerule,2,3,0\n", False),
        (b"1,rule,1234567890123456789,3,0\n", False),
        (b"1,policy,2,3,0\n" * 200_000, True),
        (b"1,policy,2,3,0\n" * 200_000 + b"policy,1,2,3,0\n", False),
    ],
)
def test_beside_numbers_there_may_be_groups(tmp_path: Path, rows: bytes, digits: bool) -> None:
    header = b"click_id,group,banner_id,campaign_id,fill\n"
    file = plain(tmp_path, header + rows)
    assert (file.plain, file.digits) == (file.path, digits)
    assert file.rows == len(rows.splitlines())


@pytest.mark.parametrize("beyond", range(-2, 22))
def test_a_long_number_is_seen_across_the_edge_of_two_blocks(tmp_path: Path, beyond: int) -> None:
    block = LONGEST_LINE // 2
    rows = b"1,2,3\n" * (block // 6 - 10)
    rows += b"1," + b"2" * 9 + b",3\n"
    rows += b"1,2,3\n" * ((block + beyond - len(rows) - 24) // 6)
    rows += b"4,5," + b"6" * 19 + b"\n"
    assert plain(tmp_path, HEADER + rows).digits is False


@pytest.mark.parametrize("length", [18, 19])
def test_a_number_that_is_too_long_is_found_at_any_position(tmp_path: Path, length: int) -> None:
    for lines in range(22):
        for begin in range(1, 7):
            rows = b"1,2,3\n" * lines + b"1" * begin + b",2,3\n4,5," + b"6" * length + b"\n7,8,9\n"
            assert plain(tmp_path, HEADER + rows).digits is (length == 18)


def test_a_letter_across_the_edge_of_two_blocks_is_read_as_one(tmp_path: Path) -> None:
    block = LONGEST_LINE // 2
    rows = b"1,2,3\n" * (block // 6 - 10)
    rows += b"1,2," + b"x" * (block - len(rows) - 5) + "\u00fc\n".encode()
    file = plain(tmp_path, HEADER + rows)
    assert file.plain == file.path
