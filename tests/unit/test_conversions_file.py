"""Conversions of a CSV file are recorded in batches."""

from decimal import Decimal
from pathlib import Path

import pytest

from banners.collect.conversions import from_file
from banners.collect.conversions.check import Conversions, Refusal, Verdict, conversion_id
from banners.collect.conversions.from_file import Taken, record_file
from banners.collect.conversions.senders import Sender
from banners.collect.segments.log import EventLog
from banners.collect.token import Tokens
from banners.errors import CollectError
from support.event_logs import SLOT, Clock, logged, open_log

TOKENS = Tokens([b"a key of thirty-two characters.."])
SHOP = Sender("shop", [54])
CLICK = TOKENS.click_token(SLOT, 17, 54).decode()
HEADER = "conversion_id,click,revenue\n"


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return open_log(tmp_path, Clock())


def record(log: EventLog, tmp_path: Path, text: str | bytes) -> Taken:
    path = tmp_path / "orders.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return record_file(
        path, log, Conversions(TOKENS, Decimal(100), most_age=1e6, clock=Clock()), SHOP
    )


def test_rows_are_recorded(log: EventLog, tmp_path: Path) -> None:
    taken = record(log, tmp_path, f"\ufeffrevenue,note,click,conversion_id\r\n1.5,x,{CLICK},a\r\n")
    assert taken == Taken(taken.verdicts, {})
    assert taken.verdicts == {Verdict.ACCEPTED: 1}
    made = conversion_id("shop", "a", 17)
    assert logged(tmp_path) == [b"v,%d,%d,17,1.500000,54" % (SLOT, made)]


def test_rows_that_are_refused_are_named_by_their_lines(log: EventLog, tmp_path: Path) -> None:
    taken = record(
        log,
        tmp_path,
        f'{HEADER}a,{CLICK},1\na,{CLICK},1.0\n"b\n",{CLICK},2\nc,{CLICK},--2\nd,{CLICK}\n'
        f"e,{CLICK},1,1\nf,{CLICK},101\n",
    )
    assert taken.verdicts == {Verdict.ACCEPTED: 1, Verdict.DUPLICATE: 1, Verdict.REFUSED: 5}
    assert taken.refused == {
        5: Refusal.BAD_CONVERSION_ID,
        6: Refusal.BAD_REVENUE,
        7: Refusal.BAD_REVENUE,
        8: Refusal.BAD_CONVERSION_ID,
        9: Refusal.TOO_MUCH_REVENUE,
    }


def test_only_the_first_refused_rows_are_named(log: EventLog, tmp_path: Path) -> None:
    taken = record(log, tmp_path, HEADER + "a,b,1\n" * 100)
    assert taken.verdicts[Verdict.REFUSED] == 100
    assert list(taken.refused) == list(range(2, 22))


def test_batches_are_kept_one_after_the_other(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(from_file, "MOST_CONVERSIONS", 2)
    path = tmp_path / "orders.csv"
    rows = "".join(f"{number},{CLICK},1\n" for number in (1, 2, 3, 1, 2))
    path.write_text(HEADER + rows, encoding="utf-8")
    told: list[int] = []
    taken = record_file(
        path, log, Conversions(TOKENS, Decimal(100), most_age=1e6, clock=Clock()), SHOP, told.append
    )
    assert told == [2, 4, 5]
    assert taken.verdicts == {Verdict.ACCEPTED: 3, Verdict.DUPLICATE: 2}
    assert log.counts.written == 3


def test_what_cannot_be_kept_is_an_error_that_names_the_line(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "sync", lambda: False)
    with pytest.raises(CollectError, match="from line 2 on cannot be kept: the disk failed"):
        record(log, tmp_path, f"{HEADER}a,{CLICK},1\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "has no column conversion_id and click and revenue"),
        (b"conversion_id,revenue\n", "has no column click"),
        (HEADER.encode() + b"\xff,b,1\n", "cannot be read as a CSV file"),
        (HEADER.encode() + b'"a"b,c,1\n', "cannot be read as a CSV file"),
    ],
)
def test_a_file_that_is_no_such_csv_file_is_an_error(
    log: EventLog, tmp_path: Path, text: bytes, sentence: str
) -> None:
    with pytest.raises(CollectError, match=sentence):
        record(log, tmp_path, text)


def test_a_file_that_is_not_there_is_an_error(log: EventLog, tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="No such file"):
        record_file(
            tmp_path / "none",
            log,
            Conversions(TOKENS, Decimal(100), most_age=1e6, clock=Clock()),
            SHOP,
        )
