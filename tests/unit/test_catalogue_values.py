"""Single values of the catalogue, as files and forms give them."""

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.catalogue.values import (
    LAST_SECOND,
    check_entry,
    local_moment,
    parse_active,
    parse_id,
    parse_landing_url,
    parse_moment,
    parse_name,
    parse_policy,
    write_moment,
)
from banners.errors import InvalidValue
from support.catalogues import banner, campaign

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "number"), [("27", 27), ("0" * 17 + "1", 1), ("9" * 18, 10**18 - 1)]
)
def test_an_id_is_one_to_eighteen_digits(text: str, number: int) -> None:
    assert parse_id(text) == number


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "1" * 19, "²", "٣", "1 2", "0x1", "1\0"])
def test_anything_else_is_no_id(text: str) -> None:
    with pytest.raises(InvalidValue, match="1 to 18 digits"):
        parse_id(text)


def test_a_name_loses_the_spaces_around_it() -> None:
    assert parse_name("  Autumn sale:\u00a020\u00a0% ") == "Autumn sale:\u00a020\u00a0%"


@pytest.mark.parametrize("name", ["x" * 200, "Ελλάδα", "👩‍👩‍👧", "=1", "a,b", "\ufffd\ue000"])
def test_a_name_may_hold_any_text_of_a_line(name: str) -> None:
    assert parse_name(name) == name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("x" * 201, "201 characters; expected at most 200"),
        ("two\nlines", "control character"),
        ("a\0b", "control character"),
        ("\x1b[31mred", "control character"),
        ("over\u202eturned", "control character"),
        ("line\u2028end", "control character"),
        ("a\uffffb", "control character"),
        ("a\ufffeb", "control character"),
        ("a\ufdd0b", "control character"),
        ("a\U0001ffffb", "control character"),
    ],
)
def test_a_name_that_is_none_is_refused(text: str, told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        parse_name(text)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://shop.example",
        "http://shop.example:8080/path?a=b&c={click}#part",
        "https://shop.example/{click}/buy",
        "https://shop.example/#{click}",
        "https://[2001:db8::1]/",
        "https://[2001:DB8::1]:8080/",
        "https://shop.example:08080/",
        "https://müller.example/straße",
        "https://shop.example/" + "x" * 2_027,
    ],
)
def test_a_landing_page_is_a_full_address(url: str) -> None:
    assert parse_landing_url(url) == url


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("shop.example", "not a full address"),
        ("//shop.example/", "not a full address"),
        ("https:///path", "not a full address"),
        ("https:shop.example", "not a full address"),
        ("javascript:alert(1)", "not a full address"),
        ("ftp://shop.example/", "not a full address"),
        ("https://user@shop.example/", "user name"),
        ("https://user:word@shop.example/", "user name"),
        ("https://shop.example/a b", "a space"),
        ("https://shop.example/\ta", "a space"),
        ("https://shop.example\\@other.example/", "a backslash"),
        ("https://shop.example/\0", "control character"),
        ("https://shop.example/{click}/{click}", "more than once"),
        ("https://{click}.example/", "in its host"),
        ("https://shop.example:99999/", "malformed host or port"),
        ("https://shop.example:0/", "malformed host or port"),
        ("https://shop.example:x/", "malformed host or port"),
        ("https://-/", "malformed host or port"),
        ("https://:80/", "malformed host or port"),
        ("https://[::1/", "malformed host or port"),
        ("https://[v1.x]/", "malformed host or port"),
        ("https://[v1.a:b]/", "malformed host or port"),
        ("https://[fe80::1%eth0]/", "malformed host or port"),
        ("https://[::1]x/", "malformed host or port"),
        ("https://a.example:/x", "malformed host or port"),
        ("https://[::1]:/x", "malformed host or port"),
        ("https://a.example/\uffff", "control character"),
        ("https://shop.example/" + "x" * 2_028, "2,049 characters; expected at most 2,048"),
    ],
)
def test_an_address_that_no_click_may_lead_to_is_refused(url: str, told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        parse_landing_url(url)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-27", datetime(2026, 11, 26, 23, tzinfo=UTC)),
        ("2026-07-01T10:00", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-11-27 10:00:05", datetime(2026, 11, 27, 9, 0, 5, tzinfo=UTC)),
        ("2026-11-27T10:00:00Z", datetime(2026, 11, 27, 10, tzinfo=UTC)),
        ("2026-11-27T10:00-0530", datetime(2026, 11, 27, 15, 30, tzinfo=UTC)),
        ("2026-10-25T02:30+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_in_the_zone(text: str, moment: datetime) -> None:
    assert parse_moment(text, BERLIN) == moment.timestamp()


def test_no_time_is_an_open_one() -> None:
    assert parse_moment("", UTC) is None
    assert write_moment(None) == ""


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "27.11.2026",
        "2026-02-30",
        "2026-11-27T25:00",
        "2026-11-27T10:00:00.5Z",
        "2026-11-27x10:00",
        "2026-11-27T10",
        "2026-W48-5",
        "٢٠٢٦-11-27",
    ],
)
def test_what_is_not_iso_8601_is_no_time(text: str) -> None:
    with pytest.raises(InvalidValue, match="expected ISO 8601"):
        parse_moment(text, UTC)


@pytest.mark.parametrize("text", ["2026-10-25T02:30", "2026-03-29T02:30"])
def test_a_local_time_that_does_not_occur_once_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"twice or not at all.*Europe/Berlin.*add an offset"):
        parse_moment(text, BERLIN)


