"""The reference's reading of files, checked by hand for each rule of docs/event-files.md."""

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

import reference.events
from reference.events import NotGiven, Performance, QuarterReference, Refused
from strategies.values import write

IMPRESSIONS = "banner_id,campaign_id\n"
CLICKS = "click_id,banner_id,campaign_id\n"
CONVERSIONS = "conversion_id,click_id,revenue\n"

Read = Callable[..., QuarterReference]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read rows that are given as text under the usual headers, or complete files by name."""

    def read_rows(
        impressions: str = "", clicks: str = "", conversions: str = "", **files: bytes | None
    ) -> QuarterReference:
        events: dict[str, bytes | None] = {
            "impressions_1.csv": (IMPRESSIONS + impressions).encode(),
            "clicks_1.csv": (CLICKS + clicks).encode(),
            "conversions_1.csv": (CONVERSIONS + conversions).encode(),
        }
        events |= files
        write({f"1/{name}": text for name, text in events.items() if text is not None}, tmp_path)
        return reference.events.read_quarter(tmp_path, 1)

    return read_rows


def test_the_json_is_that_of_the_contract(read: Read) -> None:
    assert read("414,54\n", "1,414,54\n", "1,1,0.675\n").lineup_json(54, 3) == {
        "campaign_id": 54,
        "campaign_id_text": "54",
        "quarter": 1,
        "generation": 3,
        "rule": "revenue_then_clicks",
        "converting": 1,
        "slots": 5,
        "lineup": [
            {
                "banner_id": 414,
                "banner_id_text": "414",
                "position": 1,
                "impressions": 1,
                "clicks": 1,
                "conversions": 1,
                "revenue": "0.675000",
                "image": "/static/images/image_414.png",
            }
        ],
        "fill": {"needed": 4, "campaign": [], "campaign_text": [], "inventory": True},
    }


# What is accepted


def test_a_repeated_impression_counts_each_time(read: Read) -> None:
    result = read("5,27\n5,27\n")
    assert result.performance[27, 5].impressions == 2
    assert result.accounts["impressions"] == reference.events.Account(2, 2, 0, {}, {})


def test_a_click_without_impression_is_accepted_and_counted_as_unseen(read: Read) -> None:
    result = read("5,27\n6,28\n", "1,5,27\n2,5,28\n3,5,28\n")
    assert result.unseen_clicks == 2
    assert result.accounts["clicks"].accepted == 3
    assert result.performance[28, 5] == Performance(5, 0, 2, 0, Decimal(0))


@pytest.mark.parametrize(
    "clicks",
    [
        pytest.param(b"\xef\xbb\xbf" + CLICKS.encode() + b"1,5,27\n", id="byte order mark"),
        pytest.param(CLICKS.replace("\n", "\r\n").encode() + b"1,5,27\r\n", id="CRLF"),
        pytest.param(b'"click_id",banner_id,campaign_id\n"1","5",27\n', id="quoted fields"),
        pytest.param(CLICKS.encode() + b"\n1,5,27\n\r\n\n", id="blank lines"),
        pytest.param(CLICKS.encode() + b"1,5,27", id="no newline at the end"),
        pytest.param(CLICKS.encode() + b"\r\r\n1,5,27\r\r\n\r\n", id="CR CR LF"),
        pytest.param(CLICKS.encode()[:-1] + b"\r1,5,27\r\r", id="CR"),
        pytest.param(CLICKS.upper().encode() + b"1,5,27\n", id="names in capitals"),
        pytest.param(b"click_id,,x,banner_id,,x,campaign_id\n1,,,5,,,27\n", id="not needed"),
        pytest.param(b'Click_ID,x,banner_id,campaign_id,click_id\n9,"\n8,",5,27,1\n', id="breaks"),
        pytest.param(b"campaign_id,click_id,banner_id\n27,1,5\n", id="columns in another order"),
        pytest.param(b'a,click_id,b,banner_id,campaign_id\n"x, ""y""",1,,5,27\n', id="extra ones"),
        pytest.param(CLICKS.encode() + b"000000000000000001,05,0027\n", id="leading zeros"),
    ],
)
def test_a_file_of_an_unusual_form_is_read_as_it_is_meant(read: Read, clicks: bytes) -> None:
    result = read("5,27\n", conversions="1,1,2.5\n", **{"clicks_1.csv": clicks})
    assert result.performance == {(27, 5): Performance(5, 1, 1, 1, Decimal("2.5"))}
    assert result.accounts["clicks"] == reference.events.Account(1, 1, 0, {}, {})


