"""How rows lie in files: every accepted form, and every one that is refused."""

import gzip
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from strategies_rows import Row, seeds

BOM = b"\xef\xbb\xbf"
EXTRA_COLUMNS = ("country", "größe", "Banner_ID", 'a,"b"')
EXTRA_FIELDS = ("", "0", "x", "ü", 'a"b', '"', "a,b", "-1")


@dataclass(frozen=True)
class Form:
    """The form of one file.

    Args:
        header: the names of the columns in their order, extra ones included.
        ends: the line ends to choose from.
        quoted: share of the fields that are quoted without need, 0 to 1.
        blank: share of the rows that have a blank line before them, 0 to 1.
        ended: whether the last line has a line end.
        seed: decides whatever is to be chosen.
    """

    header: Sequence[str]
    ends: tuple[str, ...] = ("\n",)
    quoted: float = 0
    blank: float = 0
    ended: bool = True
    seed: int = 0


def write_csv(columns: Sequence[str], rows: Sequence[Row], form: Form) -> bytes:
    """Write rows as one file; a row's fields are in the order of ``columns``."""
    choice = random.Random(form.seed)
    lines = [write_line(form.header, form, choice)]
    for row in rows:
        if choice.random() < form.blank:
            lines.append("")
        lines.append(write_row(columns, row, form, choice))
    if choice.random() < form.blank:
        lines.append("")
    text = "".join(line + choice.choice(form.ends) for line in lines[:-1]) + lines[-1]
    # A line that may have the wrong width must not look cut.
    if form.ended or (rows and isinstance(rows[-1], str)):
        text += choice.choice(form.ends)
    return text.encode()


def write_row(columns: Sequence[str], row: Row, form: Form, choice: random.Random) -> str:
    if isinstance(row, str):
        return row
    fields = dict(zip(columns, row, strict=True))
    return write_line(
        [fields.get(name, choice.choice(EXTRA_FIELDS)) for name in form.header], form, choice
    )


def write_line(fields: Sequence[str], form: Form, choice: random.Random) -> str:
    return ",".join(
        '"' + field.replace('"', '""') + '"'
        if "," in field or field.startswith('"') or choice.random() < form.quoted
        else field
        for field in fields
    )


@st.composite
def files_of_a_kind(
    draw: st.DrawFn, stem: str, columns: tuple[str, ...], rows: Sequence[Row]
) -> dict[str, bytes]:
    """Spread rows over one to three part files, each of a form of its own.

    Args:
        draw: hypothesis hands it in.
        stem: what the names of the files begin with, such as ``clicks_1``.
        columns: what the fields of a row are.
        rows: all rows of that kind.
    """
    files: dict[str, bytes] = {}
    parts = draw(st.integers(1, 3))
    for part in range(parts):
        extra = draw(st.lists(st.sampled_from(EXTRA_COLUMNS), max_size=2, unique=True))
        form = Form(
            header=draw(st.permutations((*columns, *extra))),
            ends=draw(st.sampled_from((("\n",), ("\r\n",), ("\n", "\r\n")))),
            quoted=draw(st.sampled_from((0, 0.3, 1))),
            blank=draw(st.sampled_from((0, 0.2))),
            ended=draw(st.booleans()),
            seed=draw(seeds),
        )
        content = draw(st.sampled_from((b"", BOM))) + write_csv(columns, rows[part::parts], form)
        ending = draw(st.sampled_from((".csv", ".csv.gz")))
        if ending == ".csv.gz":
            content = pack(content)
        name = f"{stem}_part{part}" if part else stem
        files[name + ending] = content
        if draw(st.sampled_from((False, False, True))):
            files[f"{name}_again{ending}"] = content
    return files


def pack(content: bytes) -> bytes:
    """Compress into two members, as when compressed files were joined."""
    half = len(content) // 2
    return gzip.compress(content[:half], mtime=0) + gzip.compress(content[half:], mtime=0)


# What makes a file be refused whole. Each takes the plain content and the kind's first column.


def whole_lines(content: bytes) -> bytes:
    return content if content.endswith(b"\n") else content + b"\n"


def drop_column(content: bytes, column: bytes) -> bytes:
    return content.replace(column, b"unknown", 1)


def repeat_column(content: bytes, column: bytes) -> bytes:
    return column + b"," + content.removeprefix(BOM)


def break_utf8(content: bytes, _column: bytes) -> bytes:
    return whole_lines(content) + b"\xff,1\n"


def make_empty(_content: bytes, _column: bytes) -> bytes:
    return b""


def cut_last_line(content: bytes, _column: bytes) -> bytes:
    return whole_lines(content) + b"1"


def cut_in_quotes(content: bytes, _column: bytes) -> bytes:
    return whole_lines(content) + b'1,"2'


def cut_gzip(content: bytes, _column: bytes) -> bytes:
    return gzip.compress(content, mtime=0)[:-9]


def damage_gzip(content: bytes, _column: bytes) -> bytes:
    packed = gzip.compress(content, mtime=0)
    return packed[:-8] + bytes(4) + packed[-4:]


def name_text_gzip(_content: bytes, _column: bytes) -> bytes:
    return b"plain text"


def pack_nothing(_content: bytes, _column: bytes) -> bytes:
    return gzip.compress(b"", mtime=0)


BREAKS: dict[Callable[[bytes, bytes], bytes], str] = {
    drop_column: ".csv",
    repeat_column: ".csv",
    break_utf8: ".csv",
    make_empty: ".csv",
    cut_last_line: ".csv",
    cut_in_quotes: ".csv",
    cut_gzip: ".csv.gz",
    damage_gzip: ".csv.gz",
    name_text_gzip: ".csv.gz",
    pack_nothing: ".csv.gz",
}
"""What breaks a file, and how the name of the broken file ends."""
