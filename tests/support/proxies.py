"""Runs nginx in front of the web application."""

import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from support.running import required
from support.servers import Server, certificate, free_port, run_server

ROOT = Path(__file__).parents[2]

_Proxy = TypeVar("_Proxy", bound="Nginx")


class Nginx(Server):
    """An nginx that publishes another server below a prefix; see :func:`nginx`.

    At ``port``, it removes the prefix from the paths of requests; at ``keeping``, it leaves it.
    Whatever leads elsewhere is answered with 418.
    """

    prefix = "/ads"

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        super().__init__(folder, options)
        self.keeping = free_port()
        self.behind = free_port()

    def servers(self) -> str:
        """Return the part of the configuration that says what it serves."""
        return "".join(
            f"server {{ listen 127.0.0.1:{port}; location / {{ return 418; }}\n"
            f"location {self.prefix}/ {{ proxy_pass http://127.0.0.1:{self.behind}{path}; }} }}\n"
            for port, path in ((self.port, "/"), (self.keeping, ""))
        )

    def command(self) -> list[str | Path]:
        places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{each}_temp_path {each};\n" for each in places)
        # In one process: workers would stay when the one that started them is killed.
        (self._folder / "nginx.conf").write_text(
            "daemon off; master_process off; pid pid; error_log stderr; events {}\n"
            f"http {{ access_log off;\n{temporary}{self.servers()} }}\n"
        )
        program = required("nginx", "/usr/sbin/nginx")
        return [program, "-p", self._folder, "-e", "stderr", "-c", "nginx.conf"]

    def lets_in(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def urls(self) -> dict[str, str]:
        """The URLs that it publishes, by what becomes of the prefix."""
        ports = {"removed": self.port, "kept": self.keeping}
        return {kind: f"http://127.0.0.1:{port}{self.prefix}" for kind, port in ports.items()}


class DocumentedNginx(Nginx):
    """An nginx with the configuration of docs/proxy.md; only ports and files are others.

    At ``port`` it speaks HTTP, at ``keeping`` TLS, with a certificate for ``host``.
    """

    host = "banners.example.com"

    def servers(self) -> str:
        """Return the configuration in the document, with this server's ports and files."""
        page = (ROOT / "docs" / "proxy.md").read_text(encoding="utf-8")
        (documented,) = re.findall(r"^```nginx\n(.+?)^```$", page, re.DOTALL | re.MULTILINE)
        file = certificate(self._folder, self.host)
        text = str(documented)
        for found, own in (
            ("listen 80;", f"listen 127.0.0.1:{self.port};"),
            ("listen 443 ", f"listen 127.0.0.1:{self.keeping} "),
            ("127.0.0.1:8000", f"127.0.0.1:{self.behind}"),
            (f"/etc/letsencrypt/live/{self.host}/fullchain.pem", str(file)),
            (f"/etc/letsencrypt/live/{self.host}/privkey.pem", str(file.with_suffix(".key"))),
        ):
            assert text.count(found) == 1, found
            text = text.replace(found, own)
        return text

    @property
    def certificate(self) -> Path:
        """The certificate that clients have to trust."""
        return self._folder / f"{self.host}.pem"


@contextmanager
def nginx(kind: type[_Proxy]) -> Iterator[_Proxy]:
    """Run an nginx in front of a server that listens at its ``behind``."""
    required("nginx", "/usr/sbin/nginx")
    with run_server(kind) as server:
        server.start()
        yield server
