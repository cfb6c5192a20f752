"""Each row of the table "What counts" of docs/live.md, as it is decided about one request."""

import pytest

from banners.core.proxies import NO_PROXIES
from banners.core.views import Traffic
from banners.web.recording.floods import Floods
from banners.web.recording.judging import FIELDS, Asked, Subject, Verdict
from banners.web.recording.sources import Sources
from banners.web.recording.what_counts import Headers, WhatCounts
from banners.web.shared_memory import SharedMemory

CHROME = (
    b"user-agent",
    b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0",
)
CURL = b"user-agent", b"curl/8.5.0"
SESSION = b"cookie", b"banners_session=of-an-operator"
NOON = 1_764_072_000.0

CLEAN, CRAWLER, FLOOD = map(Verdict, Traffic)
NOT = Verdict(None)
AGAIN = Verdict(None, asks_again=True)
PAGE, FRAME, JSON, SEEN, CLICK = Subject
VIEWS, EVENTS = (PAGE, FRAME, JSON), (SEEN, CLICK)

PREFETCHES = [
    (b"purpose", b"prefetch"),
    (b"sec-purpose", b"prefetch"),
    (b"sec-purpose", b"prefetch;anonymous-client-ip"),
    (b"sec-purpose", b"Prefetch"),
    (b"x-moz", b"prefetch"),
]
PRERENDERS = [(b"sec-purpose", b"prefetch;prerender"), (b"purpose", b"prerender")]


def has_session(headers: Headers) -> bool:
    return SESSION in headers


def judge(*, honours_opt_out: bool = True, most: int = 0) -> WhatCounts:
    memory = SharedMemory()
    return WhatCounts(
        honours_opt_out=honours_opt_out,
        is_operator=has_session,
        sources=Sources(NO_PROXIES, ""),
        floods=Floods(memory.floods, memory.flood_salt, most) if most else None,
    )


def verdict(
    subject: Subject,
    *headers: tuple[bytes, bytes],
    method: str = "GET",
    query: bytes = b"",
    honours_opt_out: bool = True,
) -> Verdict:
    asked = Asked([CHROME, *headers], "203.0.113.7", method, query)
    return judge(honours_opt_out=honours_opt_out)(subject, asked, NOON)


@pytest.mark.parametrize("subject", Subject)
def test_a_visitor_counts(subject: Subject) -> None:
    assert verdict(subject) == CLEAN


@pytest.mark.parametrize("subject", EVENTS)
@pytest.mark.parametrize("header", [None, *PREFETCHES, *PRERENDERS])
def test_head_never_counts(subject: Subject, header: tuple[bytes, bytes] | None) -> None:
    assert verdict(subject, *[header] if header else [], method="HEAD") == NOT


@pytest.mark.parametrize("subject", VIEWS)
def test_head_of_a_view_is_answered_as_get_is(subject: Subject) -> None:
    assert verdict(subject, method="HEAD") == CLEAN
    assert verdict(subject, (b"dnt", b"1"), method="HEAD") == NOT


@pytest.mark.parametrize("header", PREFETCHES)
def test_a_page_that_is_prefetched_is_answered_as_always(header: tuple[bytes, bytes]) -> None:
    assert [verdict(each, header) for each in VIEWS] == [CLEAN] * 3


@pytest.mark.parametrize("header", [*PREFETCHES, *PRERENDERS])
def test_nothing_that_is_fetched_ahead_is_seen_or_clicked(header: tuple[bytes, bytes]) -> None:
    assert verdict(SEEN, header) == NOT
    assert verdict(CLICK, header) == AGAIN


@pytest.mark.parametrize("header", PRERENDERS)
def test_a_page_that_is_prerendered_is_asked_for_again(header: tuple[bytes, bytes]) -> None:
    assert [verdict(each, header) for each in VIEWS] == [AGAIN, AGAIN, CLEAN]


@pytest.mark.parametrize("value", [b"", b"preview", b"something"])
@pytest.mark.parametrize("name", [b"purpose", b"sec-purpose", b"x-moz"])
def test_other_purposes_change_nothing(name: bytes, value: bytes) -> None:
    assert [verdict(each, (name, value)) for each in Subject] == [CLEAN] * 5


@pytest.mark.parametrize("name", [b"sec-gpc", b"dnt"])
@pytest.mark.parametrize("subject", Subject)
def test_who_opts_out_is_not_recorded(subject: Subject, name: bytes) -> None:
    assert verdict(subject, (name, b"1")) == NOT
    assert verdict(subject, (name, b" 1 ")) == NOT
    assert verdict(subject, (name, b"0")) == CLEAN
    assert verdict(subject, (name, b"")) == CLEAN
    assert verdict(subject, (name, b"1"), honours_opt_out=False) == CLEAN


