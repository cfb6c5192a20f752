"""Names and values of event files cannot command a terminal, forge a line, or become a formula."""

import csv
from pathlib import Path

import pytest
from rich.table import Table

from banners.cli.terminal import console, draw, say
from support.deliveries import small_quarter
from support.running import Workplace

FORGED = "x\n\x1b[2J\x1b[32mGeneration 99 is live.\r\x9b1m\u202e"
VALUES = ("=HYPERLINK(1)", "+1", "@SUM", "-1=2", "\x1b]0;owned\x07", "\x00\x7f\x9b")


def hostile_delivery(folder: Path) -> None:
    """Deliver rows with hostile values in files with hostile names, and a file of another name."""
    here = small_quarter(folder)
    bad = "".join(f"{value},10,5\n" for value in VALUES)
    (here / f"clicks_2{FORGED}.csv").write_text(f"click_id,banner_id,campaign_id\n9,10,5\n{bad}")
    (here / f"clicks_2 copy{FORGED}.csv").write_bytes((here / "clicks_2.csv").read_bytes())
    (here / f"{FORGED}.csv").write_text("no event file")
    third = small_quarter(folder, 3)
    (third / "clicks_3.csv").rename(third / f"clicks_3{FORGED}.csv")
    (third / f"clicks_3{FORGED}.csv").write_text(f"{FORGED}\n")


def assert_harmless(text: str) -> None:
    assert all(line.isprintable() for line in text.split("\n")), repr(text)
    assert not [line for line in text.split("\n") if line.strip().startswith("Generation 99")]


def test_what_a_crunch_writes_holds_no_control_character(workplace: Workplace) -> None:
    events = workplace.folder / f"events{FORGED}"
    hostile_delivery(workplace.folder)
    (workplace.folder / "events").rename(events)
    for words in (("crunch", events.name, "--accept"), ("crunch", events.name)):
        ended = workplace.run(*words)
        assert ended.returncode == 3
        assert r"x\n\x1b[2J\x1b[32mGeneration 99 is live.\r\x9b1m\u202e.csv" in ended.stderr
        assert_harmless(ended.stdout)
        assert_harmless(ended.stderr)
    assert_harmless(workplace.run("generations").stdout)
    rejects = list((workplace.folder / "var" / "rejects").iterdir())
    assert rejects
    for path in rejects:
        assert_harmless(path.read_text("utf-8"))
        rows = list(csv.reader(path.read_text("utf-8").splitlines()))
        assert len(rows) == 1 + len(VALUES)
        assert not [cell for row in rows for cell in row if cell[:1] in "=+-@" and cell]
        assert "'=HYPERLINK(1),10,5" in [row[4] for row in rows]


def test_what_is_wrong_with_the_words_of_a_command_is_shown_without_control_characters(
    workplace: Workplace,
) -> None:
    for words in (
        (FORGED,),
        ("crunch", FORGED),
        ("crunch", "a", FORGED),
        ("crunch", ".", f"--{FORGED}"),
        ("crunch", ".", "--quarter", FORGED),
        ("show", FORGED),
        ("show", "1", "--database", f"sqlite:///{FORGED}.db"),
        ("generations", "--database", f"sqlite:///{FORGED}.db"),
    ):
        ended = workplace.run(*words)
        assert ended.returncode in {1, 2}
        assert_harmless(ended.stdout)
        assert_harmless(ended.stderr)


def test_text_in_colons_is_no_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table()
    table.add_column()
    table.add_row(":star:")
    draw(console(), table)
    say(console(), ":star:")
    assert capsys.readouterr().out.count(":star:") == 2
