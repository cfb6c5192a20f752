"""Visitors are told apart by their network, unless a proxy hides them."""

import logging

import pytest

from banners.core.proxies import TrustedProxies
from banners.web.recording.sources import Sources

PUBLIC = "8.8.4.4"
VISITOR = (b"x-forwarded-for", b"9.9.9.9")


def sources(trusted: str = "", public_url: str = "http://localhost:8000") -> Sources:
    return Sources(TrustedProxies.parse(trusted) if trusted else TrustedProxies(), public_url)


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.7", PUBLIC])
def test_whoever_connects_is_the_source(peer: str) -> None:
    there = sources()
    assert there.network(peer, [(b"user-agent", b"x")]) == peer
    assert not there.warning


def test_with_ipv6_a_network_of_64_bits_is_the_source() -> None:
    first, second = (sources().network(f"2a00:1450:4001:{end}", []) for end in ("1::2", "1::3"))
    assert first == second != sources().network("2a00:1450:4001:2::2", [])


def test_a_trusted_proxy_names_the_source() -> None:
    there = sources("127.0.0.1")
    assert there.network("127.0.0.1", [VISITOR]) == "9.9.9.9"
    assert there.network("127.0.0.1", [(b"x-forwarded-for", b"1.1.1.1, 9.9.9.9")]) == "9.9.9.9"
    assert not there.warning


def test_a_trusted_proxy_that_names_nobody_is_no_source() -> None:
    there = sources("127.0.0.1,unix")
    assert there.network("127.0.0.1", []) is None
    assert there.network(None, []) is None
    assert there.network(None, [VISITOR]) == "9.9.9.9"
    assert not there.warning


@pytest.mark.parametrize("peer", ["127.0.0.1", "172.18.0.1", "100.64.0.9", "fd00::1", "::1"])
def test_a_proxy_that_is_not_trusted_is_no_source_and_is_warned_of_once(
    peer: str, caplog: pytest.LogCaptureFixture
) -> None:
    there = sources()
    with caplog.at_level(logging.WARNING):
        assert there.network(peer, [VISITOR]) is None
        assert there.network(peer, [VISITOR]) is None
    assert [record.getMessage() for record in caplog.records] == [there.warning]
    assert there.warning.startswith(f"A proxy at {peer} forwards requests, and BANNERS_TRUSTED_")


def test_a_proxy_in_front_of_a_trusted_one_is_no_source_either() -> None:
    there = sources("127.0.0.1")
    hops = [(b"x-forwarded-for", b"9.9.9.9, 10.1.1.1")]
    assert there.network("127.0.0.1", hops) is None
    assert "A proxy at 10.1.1.1 " in there.warning


def test_nobody_on_the_internet_switches_the_counting_off_with_a_forged_header() -> None:
    there = sources()
    assert there.network(PUBLIC, [VISITOR]) == PUBLIC
    assert sources("127.0.0.1").network("127.0.0.1", [(b"x-forwarded-for", b"1.1.1.1, 9.9.9.9")])
    assert not there.warning


def test_with_a_public_url_of_https_there_is_a_proxy() -> None:
    there = sources(public_url="https://banners.example.com")
    assert there.network(PUBLIC, []) is None
    assert there.warning.startswith("Visitors come through a proxy, since BANNERS_PUBLIC_URL is")
    assert sources("127.0.0.1", "https://banners.example.com").network(PUBLIC, []) == PUBLIC


def test_a_unix_socket_that_is_not_trusted_is_no_source() -> None:
    there = sources()
    assert there.network(None, []) is None
    assert "through a Unix socket" in there.warning
