"""The network address of a client."""

from starlette.types import Scope


def client_address(scope: Scope) -> str:
    """Return the address of the client of a request (ASGI), without its port.

    That is the other end of the connection, or the client for which a trusted proxy forwards the
    request: banners.web.middleware.proxies has put it in place of the proxy's. It is empty for a
    socket without addresses.
    """
    client = scope.get("client")
    return str(client[0]) if client else ""
