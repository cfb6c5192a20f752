"""Which proxies are trusted, and the address of the client for which they forward a request."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import NamedTuple

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNIX = "unix"
"""Stands for every client that connects through a Unix socket, which has no address."""

_EXPECTED = (
    "addresses or networks of proxies, separated by commas, such as 127.0.0.1,10.0.0.0/8 or "
    f"2001:db8::1, or {UNIX} for a Unix socket"
)
# Some proxies add the port.
_HOP = re.compile(r"\[(?P<six>[^][]{1,64})\](?::[0-9]{1,5})?|(?P<four>[0-9.]{1,64}):[0-9]{1,5}")
_MAPPED_BITS = 96
_IPV6_CLIENT_BITS = 64


class Client(NamedTuple):
    """The client of a request, as far as it can be known.

    Args:
        address: its address in its shortest form; ``unix`` if only a Unix socket is known.
        is_proxy: whether that is a trusted proxy, which did not name for whom it asked.
        forwards: whether it says itself that it forwards the request of somebody else; it may lie.
    """

    address: str
    is_proxy: bool
    forwards: bool


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies that are trusted to name the address of a client.

    Args:
        networks: their addresses.
        unix: whether clients that connect through a Unix socket are among them.
    """

    networks: tuple[Network, ...] = ()
    unix: bool = False

    @classmethod
    def parse(cls, text: str) -> "TrustedProxies":
        """Return the proxies that a text lists.

        Raises:
            ValueError: an entry is neither an address, a network nor ``unix``; says what is
                expected.
        """
        entries = [entry.strip() for entry in text.split(",")]
        try:
            networks = tuple(_network(entry) for entry in entries if entry != UNIX)
        except ValueError as error:
            raise ValueError(_EXPECTED) from error
        return cls(networks, UNIX in entries)

    def __str__(self) -> str:
        """Return a text that :meth:`parse` turns into the same."""
        return ",".join([*map(str, self.networks), *([UNIX] if self.unix else [])])

    def client(self, peer: str | None, forwarded: Sequence[str]) -> str:
        """Return the address of the client that sent a request.

        That is the last address which no trusted proxy has: each proxy appends the address from
        which it was asked, and what stands before it may be forged. A malformed entry ends the
        search, and the proxy that passed it on counts as the client.

        Args:
            peer: the address at the other end of the connection; None for a Unix socket.
            forwarded: the values of the request's headers ``X-Forwarded-For``, in their order.

        Returns:
            The address in its shortest form; ``unix`` if only a Unix socket is known.
        """
        return self.find(peer, forwarded).address

    def find(self, peer: str | None, forwarded: Sequence[str]) -> Client:
        """Return the client that sent a request; see :meth:`client`."""
        address = _address(peer) if peer else None
        nearest, is_named = str(address or peer or UNIX), False
        is_trusted = self._trusts(address) if peer else self.unix
        entries = list(filter(None, (each.strip(" \t") for each in ",".join(forwarded).split(","))))
        while entries and is_trusted and (hop := _hop(entries[-1])):
            entries.pop()
            nearest, is_named, is_trusted = str(hop), True, self._trusts(hop)
        return Client(nearest, is_proxy=is_trusted and not is_named, forwards=bool(entries))

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self.networks)


NO_PROXIES = TrustedProxies()


def client_network(address: str) -> str:
    """Return the addresses that belong to one client: with IPv6, a network of 64 bits.

    Args:
        address: an address in its shortest form; any other text is returned unchanged.
    """
    if ":" not in address:
        return address
    with suppress(ValueError):
        found = IPv6Address(address)
        # Writing an ip_network takes ten times as long.
        return str(found.ipv4_mapped or f"{int(found) >> _IPV6_CLIENT_BITS:x}::/64")
    return address


def is_public(address: str) -> bool:
    """Return whether an address is public, and not that of a private network.

    Args:
        address: an address; any other text counts as public.
    """
    found = _address(address)
    return found is None or found.is_global


def _hop(entry: str) -> Address | None:
    """Return the address of an entry of ``X-Forwarded-For``; None if it is malformed."""
    found = _HOP.fullmatch(entry)
    return _address((found["six"] or found["four"]) if found else entry)


def _address(text: str) -> Address | None:
    """Return an address, as IPv4 if it is mapped into IPv6, without a zone; None if malformed."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _network(entry: str) -> Network:
    """Return a network, as IPv4 if it is mapped into IPv6."""
    network = ip_network(entry)
    mapped = isinstance(network, IPv6Network) and network.network_address.ipv4_mapped
    if mapped and network.prefixlen >= _MAPPED_BITS:
        return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
    return network
