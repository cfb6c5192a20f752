"""JSON that a query makes a preview gets no token, decided where the framework reads the query."""

import asyncio
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from banners.core.addresses import Route
from banners.core.model import Quarter
from banners.web.api.campaigns import routes
from banners.web.hot.recorded import with_views
from banners.web.http.addresses import register
from banners.web.http.clock import at_moment
from support.catalogued import SHOES

PATH = Route.API_BANNERS.at(campaign_id=SHOES)


@pytest.mark.parametrize(
    ("query", "is_view"),
    [
        ("", True),
        ("x=quarter", True),
        ("preview=1", True),
        ("quarter=2", False),
        ("%71uarter=2", False),
        ("generation=3", False),
        ("%67eneration=3", False),
    ],
)
def test_the_route_gives_a_preview_no_token(query: str, is_view: bool) -> None:
    service, views = Mock(), Mock()
    service.answers.return_value.served.return_value = (200, b"", b"{}")
    register()
    application = FastAPI()
    application.include_router(routes(service, Mock()))

    async def with_token(scope: Scope, receive: Receive, send: Send) -> None:
        moment: Any = (1_764_072_000.0, Quarter(1))
        await application(at_moment(with_views(scope, views), moment), receive, send)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(with_token)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(f"{PATH}?{query}")

    assert asyncio.run(ask()).status_code == 200
    _, given = service.answers.return_value.served.call_args.args
    assert given is (views if is_view else None)
