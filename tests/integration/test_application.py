"""What the web application prepares when it starts, and closes when it ends."""

from pathlib import Path

import httpx
import pytest

from banners.errors import StoreClosed
from support.answers import Clock, application_over, database
from support.running import Workplace, serving


def test_an_application_that_ends_closes_its_reader(published: Workplace, tmp_path: Path) -> None:
    read = database(published)
    with serving(application_over(read, tmp_path, Clock().now)) as address:
        assert httpx.get(f"{address}/readyz").status_code == 200
    with pytest.raises(StoreClosed):
        read.active()


def test_no_request_builds_what_parses_requests(
    published: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = application_over(database(published), published.folder, Clock().now)

    def build(*_: object, **__: object) -> None:
        pytest.fail("A request has built a parser of parameters.")

    monkeypatch.setattr("fastapi._compat.v2.TypeAdapter", build)
    with serving(application) as address, httpx.Client(base_url=address) as client:
        for path in ("/", "/campaigns/1", "/api/v1/campaigns/1?quarter=2", "/readyz"):
            assert client.get(path).status_code == 200
