"""The page that describes the addresses, and the OpenAPI document behind it, over real HTTP."""

import re
import shlex
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from answers import Clock, application_over
from banners.errors import (
    InvalidCampaignId,
    InvalidGeneration,
    InvalidQuarter,
    NoLineup,
    NothingPublished,
    NothingToShow,
    NotInQuarter,
    StoreUnavailable,
    UnknownCampaign,
    UnknownGeneration,
)
from banners.store.connect import open_database
from banners.store.read import DatabaseReader
from banners.version import __version__
from banners.web.app import PUBLIC_URL
from banners.web.docs import SWAGGER
from banners.web.problems import kinds, problem_of
from running import serving

JSON, PROBLEM = "application/json", "application/problem+json"
POLICY = {
    "default-src": "'none'",
    "img-src": "'self' data:",
    "script-src": "'self'",
    "connect-src": "'self'",
    "style-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
MET = [
    *(InvalidCampaignId("x"), InvalidQuarter("x"), InvalidGeneration("x"), UnknownCampaign(1)),
    *(NotInQuarter(1, 2, [3]), UnknownGeneration(1, 2, [3]), NothingToShow("1")),
    *(NothingPublished(), StoreUnavailable(), RequestValidationError([]), ValueError()),
    *(HTTPException(404), HTTPException(405)),
]
EXAMPLE = re.compile(
    r"<pre[^>]*><code>(curl [^<]*)</code></pre>\s*"
    r"<figcaption>answers <code>(\d+)</code> with <code>([^<]*)</code>(.*?)</figcaption>",
    re.DOTALL,
)


@pytest.fixture
def page(client: httpx.Client) -> str:
    return client.get("/docs").text


@pytest.fixture
def document(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, described in document["paths"].items():
        for method, operation in described.items():
            yield path, method, operation


def commands(page: str) -> Iterator[tuple[str, str, int, str, str]]:
    """Read the commands of a page: method, address, and the status, kind and code it promises."""
    for command, status, kind, further in EXAMPLE.findall(page):
        program, *words, url = shlex.split(unescape(command))
        method = words[words.index("--request") + 1] if words else "GET"
        assert program == "curl"
        assert url.startswith(f"{PUBLIC_URL}/")
        code = re.search("its code is <code>([^<]*)", further)
        yield method, url.removeprefix(PUBLIC_URL), int(status), kind, code[1] if code else ""


def addresses_of(path: str) -> re.Pattern[str]:
    """Write a path of the document as a pattern of the addresses that it stands for."""
    return re.compile("[0-9]+".join(map(re.escape, re.split("{.*?}", path))))


def shape(value: Any) -> Any:
    """Tell the names in an answer, however deep, and leave its values out."""
    match value:
        case dict():
            return {name: shape(of_it) for name, of_it in value.items()}
        case [dict() as first, *_]:
            return [shape(first)]
        case _:
            return ""


def test_every_command_on_the_page_answers_as_the_page_says(
    client: httpx.Client, page: str
) -> None:
    found = list(commands(page))
    assert len(found) == page.count("<code>curl ")
    for method, address, status, kind, code in found:
        answer = client.request(method, address)
        told = answer.status_code, answer.headers["content-type"]
        assert told == (status, kind), address
        assert answer.json().get("code", "") == code


def test_the_page_has_a_command_for_every_address_that_answers_json(
    page: str, document: dict[str, Any]
) -> None:
    asked = {urlsplit(address).path for _, address, status, *_ in commands(page) if status == 200}
    for path, _, operation in operations(document):
        if JSON in operation["responses"].get("200", {}).get("content", {}):
            assert any(map(addresses_of(path).fullmatch, asked)), path


def test_the_commands_ask_for_a_campaign_of_the_current_quarter(
    client: httpx.Client, page: str
) -> None:
    known = client.get("/api/v1/campaigns?quarter=2").json()["items"][0]["campaign_id"]
    assert f"curl '{PUBLIC_URL}/api/v1/campaigns/{known}?quarter=2'" in unescape(page)


def test_where_no_campaign_is_known_the_page_says_so(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'none.db'}", create=False)
    with serving(application_over(DatabaseReader(database), tmp_path, Clock().now)) as address:
        answer = httpx.get(f"{address}/docs")
    assert answer.status_code == 200
    assert "No campaign is known at the moment" in answer.text


def test_every_code_is_on_the_page_with_its_status(page: str) -> None:
    rows = re.findall(r"<tr><th[^>]*><code>(\w+)</code></th><td>(\d+)</td>", page)
    assert {(code, int(status)) for code, status in rows} == {
        (kind.code, kind.status) for kind in kinds()
    }


def test_every_error_that_a_request_can_meet_has_one_of_the_codes_that_are_listed() -> None:
    codes = {kind.code for kind in kinds()}
    assert {type(each) for each in MET} >= {*NoLineup.__subclasses__(), StoreUnavailable}
    assert {problem_of(each).code for each in MET} <= codes


def test_the_page_describes_every_address_with_all_it_takes_and_answers(
    page: str, document: dict[str, Any]
) -> None:
    blocks = dict(re.findall(r'<details id="(\w+)".*?>(.*?)</details>', page, re.DOTALL))
    assert set(blocks) == {operation["operationId"] for *_, operation in operations(document)}
    for _, method, operation in operations(document):
        block = unescape(blocks[operation["operationId"]])
        assert f"<b>{method.upper()}</b>" in block
        assert operation["summary"] in block
        words = [each["name"] for each in operation.get("parameters", [])]
        for kind in operation.get("requestBody", {}).get("content", {}).values():
            words += kind["schema"]["properties"]
        for word in (*words, *operation["responses"]):
            assert f"<dt><code>{word}</code>" in block


@pytest.mark.parametrize(
    "words",
    ["/api/v1", "RFC 9457", "Retry-After", "next", "no-store", "If-None-Match", "Cache-Control"],
)
def test_the_page_says_what_holds_for_all_addresses(page: str, words: str) -> None:
    text = page.partition('<section id="versions"')[2]
    assert f"{words}" in text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_page_alone_may_run_our_script_and_ask_for_our_answers(
    client: httpx.Client, method: str
) -> None:
    header = client.request(method, "/docs").headers["content-security-policy"]
    assert dict(each.split(" ", 1) for each in header.split("; ")) == POLICY
    for other in ("/", "/campaigns", "/status", "/docs/", "/openapi.json", "/static/docs.js"):
        assert "script-src" not in client.get(other).headers["content-security-policy"]
    assert "script-src" not in client.post("/docs").headers["content-security-policy"]


def test_all_that_the_page_loads_is_ours(client: httpx.Client, page: str) -> None:
    loaded = re.findall(r'<(?:link|script)[^>]*(?:href|src)="([^"]*)"', page)
    assert f"{SWAGGER}/swagger-ui-bundle.js" in loaded
    for address in loaded:
        assert address.startswith("/static/")
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
    ],
)
def test_the_files_of_swagger_ui_may_be_kept_for_good(
    client: httpx.Client, name: str, kind: str
) -> None:
    answer = client.get(f"{SWAGGER}/{name}")
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = client.get(f"{SWAGGER}/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["__init__.py", "favicon-32x32.png", "../main.py", "x.js"])
def test_of_the_package_no_other_files_are_sent(client: httpx.Client, name: str) -> None:
    answer = client.get(f"{SWAGGER}/{name}")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


def test_the_document_says_what_it_is(document: dict[str, Any]) -> None:
    info = document["info"]
    assert info["version"] == __version__
    assert "contact" not in info
    assert "/api/v1" in info["description"]
    assert "RFC 9457" in info["description"]
    used = {tag for *_, operation in operations(document) for tag in operation["tags"]}
    assert {tag["name"] for tag in document["tags"] if tag["description"]} == used


def test_every_parameter_is_described_with_an_example_or_all_its_values(
    document: dict[str, Any],
) -> None:
    for path, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            about = f"{path}: {parameter['name']}"
            assert parameter["description"], about
            listed = {"enum", "const", "$ref"} & parameter["schema"].keys()
            assert listed or parameter["examples"], about
            assert "null" not in str(parameter["schema"]), about


def test_every_member_of_every_object_is_described(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert "Args:" not in schema["description"]
        for member, described in schema.get("properties", {}).items():
            assert described["description"], f"{name}.{member}"


def test_every_json_answer_has_examples_that_look_like_it(
    client: httpx.Client, page: str, document: dict[str, Any]
) -> None:
    answers = {
        urlsplit(address).path: client.get(address).json()
        for method, address, status, *_ in commands(page)
        if (method, status) == ("GET", 200)
    }
    for path, _, operation in operations(document):
        content = operation["responses"].get("200", {}).get("content", {}).get(JSON)
        if content:
            [answer] = [answers[each] for each in answers if addresses_of(path).fullmatch(each)]
            shapes = [shape(each["value"]) for each in content["examples"].values()]
            assert shape(answer) in shapes, path


def test_every_problem_has_examples_of_its_status(document: dict[str, Any]) -> None:
    statuses = {kind.code: kind.status for kind in kinds()}
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if PROBLEM in content:
                for code, example in content[PROBLEM]["examples"].items():
                    told = example["value"]["code"], example["value"]["status"]
                    assert told == (code, int(status)), path
                    assert statuses[code] == int(status)
            assert ("Retry-After" in response.get("headers", {})) == (status == "503"), path
