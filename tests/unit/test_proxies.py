"""Whose request a trusted proxy forwards, and that nobody else is believed."""

from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from banners.core.proxies import Client, TrustedProxies, client_network, is_public

PROXY = "10.0.0.1"
TRUSTED = TrustedProxies.parse("10.0.0.0/8, 192.0.2.7,2001:db8::/64")
VISITOR = "203.0.113.9"


def test_by_default_nobody_is_believed() -> None:
    assert TrustedProxies().client("127.0.0.1", [VISITOR]) == "127.0.0.1"
    assert TrustedProxies().client(None, [VISITOR]) == "unix"


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        pytest.param(VISITOR, [PROXY], VISITOR, id="a header of somebody else"),
        pytest.param(PROXY, [VISITOR], VISITOR, id="a proxy"),
        pytest.param("192.0.2.7", [VISITOR], VISITOR, id="a proxy by its address"),
        pytest.param("192.0.2.8", [VISITOR], "192.0.2.8", id="a neighbour of that proxy"),
        pytest.param(PROXY, [], PROXY, id="a proxy that asks for itself"),
        pytest.param(PROXY, [""], PROXY, id="an empty header"),
        pytest.param(PROXY, [f"1.2.3.4, {VISITOR}"], VISITOR, id="a forged entry before it"),
        pytest.param(PROXY, ["1.2.3.4", VISITOR], VISITOR, id="a forged header before it"),
        pytest.param(PROXY, [f"1.2.3.4,{VISITOR},10.9.9.9"], VISITOR, id="two proxies"),
        pytest.param(PROXY, ["10.2.2.2, 10.3.3.3"], "10.2.2.2", id="a client beside the proxies"),
        pytest.param(PROXY, [f" ,{VISITOR}\t, ,"], VISITOR, id="empty entries"),
        pytest.param(PROXY, [f"{VISITOR}:52100"], VISITOR, id="a port"),
        pytest.param(PROXY, ["[2001:db8:1::9]:52100"], "2001:db8:1::9", id="IPv6 and a port"),
        pytest.param(PROXY, ["[2001:db8:1::9]"], "2001:db8:1::9", id="IPv6 in brackets"),
        pytest.param(PROXY, ["2001:DB8:1:0::9"], "2001:db8:1::9", id="IPv6"),
        pytest.param(PROXY, ["fe80::9%eth0"], "fe80::9", id="a zone"),
        pytest.param("2001:db8::5", [VISITOR], VISITOR, id="a proxy with IPv6"),
        pytest.param("::ffff:10.0.0.1", [VISITOR], VISITOR, id="a proxy with mapped IPv4"),
        pytest.param(PROXY, [f"::ffff:{VISITOR}"], VISITOR, id="a client with mapped IPv4"),
        pytest.param("testclient", [VISITOR], "testclient", id="a peer without an address"),
    ],
)
def test_the_client_is_the_last_whom_no_trusted_proxy_is(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert TRUSTED.client(peer, forwarded) == client


@pytest.mark.parametrize(
    "entry",
    [
        *(
            "unknown",
            f"\v{VISITOR}",
            f"X{VISITOR}X",
            "_hidden",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "::1::",
            "1.2.3.4:",
            "[::1",
            "[]",
        ),
        *(
            "1.2.3.4:999999",
            "a b",
            "\xb2.2.3.4",
            '"1.2.3.4"',
            "for=1.2.3.4",
            "%",
            "[::1]x",
            "1" * 99,
        ),
    ],
)
def test_a_malformed_entry_ends_the_search(entry: str) -> None:
    assert TRUSTED.client(PROXY, [f"{VISITOR}, {entry}"]) == PROXY
    assert TRUSTED.client(PROXY, [f"{VISITOR}, {entry}, 10.3.3.3"]) == "10.3.3.3"
    assert TRUSTED.client(PROXY, [f"{entry}, {VISITOR}"]) == VISITOR


def test_a_proxy_at_a_unix_socket_is_trusted_by_name() -> None:
    trusted = TrustedProxies.parse("unix")
    assert trusted.client(None, [VISITOR]) == VISITOR
    assert trusted.client("", [f"1.2.3.4, {VISITOR}"]) == VISITOR
    assert trusted.client(None, ["nonsense"]) == "unix"
    assert trusted.client(PROXY, [VISITOR]) == PROXY
    assert TRUSTED.client(None, [VISITOR]) == "unix"


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (PROXY, [], Client(PROXY, is_proxy=True, forwards=False)),
        (PROXY, ["unknown"], Client(PROXY, is_proxy=True, forwards=True)),
        (PROXY, [VISITOR], Client(VISITOR, is_proxy=False, forwards=False)),
        (PROXY, ["10.2.2.2"], Client("10.2.2.2", is_proxy=False, forwards=False)),
        (PROXY, [f"1.2.3.4, {VISITOR}"], Client(VISITOR, is_proxy=False, forwards=True)),
        (VISITOR, [], Client(VISITOR, is_proxy=False, forwards=False)),
        (VISITOR, [PROXY], Client(VISITOR, is_proxy=False, forwards=True)),
    ],
)
def test_a_client_is_a_proxy_if_it_named_nobody_and_forwards_what_is_left(
    peer: str, forwarded: list[str], client: Client
) -> None:
    assert TRUSTED.find(peer, forwarded) == client


