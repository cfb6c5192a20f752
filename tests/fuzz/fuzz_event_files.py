"""Feeds event files that nobody would write to their reader: ``make fuzz``.

It reads what the slow reference of the tests reads, or refuses what that refuses.
"""

import sys
from contextlib import suppress
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["banners"]):
    from banners.crunch.kinds import Kind
    from banners.crunch.plain import make_plain
    from banners.crunch.suspects import suspect_rows
    from banners.errors import SourceError

import reference_quality

_HEADER = ",".join(Kind.CLICKS.columns).encode() + b"\n"


def read(given: bytes, folder: Path) -> None:
    """Read a file of clicks by both; the first byte says whether it has a sound header."""
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
    _, rejected = reference_quality.judge_values(expected, reference_quality.parse_click)
    assert suspects.count(None) == rejected.get("bad_width", 0)
    assert len(suspects) >= sum(rejected.values())


def _expected(path: Path) -> "list[reference_quality.Row] | None":
    try:
        return reference_quality.read_rows(path, "clicks")
    except reference_quality.Refused:
        return None


def sound() -> list[bytes]:
    """Give files that the reader takes, for the fuzzer to begin with."""
    rows = b'1,2,3\r\n"4","5",6\n\n7,8\n"9,1,2\n3,4,5'
    return [b"\xff" + rows, b"\0\xef\xbb\xbf" + _HEADER + rows, b"\xff1,2,3\n" * 3]


if __name__ == "__main__":
    # What it finds worth keeping is kept for the next time.
    here = Path("var/fuzz/event_files")
    (here / "corpus").mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(sound()):
        (here / "corpus" / f"sound-{number}").write_bytes(content)
    atheris.Setup([*sys.argv, str(here / "corpus")], lambda given: read(given, here))
    atheris.Fuzz()