def test_parts_and_compressed_files_are_read_as_one(read: Read) -> None:
    parts = {
        "clicks_1b.csv": CLICKS.encode() + b"2,5,27\n1,5,27\n",
        "clicks_1c.csv.gz": gzip.compress(CLICKS.encode() + b"3,5,27\n"),
        "clicks_2.csv": b"another quarter",
        "clicks_1.csv.bak": b"not an event file",
    }
    result = read(clicks="1,5,27\n", **parts)
    assert result.accounts["clicks"] == reference.events.Account(4, 3, 1, {}, {})


def test_a_file_given_twice_is_skipped_and_named(read: Read) -> None:
    again = IMPRESSIONS.encode() + b"5,27\n"
    result = read("5,27\n", **{"impressions_1b.csv": again})
    assert result.skipped == ("impressions_1b.csv",)
    assert result.accounts["impressions"].rows == 1


def test_a_conversion_of_zero_is_accepted_however_it_is_written(read: Read) -> None:
    result = read(clicks="1,5,27\n", conversions="1,1,0\n2,1,0.000000\n3,1,-0.00\n")
    assert result.accounts["conversions"] == reference.events.Account(3, 3, 0, {}, {})
    assert str(result.performance[27, 5].revenue) == "0.000000"


# What is not accepted


@pytest.mark.parametrize(
    "text",
    ["", "0", "000", "-3", "+3", "²", "٣", " 7", "7 ", "1.5", "x", "7\0", "7\r", "1" * 19, "1_0"],
)
def test_what_is_not_an_id_is_rejected(read: Read, text: str) -> None:
    account = read(f"{text},27\n").accounts["impressions"]
    assert account == reference.events.Account(1, 0, 0, {"bad_id": 1}, {})


def test_an_id_of_eighteen_digits_is_accepted(read: Read) -> None:
    assert read("9" * 18 + ",27\n").inventory == (10**18 - 1,)


@pytest.mark.parametrize(
    "text", ["", "NaN", "Inf", "1e3", "0.1234567", "1" * 13, ".5", "5.", "+1", " 1", "٣", "1,5"]
)
def test_what_is_not_a_revenue_is_rejected(read: Read, text: str) -> None:
    account = read(clicks="1,5,27\n", conversions=f'1,1,"{text}"\n').accounts["conversions"]
    assert account == reference.events.Account(1, 0, 0, {"bad_revenue": 1}, {})


def test_the_largest_revenue_is_accepted_exactly(read: Read) -> None:
    result = read(clicks="1,5,27\n", conversions="1,1,999999999999.999999\n2,1,0.000001\n")
    assert result.performance[27, 5].revenue == Decimal(10**12)


@pytest.mark.parametrize(
    "line",
    [
        *("1,5", "1,5,27,", '"1,5,27"', '1,"5,27\n3,5,27"', '1,"5"x,27', '1,"5" ,27', " ", '""'),
        *("\r\r", '1,"5"x"\r', '"\n3,5,27\n"'),
    ],
)
def test_a_line_of_a_wrong_width_is_rejected_alone(read: Read, line: str) -> None:
    account = read(clicks=f"{line}\r\n2,5,27\n").accounts["clicks"]
    assert account == reference.events.Account(2, 1, 0, {"bad_width": 1}, {})


def test_a_last_line_of_a_wrong_width_is_only_rejected_where_it_has_its_newline(read: Read) -> None:
    assert read(clicks="1,5,27\n2,5\n").accounts["clicks"].rejected == {"bad_width": 1}


def test_a_quote_within_a_field_is_an_ordinary_character(read: Read) -> None:
    assert read(clicks='1,5"",27\n').accounts["clicks"].rejected == {"bad_id": 1}


def test_exact_copies_by_value_are_kept_once(read: Read) -> None:
    result = read(clicks="7,5,27\n007,05,27\n", conversions="1,7,0.1\n1,07,0.10\n01,7,00.1\n")
    assert result.accounts["clicks"] == reference.events.Account(2, 1, 1, {}, {})
    assert result.accounts["conversions"] == reference.events.Account(3, 1, 2, {}, {})


