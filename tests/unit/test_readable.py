"""Text from outside is printed, logged and stored as one line without control characters."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners import logs
from banners.errors import BannersError, readable, shorten
from banners.logs import ReadableFormatter

HOSTILE = "a\n\x1b[2JGeneration 9\r\x07\x7f\x9b\u202e\u2028\udcff\t"
SHOWN = r"a\n\x1b[2JGeneration 9\r\x07\x7f\x9b\u202e\u2028\xff\t"


@given(st.text(st.characters()))
def test_every_text_becomes_one_printable_line(text: str) -> None:
    line = readable(text)
    assert line.isprintable()
    assert readable(line) == line
    assert (line == text) == text.isprintable()


def test_each_character_that_is_not_printable_is_an_escape() -> None:
    assert readable(HOSTILE) == SHOWN
    assert shorten(HOSTILE, most=99) == f"“{SHOWN}”"
    assert readable("Grüße, 世界 🎉") == "Grüße, 世界 🎉"


def test_a_line_break_from_outside_is_no_line_of_a_message() -> None:
    error = BannersError(f"{HOSTILE} is wrong.", f"  See {HOSTILE}.")
    assert str(error).split("\n") == [f"{SHOWN} is wrong.", f"  See {SHOWN}."]


def record(message: str, *, failed: bool = False) -> logging.LogRecord:
    error = ValueError(HOSTILE)
    about = (ValueError, error, None) if failed else None
    return logging.LogRecord("banners", logging.ERROR, "", 0, message, (HOSTILE,), about)


def test_a_record_of_the_log_is_one_line_and_its_traceback_is_indented() -> None:
    lines = ReadableFormatter().format(record("found %s", failed=True)).split("\n")
    assert lines[0] == f"found {SHOWN}"
    assert all(line.startswith("  ") and line.isprintable() for line in lines[1:])
    assert len(lines) == 3


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_control_character_reaches_the_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log_format: str
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    logs.configure(log_format)
    logging.getLogger("banners.test").warning("found %s", HOSTILE)
    written = capsys.readouterr().err.removesuffix("\n")
    assert written.isprintable()
    if log_format == "json":
        assert json.loads(written)["message"] == f"found {HOSTILE}"