def test_who_opts_out_of_prerendering_is_still_asked_again() -> None:
    assert verdict(PAGE, (b"sec-gpc", b"1"), PRERENDERS[0]) == AGAIN
    assert verdict(CLICK, (b"dnt", b"1"), PREFETCHES[0]) == AGAIN


@pytest.mark.parametrize(
    "query",
    [
        b"preview=1",
        b"format=html&preview=1",
        b"preview=1&x=2",
        b"preview=%31",
        b"pre%76iew=1",
        b"x=%C3%BC&preview=1&%FF",
    ],
)
def test_a_preview_of_an_operator_does_not_count(query: bytes) -> None:
    assert [verdict(each, SESSION, query=query) for each in VIEWS] == [NOT] * 3


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([], b"preview=1"),
        ([SESSION], b""),
        ([SESSION], b"preview=0"),
        ([SESSION], b"preview=11"),
        ([SESSION], b"xpreview=1"),
        ([SESSION], b"x=preview%3D1"),
        ([SESSION], b"utm_campaign=Fr%C3%BChling"),
        ([SESSION], b"preview=%FF&%ED%A0%80=\xe9"),
    ],
)
def test_other_looks_at_a_page_count(headers: list[tuple[bytes, bytes]], query: bytes) -> None:
    assert verdict(PAGE, *headers, query=query) == CLEAN


@pytest.mark.parametrize("headers", [[CURL], []])
def test_crawlers_get_pages_and_their_events_are_marked(headers: list[tuple[bytes, bytes]]) -> None:
    judged = [judge()(each, Asked(headers, "203.0.113.7"), NOON) for each in (*VIEWS, *EVENTS)]
    assert judged == [CLEAN, CLEAN, CLEAN, CRAWLER, CRAWLER]


def test_views_and_clicks_above_the_most_in_a_minute_are_a_flood() -> None:
    judging = judge(most=3)
    asked = Asked([CHROME], "203.0.113.7")
    assert [judging(CLICK, asked, NOON) for _ in range(4)] == [CLEAN, CLEAN, CLEAN, FLOOD]
    assert [judging(SEEN, asked, NOON) for _ in range(4)] == [CLEAN, CLEAN, CLEAN, FLOOD]
    assert judging(CLICK, Asked([CHROME], "203.0.113.8"), NOON) == CLEAN
    assert judging(SEEN, asked, NOON + 60) == CLEAN


def test_clicks_from_where_too_many_views_come_are_a_flood() -> None:
    judging = judge(most=3)
    asked = Asked([CHROME], "203.0.113.7")
    for _ in range(4):
        judging(SEEN, asked, NOON)
    assert judging(CLICK, asked, NOON) == FLOOD


@pytest.mark.parametrize("subject", EVENTS)
def test_of_a_flood_ten_times_the_limit_is_recorded_and_no_more(subject: Subject) -> None:
    judging = judge(most=3)
    asked = Asked([CHROME], "203.0.113.7")
    judged = [judging(subject, asked, NOON) for _ in range(100)]
    assert judged == [CLEAN] * 3 + [FLOOD] * 27 + [NOT] * 70
    assert judging(subject, Asked([CHROME], "203.0.113.8"), NOON) == CLEAN
    assert judging(subject, asked, NOON + 60) == CLEAN


def test_pages_are_never_a_flood_and_do_not_lead_to_one() -> None:
    judging = judge(most=1)
    asked = Asked([CHROME], "203.0.113.7")
    assert {judging(PAGE, asked, NOON) for _ in range(9)} == {CLEAN}
    assert judging(SEEN, asked, NOON) == CLEAN


def test_what_does_not_count_is_not_counted_as_a_flood() -> None:
    judging = judge(most=1)
    for asked in (
        Asked([CHROME], "203.0.113.7", "HEAD"),
        Asked([CHROME, (b"dnt", b"1")], "203.0.113.7"),
        Asked([CHROME, PREFETCHES[0]], "203.0.113.7"),
    ):
        judging(SEEN, asked, NOON)
    assert judging(SEEN, Asked([CHROME], "203.0.113.7"), NOON) == CLEAN


def test_visitors_behind_a_proxy_that_is_not_trusted_are_never_a_flood() -> None:
    judging = judge(most=1)
    asked = Asked([CHROME, (b"x-forwarded-for", b"9.9.9.9")], "127.0.0.1")
    assert {judging(SEEN, asked, NOON) for _ in range(9)} == {CLEAN}


def test_the_server_passes_on_every_header_that_decides() -> None:
    read = {name for name, _ in (CHROME, SESSION, *PREFETCHES, (b"sec-gpc", b""), (b"dnt", b""))}
    assert read | {b"x-forwarded-for"} == set(FIELDS)
