"""Every answer has the security headers, error answers too, and none contains a secret."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.web.http.files import StaticFiles
from faults.commands import Started, serving
from support.publishing import publish
from support.running import Workplace
from support.servers import PASSWORD, MariaDB, RedisServer, until

REDIS_PASSWORD = "r3dis-s3cret"  # noqa: S105  # the test server does not ask for it
CLIENT = "203.0.113.77"
ENDINGS = ["", "/", "?x=1", "?quarter=9", "?format=html", "?try=1"]
FRAMED = re.compile(r"/campaigns/5/banner\?format=html")
SCRIPTED = re.compile(r"/docs\?try=1")
DIRECTIVES = {
    *("default-src", "img-src", "style-src", "form-action", "base-uri", "frame-ancestors"),
}
PLACES = {"campaign_id": ["5", "7", "x", "9" * 30], "name": ["image_1.png", "x"]}


@pytest.fixture
def workplace(tmp_path: Path, mariadb_url: str, redis_server: RedisServer) -> Workplace:
    """A working folder whose settings hold two passwords."""
    redis_server.start()
    redis_url = redis_server.url.replace("//", f"//:{REDIS_PASSWORD}@")
    return Workplace(
        tmp_path, {"BANNERS_DATABASE_URL": mariadb_url, "BANNERS_REDIS_URL": redis_url}
    )


def paths(client: httpx.Client) -> Iterator[str]:
    """List every address of the OpenAPI document, and some unknown ones, each in variants."""
    described = client.get("/openapi.json").json()["paths"]
    names = ("banners.css", "swagger.js", "swagger-ui-bundle.js")
    files = [*map(StaticFiles.packaged().address, names), "/favicon.ico", "/robots.txt"]
    for template in [*described, *files, "/openapi.json", "/static/x", "/nowhere"]:
        name = re.search(r"{(.*?)}", template)
        for value in PLACES[name[1]] if name else [""]:
            path = template.replace(name[0], value) if name else template
            yield from (path + ending for ending in ENDINGS)


def answers(started: Started) -> Iterator[httpx.Response]:
    """Request every path with several methods."""
    with httpx.Client(base_url=started.address, headers={"X-Forwarded-For": CLIENT}) as client:
        for path in paths(client):
            for method in ("GET", "HEAD", "POST", "DELETE"):
                yield client.request(method, path)
        yield client.post("/campaigns", data={"campaign_id": "5"})


OF_IMAGES = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def check(answer: httpx.Response) -> None:
    about = f"{answer.request.method} {answer.request.url}: {answer.status_code}"
    if answer.headers["content-security-policy"] == OF_IMAGES:
        assert answer.headers["content-type"].startswith("image/"), about
        assert "/images/" in answer.request.url.path, about
        assert answer.headers["x-content-type-options"] == "nosniff", about
        return
    policy = dict(
        each.strip().split(" ", 1) for each in answer.headers["content-security-policy"].split(";")
    )
    asked = answer.request.url.raw_path.decode()
    framed = FRAMED.fullmatch(asked) and answer.status_code == 200
    scripted = SCRIPTED.fullmatch(asked) and answer.status_code == 200
    assert policy["default-src"] == "'none'", about
    assert policy["frame-ancestors"] == ("*" if framed else "'none'"), about
    assert policy["img-src"] == ("'self' data:" if scripted else "'self'"), about
    for directive in ("script-src", "connect-src"):
        assert policy.pop(directive, None) == ("'self'" if scripted else None), about
    assert set(policy) == DIRECTIVES, about
    assert "unsafe" not in str(policy), about
    assert answer.headers["x-content-type-options"] == "nosniff", about
    assert answer.headers["referrer-policy"] == "same-origin", about
    assert PASSWORD not in answer.text, about
    assert REDIS_PASSWORD not in answer.text, about


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_every_answer_has_the_security_headers_and_shows_no_secret(
    workplace: Workplace,
    mariadb: MariaDB,
    mariadb_url: str,
    redis_server: RedisServer,
    log_format: str,
) -> None:
    workplace.variables["BANNERS_LOG_FORMAT"] = log_format
    database = open_database(mariadb_url, create=True)
    publish(database, 1_000, *Quarter)
    database.dispose()
    statuses = set()
    with serving(workplace) as warm:
        until(lambda: httpx.get(f"{warm.address}/readyz").status_code == 200)
        for answer in answers(warm):
            check(answer)
            statuses.add(answer.status_code)
        mariadb.kill()
        redis_server.kill()
        with serving(workplace) as cold:
            for answer in answers(cold):
                check(answer)
                statuses.add(answer.status_code)
            until(lambda: "does not answer" in warm.said and "cannot be reached" in cold.said)
    redis_server.start()
    assert statuses >= {200, 302, 303, 308, 400, 404, 405, 415, 503}
    assert 500 not in statuses
    for each in (warm, cold):
        for secret in (PASSWORD, REDIS_PASSWORD, CLIENT):
            assert secret not in each.said
