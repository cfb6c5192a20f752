"""The server that is tested, and the requests to it."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from banners.errors import SettingsError, shorten
from banners.stress.verify import Address
from banners.version import __version__


@dataclass(frozen=True, slots=True)
class Target:
    """The address of a server.

    Args:
        host: its host name or IP address.
        port: its port.
        root: the prefix of all paths, such as ``/ads``; empty for none.
    """

    host: str
    port: int
    root: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse a URL.

        Raises:
            SettingsError: it is not an http URL without query, fragment and user name.
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
        """The address as a URL."""
        return f"http://{self._authority}{self.root}"

    def request(self, address: Address) -> bytes:
        """Return the request for an address of a campaign, with ``%d`` for the campaign's id."""
        # Who opts out gets no token, so that the views of a stress test are not counted as served.
        root = self.root.replace("%", "%%")
        return (
            f"GET {root}{address.path} HTTP/1.1\r\n"
            f"Host: {self._authority}\r\n"
            f"User-Agent: banners-stress/{__version__}\r\n"
            "Sec-GPC: 1\r\n\r\n"
        ).encode()

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 80 else f"{host}:{self.port}"  # noqa: PLR2004  # of http
