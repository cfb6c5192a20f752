"""What the web application answers when something in it, or below it, is not as it should be."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.templating import Jinja2Templates
from starlette.types import Receive, Scope, Send

from answers import SECURITY, Clock, application_over, assert_problem
from banners import web
from banners.errors import StoreUnavailable
from banners.model import Generation, Lineup, Quarter
from banners.serve.reader import LineupReader
from banners.settings import load_settings
from banners.web import problems
from banners.web.clock import at_quarter
from banners.web.form import Form
from banners.wiring import reader
from running import serving

Over = Callable[[LineupReader], httpx.Client]


class Unreachable:
    """A reader whose database is gone, and names it."""

    def active(self) -> dict[Quarter, Generation]:
        raise StoreUnavailable("The database mysql://root@secret-host cannot be used.")

    def lineup(self, generation: Generation, quarter: Quarter, campaign_id: int) -> Lineup | None:
        raise NotImplementedError

    def inventory(self, generation: Generation, quarter: Quarter) -> list[int]:
        raise NotImplementedError

    def campaigns(self, generation: Generation, quarter: Quarter) -> list[int]:
        raise NotImplementedError

    def records(self, generation: Generation, quarter: Quarter) -> list[tuple[int, bytes]]:
        raise NotImplementedError

    def close(self) -> None:
        """It holds nothing."""


class Broken(Unreachable):
    """A reader with a fault in it."""

    def active(self) -> dict[Quarter, Generation]:
        raise ZeroDivisionError("secret-host")


@pytest.fixture
def over(tmp_path: Path) -> Iterator[Over]:
    """Hand out a function that serves over another reader."""
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
def test_a_fault_of_ours_names_nothing_inside_and_is_not_kept(
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
    """An application of the framework whose addresses take a number only, with our errors."""
    app = FastAPI()
    templates = Jinja2Templates(Path(web.__file__).parent / "templates")
    problems.install(app, Form(templates, known=lambda _quarter: ()))

    @app.get("/api/number")
    @app.get("/number")
    def number(number: int) -> int:
        return number

    async def at_ten(scope: Scope, receive: Receive, send: Send) -> None:
        await app(at_quarter(scope, Quarter.FIRST), receive, send)

    with (
        serving(at_ten) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield client


def test_what_the_framework_finds_misfit_is_a_problem_document(strict: httpx.Client) -> None:
    answer = strict.get("/api/number", params={"number": "ten"})
    assert "“query.number”: " in assert_problem(answer, 400, "invalid_request")


def test_what_the_framework_finds_misfit_is_a_page_for_people(strict: httpx.Client) -> None:
    answer = strict.get("/number", params={"number": "ten"})
    assert (answer.status_code, answer.headers["content-type"]) == (
        400,
        "text/html; charset=utf-8",
    )
    assert "“query.number”: " in answer.text
    assert '<form method="post" action="/campaigns">' in answer.text


@pytest.mark.parametrize("target", [None, Path("/proc/self/mem")], ids=["empty", "unreadable"])
def test_a_picture_that_cannot_be_read_gives_way_to_the_placeholder(
    over: Over, tmp_path: Path, caplog: pytest.LogCaptureFixture, target: Path | None
) -> None:
    picture = tmp_path / "image_7.png"
    if target:
        picture.symlink_to(target)
    else:
        picture.touch()
    answer = over(Unreachable()).get("/static/images/image_7.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert ">7<" in answer.text
    assert "image_7.png cannot be read" in caplog.text
