"""Files of events: in every accepted form, and with every fault for which a file is refused."""

import gzip
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from strategies.rows import Row, seeds

BOM = b"\xef\xbb\xbf"
EXTRA_COLUMNS = ("country", "größe", "Banner_ID", 'a,"b"', "", "note", "note", "two\nlines")
EXTRA_FIELDS = ("", "0", "x", "ü", 'a"b', '"', "a,b", "-1", "a\nb", "\n1,2,3\n", "\n")


@dataclass(frozen=True)
class Form:
    """The form of one file.

    Args:
        header: the names of the columns in order, including extra ones.
        ends: the line ends to choose from.
        quoted: share of fields that are quoted without need, 0 to 1.
        blank: share of rows that follow a blank line, 0 to 1.
        ended: whether the last line has a line end.
        seed: decides all random choices.
    """

    header: Sequence[str]
    ends: tuple[str, ...] = ("\n",)
    quoted: float = 0
    blank: float = 0
    ended: bool = True
    seed: int = 0


def write_csv(columns: Sequence[str], rows: Sequence[Row], form: Form) -> bytes:
    """Return rows as a file; the fields of a row are in the order of ``columns``."""
    choice = random.Random(form.seed)
    lines = [write_line(form.header, form, choice)]
    for row in rows:
        if choice.random() < form.blank:
            lines.append("")
        lines.append(write_row(columns, row, form, choice))
    if choice.random() < form.blank:
        lines.append("")
    text = "".join(line + choice.choice(form.ends) for line in lines[:-1]) + lines[-1]
    # A last line of wrong width must have a line end, or the file would count as cut. If lines end
    # in CR, a CR in a value makes two such lines.
    if form.ended or (rows and (isinstance(rows[-1], str) or "\r" in "".join(rows[-1]))):
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
        if "," in field or "\n" in field or field.startswith('"') or choice.random() < form.quoted
        else field
        for field in fields
    )


@st.composite
def files_of_a_kind(
    draw: st.DrawFn, stem: str, columns: tuple[str, ...], rows: Sequence[Row]
) -> dict[str, bytes]:
    """Distribute rows over one to three part files of different forms.

    Args:
        draw: given by hypothesis.
        stem: beginning of the files' names, such as ``clicks_1``.
        columns: the columns of the kind.
        rows: all rows of the kind.
    """
    files: dict[str, bytes] = {}
    parts = draw(st.integers(1, 3))
    for part in range(parts):
        extra = draw(st.lists(st.sampled_from(EXTRA_COLUMNS), max_size=2))
        form = Form(
            header=draw(st.permutations((*columns, *extra))),
            ends=draw(st.sampled_from((("\n",), ("\r\n",), ("\r",), ("\n", "\r\n", "\r\r\n")))),
            quoted=draw(st.sampled_from((0, 0.3, 1))),
            blank=draw(st.sampled_from((0, 0.2))),
            ended=draw(st.booleans()),
            seed=draw(seeds),
        )
        content = draw(st.sampled_from((b"", BOM))) + write_csv(columns, rows[part::parts], form)
        names = st.sampled_from((stem, stem.upper(), f"{stem}.csv/part-"))
        name = draw(names) + f"{part}"
        for again in range(draw(st.sampled_from((1, 1, 2)))):
            ending = draw(st.sampled_from((".csv", ".csv.gz", ".CSV")))
            form_of_copy = draw(st.sampled_from((as_it_is, other_line_ends, other_mark)))
            same = form_of_copy(content) if again else content
            files[f"{name}{'_again' * again}{ending}"] = pack(same) if ending == ".csv.gz" else same
    return files


# Forms of the same content


def as_it_is(content: bytes) -> bytes:
    return content


def other_line_ends(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def other_mark(content: bytes) -> bytes:
    return content.removeprefix(BOM) if content.startswith(BOM) else BOM + content


def pack(content: bytes) -> bytes:
    """Compress into two members, as if compressed files were joined."""
    half = len(content) // 2
    return gzip.compress(content[:half], mtime=0) + gzip.compress(content[half:], mtime=0)


# Faults for which a file is refused. Each takes the plain content and the kind's first column.


HEADER_LINE = re.compile(rb'(?:"[^"]*"|[^"\r\n])*(\r*\n|\r)')


def with_line_end(content: bytes) -> bytes:
    if content.endswith((b"\n", b"\r")):
        return content
    # A line feed where all lines end in CR would be a part of the last field.
    header = HEADER_LINE.match(content)
    return content + (header[1] if header else b"\n")


def drop_column(content: bytes, column: bytes) -> bytes:
    return re.sub(column, b"unknown", content, flags=re.IGNORECASE)


def repeat_column(content: bytes, column: bytes) -> bytes:
    return column + b"," + content.removeprefix(BOM)


def repeat_in_capitals(content: bytes, column: bytes) -> bytes:
    return column.upper() + b"," + content.removeprefix(BOM).replace(column, column.title(), 1)


def break_utf8(content: bytes, _column: bytes) -> bytes:
    return with_line_end(content) + b"\xff,1\n"


def make_empty(_content: bytes, _column: bytes) -> bytes:
    return b""


def cut_last_line(content: bytes, _column: bytes) -> bytes:
    return with_line_end(content) + b"1"


def cut_in_quotes(content: bytes, _column: bytes) -> bytes:
    return with_line_end(content) + b'1,"2'


def open_quote(content: bytes, _column: bytes) -> bytes:
    return with_line_end(content) + b'1,"2\n3,4,5\n6,""7\n'


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
    repeat_in_capitals: ".csv",
    break_utf8: ".csv",
    make_empty: ".csv",
    cut_last_line: ".csv",
    cut_in_quotes: ".csv",
    open_quote: ".csv",
    cut_gzip: ".csv.gz",
    damage_gzip: ".csv.gz",
    name_text_gzip: ".csv.gz",
    pack_nothing: ".csv.gz",
}
"""Each fault, and how the name of the faulty file ends."""
