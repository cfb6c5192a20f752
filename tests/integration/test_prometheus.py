"""Prometheus with the configuration of docs/monitoring.md: how it signs in."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from support.running import Workplace

PAGE = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")
(TEXT,) = re.findall(r"^```yaml\n(scrape_configs:\n.+?)^```$", PAGE, re.DOTALL | re.MULTILINE)
(JOB,) = yaml.safe_load(TEXT)["scrape_configs"]
PASSWORD = "Tn5vQe7jZs3XbMpK"  # noqa: S105  # of a server that lives as long as a test


@pytest.fixture
def server(workplace: Workplace) -> Iterator[str]:
    """A server whose operators' file has a line for Prometheus."""
    lines = f"anna 8yLzWc4mXq2RtGvN6hKd\n{JOB['basic_auth']['username']} {PASSWORD}\n"
    file = workplace.folder / "passwords"
    file.write_text(lines)
    workplace.variables["BANNERS_OPERATORS"] = "signed-in"
    workplace.variables["BANNERS_OPERATOR_PASSWORD_FILE"] = str(file)
    with workplace.serving() as (address, _):
        yield address


def sign_in(basic_auth: dict[str, Any], password: str) -> tuple[str, str]:
    """Return what Prometheus sends, with the content of the file that the document names."""
    assert set(basic_auth) == {"username", "password_file"}
    return basic_auth["username"], password


def test_prometheus_reads_the_metrics_with_its_password_alone(server: str) -> None:
    url = f"{server}{JOB.get('metrics_path', '/metrics')}"
    assert httpx.get(url).status_code == HTTPStatus.UNAUTHORIZED
    wrong = sign_in(JOB["basic_auth"], "wr0ng-one")
    assert httpx.get(url, auth=wrong).status_code == HTTPStatus.UNAUTHORIZED
    answer = httpx.get(url, auth=sign_in(JOB["basic_auth"], PASSWORD))
    assert answer.status_code == HTTPStatus.OK
    assert "# TYPE banners_requests_total counter" in answer.text


def test_it_asks_the_host_itself() -> None:
    assert JOB["static_configs"] == [{"targets": ["127.0.0.1:8000"]}]


def test_health_checks_need_no_password(server: str) -> None:
    assert httpx.get(f"{server}/healthz").status_code == HTTPStatus.OK
    # Nothing has been published, so it is not ready.
    assert httpx.get(f"{server}/readyz").status_code == HTTPStatus.SERVICE_UNAVAILABLE
