"""Feeds random event files to their reader: ``make fuzz``.

The reader must read the same rows as the tests' slow reference, or refuse the same files.
"""

import sys
from contextlib import suppress
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["banners"]):
    from banners.core.events import Kind
    from banners.crunch.files.plain import make_plain
    from banners.crunch.files.suspects import suspect_rows
    from banners.errors import SourceError

import reference.accounting
import reference.files

_HEADER = ",".join(Kind.CLICKS.columns).encode() + b"\n"


def read(given: bytes, folder: Path) -> None:
    """Read a file of clicks with both; the first byte decides whether it has a valid header."""
    content = _HEADER + given[1:] if given[:1] > b"\x3f" else given[1:]
    path = folder / "clicks_1.csv"
    path.write_bytes(content)
    expected = _expected(path)
    if expected is None:
        with suppress(SourceError):
            raise AssertionError(f"not refused: {make_plain(Kind.CLICKS, path, folder)}")
        return
    file = make_plain(Kind.CLICKS, path, folder)
    assert file.rows == len(expected)
    assert file.bad_width == expected.count(None)
    written = file.plain.read_bytes().removesuffix(b"\n").split(b"\n")
    assert len(written) - 1 == file.rows - file.bad_width
    suspects = [values for _, values in suspect_rows(file)]
    _, rejected = reference.accounting.judge_values(expected, reference.accounting.parse_click)
    assert suspects.count(None) == rejected.get("bad_width", 0)
    assert len(suspects) >= sum(rejected.values())


def _expected(path: Path) -> "list[reference.files.Row] | None":
    try:
        return reference.files.read_rows(path, "clicks")
    except reference.files.Refused:
        return None


def valid_files() -> list[bytes]:
    """Return files that the reader accepts, for the fuzzer to begin with."""
    rows = b'1,2,3\r\n"4","5",6\n\n7,8\n"9,1,2\n3,4,5'
    return [b"\xff" + rows, b"\0\xef\xbb\xbf" + _HEADER + rows, b"\xff1,2,3\n" * 3]


if __name__ == "__main__":
    # The fuzzer keeps inputs that reach new code for the next run.
    here = Path("var/fuzz/event_files")
    (here / "corpus").mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(valid_files()):
        (here / "corpus" / f"valid-{number}").write_bytes(content)
    atheris.Setup([*sys.argv, str(here / "corpus")], lambda given: read(given, here))
    atheris.Fuzz()
