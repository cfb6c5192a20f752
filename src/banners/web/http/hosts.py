"""The header ``Host``, which every request must have once."""

import re
from collections.abc import Sequence

from starlette.types import Scope

# RFC 3986, 3.2.2 and 3.2.3: a name or an IPv4 address, or an address in brackets; then a port.
_HOST = re.compile(
    rb"(?:(?:[!$&'()*+,;=\-._~0-9A-Za-z]|%[0-9A-Fa-f]{2})+|\[[0-9A-Za-z:.]+\])"
    rb"(?::[0-9]{0,5})?[ \t]*"
)


def is_valid_host(hosts: Sequence[bytes]) -> bool:
    """Return whether a request names exactly one host, and that is valid.

    Args:
        hosts: the values of all its headers ``Host``.

    Source: RFC 9112, 3.2.
    """
    return len(hosts) == 1 and _HOST.fullmatch(hosts[0]) is not None


def has_valid_host(scope: Scope) -> bool:
    """Return whether a request (ASGI) has a valid ``Host``, which HTTP/1.0 may leave out."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return is_valid_host(hosts) or (not hosts and scope["http_version"] == "1.0")
