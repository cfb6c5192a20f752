"""After signing in, somebody is led to one of the operators' own pages, and nowhere else."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.web.operators.next_address import HOME, is_next, next_address


@pytest.mark.parametrize(
    "address",
    [
        "/campaigns",
        "/campaigns?quarter=2&sort=-revenue",
        "/campaigns/27/report",
        "/campaigns/27/report?quarter=1&generation=3",
        "/catalogue",
        "/catalogue/27/banners/414",
        "/totals?from=2026-11-01",
        "/status",
    ],
)
def test_the_operators_own_pages_are_led_to(address: str) -> None:
    assert next_address(address) == address


EVIL = [
    "//evil.example",
    "//evil.example/status",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/status",
    "https:evil.example",
    "javascript:alert(1)",
    "/status@evil.example",
    "/status.evil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "%2f%2fevil.example",
    "/status/..//evil.example",
    "/./status",
    "/status\r\nLocation: https://evil.example",
    "/status?\r\nSet-Cookie: a=b",
    "/status#@evil.example",
    "/\tstatus",
    " /status",
    "/status\n",
    "/campaigns/27\\evil.example/report",
    "/campaigns/27/../../evil/report",
    "/campaigns//evil.example/report",
    "/campaigns/%2f/report",
    "/campaigns/٣/report",
    "/campaigns/{campaign_id}/report",
    "/campaigns/27/report" + "?" + "a" * 2_000,
]
OTHERS = [
    *("", "/", "/campaigns/27", "/campaigns/27/banner", "/docs", "/static/images/image_1.png"),
    *("/sign-in", "/sign-out", "/metrics", "/api/v1/campaigns", "/api/v1/campaigns/27/report"),
]


@pytest.mark.parametrize("address", [*EVIL, *map(quote, EVIL), *OTHERS])
def test_everything_else_leads_home(address: str) -> None:
    assert next_address(address) == HOME


@given(st.text())
def test_what_is_led_to_stays_on_the_site(text: str) -> None:
    for address in (text, f"/{text}", f"/status{text}", f"/campaigns/{text}/report"):
        if is_next(address):
            assert address.startswith(("/campaigns", "/catalogue", "/status", "/totals"))
            assert address.isascii()
            assert "\\" not in address.partition("?")[0]
            assert "//" not in address.partition("?")[0]
