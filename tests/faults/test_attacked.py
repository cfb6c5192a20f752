"""Attackers send 10,000 requests to each address, and nothing breaks, leaks or is reflected.

They are visitors, operators who have signed in, and everybody where operators need not sign in.
"""

from collections.abc import Iterator
from http.client import HTTPMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banners.core.addresses import Route
from faults.attacked import ADVERTISER, NOBODY, Attacker, Target, target
from strategies.forms import FORMS, forms, reports
from strategies.requests import MARK, cases, mutated, requests
from support.harmless import harms, leaks
from support.wire import Answered, Sent, Wire

OPERATORS = [
    *(Route.CAMPAIGNS, Route.REPORT, Route.TOTALS, Route.STATUS, Route.LIVE, Route.METRICS),
    *(Route.NEW_CAMPAIGN, Route.CATALOGUE, Route.CATALOGUE_EDIT, Route.CATALOGUE_BANNERS),
    *(Route.CATALOGUE_BANNER, Route.CATALOGUE_STATE, Route.CATALOGUE_EMBED),
    *(Route.CATALOGUE_IMAGE, Route.CATALOGUE_HISTORY, Route.API_CAMPAIGNS, Route.API_CAMPAIGN),
    *(Route.API_REPORT, Route.API_HISTORY, Route.SIGN_IN, Route.SIGN_OUT),
]
"""The addresses that are not for visitors, and those by which operators come and go."""

UNKNOWN = "/{anything}"
CASES = cases(20)


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("signed_in"), operators="signed-in") as here:
        yield here


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("open"), operators="open") as here:
        yield here


def attack(here: Target, attacker: Attacker, asked: st.SearchStrategy[Sent]) -> None:
    """Send many requests to an address."""
    with Wire(here.address) as wire:

        @settings(max_examples=CASES)
        @given(asked)
        def ask(sent: Sent) -> None:
            here.attack(wire, attacker, sent)

        ask()
    here.assert_well()


def requests_to(here: Target, template: str) -> st.SearchStrategy[Sent]:
    """Generate requests to an address, with its form if it has one."""
    if template not in FORMS:
        return requests(template, here.parts, ["GET"])
    return requests(template, here.parts, ["GET", "POST", "POST", "POST"], forms(Route(template)))


@pytest.mark.slow
@pytest.mark.parametrize("template", [*Route, UNKNOWN])
def test_strangers_harm_nothing_and_see_no_money(signed_in: Target, template: str) -> None:
    attack(signed_in, NOBODY, requests_to(signed_in, template))


@pytest.mark.slow
@pytest.mark.parametrize("template", OPERATORS)
def test_an_operator_harms_nothing_but_the_catalogue(signed_in: Target, template: str) -> None:
    attack(signed_in, signed_in.operator, requests_to(signed_in, template))


@pytest.mark.slow
@pytest.mark.parametrize("template", OPERATORS)
def test_everybody_harms_nothing_where_nobody_signs_in(open_to_all: Target, template: str) -> None:
    attack(open_to_all, open_to_all.operator, requests_to(open_to_all, template))


@pytest.mark.slow
def test_programs_of_advertisers_report_anything(signed_in: Target) -> None:
    asked = requests(Route.API_CONVERSIONS, {}, ["POST"] * 4, reports(signed_in.clicks))
    attack(signed_in, ADVERTISER, asked)


@pytest.mark.slow
def test_bytes_that_are_hardly_a_request_harm_nobody_else(signed_in: Target) -> None:
    whole = requests("/{anything}", signed_in.parts, ["GET", "POST"]).map(bytes)
    wire = Wire(signed_in.address)

    @settings(max_examples=CASES)
    @given(mutated(whole) | st.binary(max_size=200))
    def throw(content: bytes) -> None:
        received = wire.throw(content)
        assert b"HTTP/1.1 5" not in received

    throw()
    signed_in.assert_well()


HARMLESS = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Type": "text/html; charset=utf-8",
}


@pytest.mark.parametrize(
    ("status", "changed", "body", "number"),
    [
        (200, {}, b"<p>q7x&#34;q7x&#39;q7x&lt;q7x&gt;</p>", 0),
        (503, {}, b"", 1),
        (200, {"Referrer-Policy": None}, b"", 1),
        (200, {"X-Content-Type-Options": "x"}, b"", 1),
        (200, {"Content-Security-Policy": "default-src *"}, b"", 1),
        (303, {"X-Injected": "1"}, b"", 1),
        (200, {}, b"<p>" + MARK, 1),
        (200, {}, b'<p title="q7x"q7x&#39;q7x&lt;q7x&gt;">', 1),
        (200, {}, b"x" * 100_001, 1),
        (200, {"Content-Type": "text/csv"}, b"name,revenue\r\n=1+1,-1.5\r\n", 1),
        (200, {"Content-Type": "text/csv"}, b"name,revenue\r\n'=1+1,-1.5\r\n", 0),
    ],
)
def test_an_answer_that_does_harm_is_noticed(
    status: int, changed: dict[str, str | None], body: bytes, number: int
) -> None:
    headers = HTTPMessage()
    for name, value in (HARMLESS | changed).items():
        if value is not None:
            headers[name] = value
    assert len(list(harms(Sent("GET", b"/"), Answered(status, headers, body)))) == number


def test_an_answer_that_leaks_is_noticed() -> None:
    empty = Answered(200, HTTPMessage(), b"")
    assert [len(list(leaks(path, empty))) for path in ("/", "/status", "/campaigns/7")] == [0, 1, 0]
    assert len(list(leaks("/campaigns/7", Answered(200, HTTPMessage(), b"<b>420.00</b>")))) == 1
