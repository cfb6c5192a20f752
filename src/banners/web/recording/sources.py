"""Finds out which network a request comes from, if that tells visitors apart."""

import logging
from collections.abc import Sequence

from banners.core.proxies import NO_PROXIES, TrustedProxies, client_network, is_public

_LOG = logging.getLogger(__name__)

_FORWARDED = b"x-forwarded-for"


class Sources:
    """Knows the proxies in front of the web application.

    Args:
        trusted: the proxies that are believed when they name the client of a request.
        public_url: the address that visitors use. The web application speaks no TLS, so if this is
            https, every visitor comes through a proxy.
    """

    def __init__(self, trusted: TrustedProxies, public_url: str) -> None:
        self._trusted = trusted
        self._names_nobody = trusted == NO_PROXIES
        self._is_hidden = self._names_nobody and public_url.startswith("https:")
        self.warning = ""
        """What operators should correct; empty if nothing."""
        if self._is_hidden:
            self._warn("Visitors come through a proxy, since BANNERS_PUBLIC_URL is https,")

    def network(self, peer: str | None, headers: Sequence[tuple[bytes, bytes]]) -> str | None:
        """Return the network that a request comes from, as far as it counts as one source.

        Args:
            peer: the address at the other end of the connection; None for a Unix socket.
            headers: names in lower case, and values.

        Returns:
            An address, or a network of 64 bits with IPv6; None if many visitors share it, because a
            proxy forwards their requests without being trusted, or without naming them.
        """
        if self._is_hidden:
            return None
        forwarded = [value.decode("latin-1") for name, value in headers if name == _FORWARDED]
        if self._names_nobody and peer and not forwarded:
            return client_network(peer)
        client = self._trusted.find(peer, forwarded)
        # Nobody connects from a private network through the Internet. There, whoever sends this
        # header is a proxy; a public address may be that of a visitor who forges it.
        if client.forwards and not is_public(client.address):
            self._warn(f"A proxy at {client.address} forwards requests,")
            return None
        if not peer and not self._trusted.unix:
            self._warn("A proxy forwards requests through a Unix socket,")
            return None
        return None if client.is_proxy else client_network(client.address)

    def _warn(self, found: str) -> None:
        if not self.warning:
            self.warning = (
                f"{found} and BANNERS_TRUSTED_PROXIES does not name it. So visitors cannot be told "
                "apart, and floods of views and clicks are not noticed (BANNERS_FLOOD). Set "
                "BANNERS_TRUSTED_PROXIES to the address of the proxy."
            )
            _LOG.warning(self.warning)