@pytest.mark.parametrize(
    ("mapped", "network"),
    [
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("2001:db8::1", "2001:db8::1/128"),
    ],
)
def test_a_mapped_network_is_that_of_its_ipv4_addresses(mapped: str, network: str) -> None:
    proxies = TrustedProxies.parse(mapped)
    assert str(proxies) == network
    assert proxies.client(network.partition("/")[0], [VISITOR]) == VISITOR


@pytest.mark.parametrize(
    "text", ["*", "proxy", "10.0.0.1/8", "10.0.0.0/33", "1.2.3.4;5.6.7.8", ","]
)
def test_what_is_no_proxy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"addresses or networks .+ such as 127\.0\.0\.1"):
        TrustedProxies.parse(text)


@pytest.mark.parametrize("text", ["", "10.0.0.0/8,192.0.2.7/32,2001:db8::/64,unix"])
def test_proxies_are_written_as_they_are_read(text: str) -> None:
    assert str(TrustedProxies.parse(text) if text else TrustedProxies()) == text


@given(
    forged=st.text(st.characters(max_codepoint=255, blacklist_characters="\r\n\0")),
    visitor=st.ip_addresses(),
)
def test_nothing_that_a_visitor_sends_changes_the_address(
    forged: str, visitor: IPv6Address
) -> None:
    """Only another hop between visitor and proxy could; hypothesis plays the visitor."""
    seen = TRUSTED.client(PROXY, [visitor.exploded])
    if seen in {str(visitor), str(getattr(visitor, "ipv4_mapped", None))} and not any(
        ip_address(seen) in network for network in TRUSTED.networks
    ):
        assert TRUSTED.client(PROXY, [f"{forged}, {visitor}"]) == seen
        assert TRUSTED.client(PROXY, [forged, str(visitor)]) == seen


@pytest.mark.parametrize("text", ["203.0.113.9", "unix", "no:address"])
def test_another_text_than_an_address_of_ipv6_stays_as_it_is(text: str) -> None:
    assert client_network(text) == text


def test_a_mapped_address_is_that_of_its_ipv4() -> None:
    assert client_network("::ffff:203.0.113.9") == "203.0.113.9"


@given(st.integers(1, 2**128 - 1), st.integers(0, 2**64 - 1), st.integers(0, 127))
def test_one_client_has_the_addresses_of_the_same_first_64_bits(
    number: int, other: int, bit: int
) -> None:
    address = IPv6Address(number)
    assume(address.ipv4_mapped is None)
    same = IPv6Address(number >> 64 << 64 | other)
    assume(same.ipv4_mapped is None)
    assert client_network(str(same)) == client_network(str(address))
    changed = IPv6Address(number ^ 1 << bit)
    assume(changed.ipv4_mapped is None)
    assert (client_network(str(changed)) == client_network(str(address))) == (bit < 64)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("127.0.0.1", False),
        ("::ffff:192.168.0.1", False),
        ("fe80::1%eth0", False),
        ("unix", True),
    ],
)
def test_an_address_of_a_private_network_is_not_public(address: str, *, expected: bool) -> None:
    assert is_public(address) is expected