def test_all_versions_of_an_id_in_conflict_are_quarantined_with_their_conversions(
    read: Read,
) -> None:
    result = read(clicks="1,5,27\n1,5,27\n1,6,27\n2,5,27\n", conversions="1,1,2.5\n2,2,1\n")
    assert result.accounts["clicks"] == reference.events.Account(4, 1, 0, {}, {"conflicting_id": 3})
    assert result.accounts["conversions"].quarantined == {"orphan_conversion": 1}
    assert result.performance[27, 5] == Performance(5, 0, 1, 1, Decimal(1))


def test_a_rejected_row_is_in_conflict_with_nothing(read: Read) -> None:
    account = read(clicks="1,5,27\n1,x,27\n").accounts["clicks"]
    assert account == reference.events.Account(2, 1, 0, {"bad_id": 1}, {})


def test_an_orphan_is_quarantined_with_its_revenue_counted_once(read: Read) -> None:
    result = read(clicks="1,5,27\n", conversions="1,2,2.5\n1,2,2.50\n2,3,0.1\n")
    account = result.accounts["conversions"]
    assert account == reference.events.Account(3, 0, 1, {}, {"orphan_conversion": 2})
    assert result.orphan_revenue == Decimal("2.6")


def test_a_refund_is_quarantined_even_where_it_is_an_orphan(read: Read) -> None:
    result = read(clicks="1,5,27\n", conversions="1,1,-0.000001\n2,9,-1\n3,1,1\n")
    account = result.accounts["conversions"]
    assert account == reference.events.Account(3, 1, 0, {}, {"refund": 2})
    assert result.orphan_revenue == 0
    assert result.performance[27, 5].revenue == 1


def test_a_conflict_comes_before_a_refund(read: Read) -> None:
    account = read(clicks="1,5,27\n", conversions="1,1,-1\n1,1,1\n").accounts["conversions"]
    assert account.quarantined == {"conflicting_id": 2}


def test_the_id_is_judged_before_the_revenue(read: Read) -> None:
    assert read(conversions="x,1,x\n").accounts["conversions"].rejected == {"bad_id": 1}


# What is refused completely


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("clicks_1.csv", b"", "empty"),
        ("clicks_1.csv", b"\xef\xbb\xbf", "empty"),
        ("clicks_1.csv", b"\n" + CLICKS.encode(), "missing_column"),
        ("clicks_1.csv", b"click_id,banner_id\n1,5\n", "missing_column"),
        ("clicks_1.csv", b"Click_id,CLICK_ID,banner_id,campaign_id\n", "missing_column"),
        ("clicks_1.csv", b"click_id,banner_id,campaign_id,click_id\n", "missing_column"),
        ("clicks_1.csv", b"click_id ,banner_id,campaign_id\n", "missing_column"),
        ("clicks_1.csv", CLICKS.encode() + b"1,\xff,27\n", "not_utf8"),
        ("clicks_1.csv", CLICKS.encode() + b"1,5,27\n2,5", "cut"),
        ("clicks_1.csv", CLICKS.encode() + b'1,5,27\n2,"5"x', "cut"),
        ("clicks_1.csv", CLICKS.encode() + b'1,5,27\n2,5,"2', "open_quote"),
        ("clicks_1.csv", CLICKS.encode() + b'1,5,"27\n2,5,2\n', "open_quote"),
        ("clicks_1.csv", CLICKS.encode() + b'1,5,"' + b"7" * 65_535 + b'"\n', "open_quote"),
        ("clicks_1b.csv", b"click_id\n", "missing_column"),
        ("clicks_1b.csv.gz", b"", "empty"),
        ("clicks_1b.csv.gz", CLICKS.encode() + b"1,5,27\n", "damaged_gzip"),
        ("clicks_1b.csv.gz", gzip.compress(CLICKS.encode(), mtime=0)[:-9], "damaged_gzip"),
        ("clicks_1b.csv.gz", gzip.compress(CLICKS.encode(), mtime=0) + b"more", "damaged_gzip"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(
    read: Read, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(Refused) as refusal:
        read(**{name: content})
    assert (refusal.value.reason, refusal.value.name) == (reason, name)


def test_a_carriage_return_at_the_very_end_belongs_to_the_field(read: Read) -> None:
    assert read(clicks="1,5,27\r").accounts["clicks"].rejected == {"bad_id": 1}


def test_a_missing_kind_is_named(read: Read) -> None:
    with pytest.raises(Refused, match="conversions: missing_kind"):
        read(**{"conversions_1.csv": None})


def test_a_quarter_without_files_is_not_given(tmp_path: Path) -> None:
    with pytest.raises(NotGiven):
        reference.events.read_quarter(tmp_path, 1)
