"""The answers of the web application when it or its database fails."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from banners.core.addresses import PUBLIC_URL, Site
from banners.core.model import Quarter
from banners.serve.reader import LineupReader
from banners.settings import load_settings
from banners.web.http import problems
from banners.web.http.clock import at_moment
from banners.web.http.form import Form
from banners.web.http.templating import page_templates
from banners.wiring import reader
from support.answers import SECURITY, Clock, application_over, assert_problem
from support.running import serving
from support.unreachable import Broken, Unreachable

Over = Callable[[LineupReader], httpx.Client]


@pytest.fixture
def over(tmp_path: Path) -> Iterator[Over]:
    """Return a function that serves the application over a given reader."""
    with ExitStack() as stack:

        def serve(other: LineupReader) -> httpx.Client:
            address = stack.enter_context(serving(application_over(other, tmp_path, Clock().now)))
            return stack.enter_context(httpx.Client(base_url=address))

        yield serve


def test_with_nothing_published_the_answer_is_503_and_the_command(
    over: Over, tmp_path: Path
) -> None:
    client = over(reader(load_settings({"database_url": f"sqlite:///{tmp_path}/none.db"})))
    page = client.get("/campaigns/27")
    assert (page.status_code, page.headers["retry-after"]) == (503, "10")
    assert "banners crunch DIR" in page.text
    detail = assert_problem(client.get("/api/v1/campaigns/27"), 503, "nothing_published")
    assert "banners crunch DIR" in detail
    assert_problem(client.get("/readyz"), 503, "nothing_published")
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(("other", "status"), [(Unreachable(), 503), (Broken(), 500)])
def test_an_internal_error_reveals_nothing_and_is_not_cached(
    over: Over, other: LineupReader, status: int
) -> None:
    client = over(other)
    for path in ("/campaigns/27", "/api/v1/campaigns/27"):
        answer = client.get(path)
        assert answer.status_code == status
        assert "secret-host" not in answer.text
        assert set(answer.headers) >= SECURITY
        assert answer.headers["cache-control"] == "no-store"


@pytest.fixture(scope="module")
def strict() -> Iterator[httpx.Client]:
    """A small application whose addresses accept a number only, with the same error handlers."""
    app = FastAPI()
    templates = page_templates(lambda name: name, Site(PUBLIC_URL), indexed=False)
    problems.install(app, Form(templates, known=lambda _quarter: ()))

    @app.get("/api/number")
    @app.get("/number")
    def number(number: int) -> int:
        return number

    async def at_ten(scope: Scope, receive: Receive, send: Send) -> None:
        await app(at_moment(scope, (0.0, Quarter.FIRST)), receive, send)

    with (
        serving(at_ten) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield client


def test_a_value_that_the_framework_refuses_is_answered_with_a_problem_document(
    strict: httpx.Client,
) -> None:
    answer = strict.get("/api/number", params={"number": "ten"})
    assert "“query.number”: " in assert_problem(answer, 400, "invalid_request")


def test_a_value_that_the_framework_refuses_is_answered_to_people_with_a_page(
    strict: httpx.Client,
) -> None:
    answer = strict.get("/number", params={"number": "ten"})
    assert (answer.status_code, answer.headers["content-type"]) == (
        400,
        "text/html; charset=utf-8",
    )
    assert "“query.number”: " in answer.text
    assert '<form method="post" action="/campaigns">' in answer.text


@pytest.mark.parametrize("target", [None, Path("/proc/self/mem")], ids=["empty", "unreadable"])
def test_an_image_that_cannot_be_read_is_replaced_by_the_placeholder(
    over: Over, tmp_path: Path, caplog: pytest.LogCaptureFixture, target: Path | None
) -> None:
    image = tmp_path / "image_7.png"
    if target:
        image.symlink_to(target)
    else:
        image.touch()
    answer = over(Unreachable()).get("/static/images/image_7.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert ">7<" in answer.text
    assert "image_7.png is not shown" in caplog.text
