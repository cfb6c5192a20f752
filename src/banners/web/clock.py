"""The quarter of the hour that a request came in, handed on with the request."""

from starlette.requests import HTTPConnection
from starlette.types import Scope

from banners.model import Quarter


def at_quarter(scope: Scope, quarter: Quarter) -> Scope:
    """Give the scope of a request that came in a quarter of the hour (ASGI)."""
    return {**scope, "state": {**scope.get("state", {}), "quarter": quarter}}


def quarter_of(request: HTTPConnection) -> Quarter:
    """Tell the quarter of the hour that a request came in."""
    quarter: Quarter = request.state.quarter
    return quarter
