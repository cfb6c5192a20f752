"""Where requests go, and what they look like on the wire."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from banners.errors import SettingsError, shorten
from banners.stress.check import Address
from banners.version import __version__


@dataclass(frozen=True, slots=True)
class Target:
    """A served address.

    Args:
        host: a name or address.
        port: its port.
        root: what the paths begin with, such as ``/ads``; empty for none.
    """

    host: str
    port: int
    root: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an address that somebody wrote.

        Raises:
            SettingsError: it is none that can be asked over plain HTTP.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if not host or parts.scheme != "http" or parts.query or parts.fragment or parts.username:
            raise SettingsError(
                f"URL holds {shorten(url)}; expected an http address, as in: "
                "banners stress http://localhost:8000"
            )
        return cls(host, port or 80, parts.path.rstrip("/"))

    @property
    def url(self) -> str:
        """The address, for people."""
        return f"http://{self._authority}{self.root}"

    def request(self, address: Address) -> bytes:
        """Write the request for an address of a campaign, whose id takes the place of ``%d``."""
        root = self.root.replace("%", "%%")
        return (
            f"GET {root}{address.path} HTTP/1.1\r\n"
            f"Host: {self._authority}\r\n"
            f"User-Agent: banners-stress/{__version__}\r\n\r\n"
        ).encode()

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 80 else f"{host}:{self.port}"  # noqa: PLR2004  # of http