def test_a_time_before_1970_is_refused() -> None:
    with pytest.raises(InvalidValue, match="before 1970"):
        parse_moment("1969-12-31T23:59:59Z", UTC)


@pytest.mark.parametrize(
    ("text", "zone"),
    [("9999-12-31T23:59:59-00:01", UTC), ("9999-12-31T23:59", ZoneInfo("America/New_York"))],
)
def test_a_time_that_is_after_9999_in_utc_is_refused(text: str, zone: tzinfo) -> None:
    with pytest.raises(InvalidValue, match="is after the year 9999; expected an earlier time"):
        parse_moment(text, zone)


@given(st.integers(0, 253_402_300_799))
def test_every_time_can_be_shown_in_every_zone(seconds: int) -> None:
    for zone in (UTC, BERLIN, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Niue")):
        assert local_moment(seconds, zone).timestamp() == seconds


def test_the_last_hours_of_9999_are_shown_in_utc_where_the_zone_has_none() -> None:
    assert local_moment(LAST_SECOND, BERLIN) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@given(st.integers(0, 253_402_300_799))
def test_a_time_is_read_as_it_was_written(seconds: int) -> None:
    assert parse_moment(write_moment(seconds), BERLIN) == seconds


@pytest.mark.parametrize("text", ["yes", "YES", "y", "true", "on", "1", ""])
def test_these_words_say_yes(text: str) -> None:
    assert parse_active(text) is True


@pytest.mark.parametrize("text", ["no", "N", "False", "off", "0"])
def test_these_words_say_no(text: str) -> None:
    assert parse_active(text) is False


@pytest.mark.parametrize("text", ["maybe", "2", "ja"])
def test_other_words_say_neither(text: str) -> None:
    with pytest.raises(InvalidValue, match="neither yes nor no"):
        parse_active(text)


@pytest.mark.parametrize("text", ["", "rule", "learning"])
def test_a_policy_is_known_or_that_of_the_setting(text: str) -> None:
    assert parse_policy(text) == text


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(InvalidValue, match="“best” is not a policy; expected rule or learning"):
        parse_policy("best")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (replace(campaign(1), campaign_id=0), "is not an id"),
        (replace(campaign(1), policy="best"), "is not a policy"),
        (replace(campaign(1), name=" x"), "spaces around it"),
        (replace(campaign(1), starts=5, ends=5), "is not after its start"),
        (replace(campaign(1), starts=-5), "is before 1970"),
        (replace(campaign(1), ends=10**12), "is after the year 9999"),
        (replace(banner(1), banner_id=10**18), "is not an id"),
        (replace(banner(1), landing_url="mailto:x@shop.example"), "not a full address"),
        (replace(banner(1), name=""), "is empty"),
    ],
    ids=str,
)
def test_an_entry_that_no_file_could_hold_is_refused(entry: object, told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        check_entry(entry)  # type: ignore[arg-type]  # it is one of both kinds


@pytest.mark.parametrize("entry", [campaign(1, 2), banner(2), replace(banner(2), ends=7)])
def test_a_valid_entry_is_accepted(entry: object) -> None:
    check_entry(entry)  # type: ignore[arg-type]  # it is one of both kinds
