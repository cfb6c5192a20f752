"""The OpenAPI document and the page that shows it, over real HTTP."""

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
from openapi_schema_validator import OAS31Validator, validate
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.exceptions import HTTPException

from banners.core.addresses import PUBLIC_URL
from banners.errors import (
    AccessRefused,
    CampaignOff,
    ExpiredLink,
    InvalidCampaignId,
    InvalidGeneration,
    InvalidQuarter,
    NoLineup,
    NotAllowed,
    NothingPublished,
    NothingToShow,
    NotInQuarter,
    NotKept,
    NotSignedIn,
    StoreUnavailable,
    TooManyWrongKeys,
    TooManyWrongPasswords,
    UnknownCampaign,
    UnknownForm,
    UnknownGeneration,
    WrongKey,
    WrongPassword,
)
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.version import __version__
from banners.web.http.files import StaticFiles
from banners.web.http.problems import problem_kinds, problem_of
from support.answers import Clock, application_over
from support.running import serving

TRY = "/docs?try=1"
FILES = StaticFiles.packaged()
SCRIPT = FILES.address("swagger.js")
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
    *(NotSignedIn(), WrongPassword(), TooManyWrongPasswords(7), NotAllowed(), UnknownForm()),
    *(ExpiredLink(), CampaignOff(1, "paused", ""), WrongKey(), TooManyWrongKeys(7), NotKept()),
]
EXAMPLE = re.compile(
    r"<pre><code[^>]*>(curl [^<]*)</code></pre>\s*"
    r"<p>answers <code>(\d+)</code> with <code>([^<]*)</code>(.*?)</p>",
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
    """Yield each command of a page: method, address, and the status, type and code it promises."""
    for command, status, kind, further in EXAMPLE.findall(page):
        code = re.search("code <code>([^<]*)", further)
        yield *request_of(unescape(command)), int(status), kind, code[1] if code else ""


def request_of(command: str) -> tuple[str, str]:
    """Return the method and the address of a curl command."""
    program, *words, url = shlex.split(command)
    assert program == "curl"
    assert url.startswith(f"{PUBLIC_URL}/")
    return words[words.index("--request") + 1] if words else "GET", url.removeprefix(PUBLIC_URL)


def addresses_of(path: str) -> re.Pattern[str]:
    """Return a pattern of the addresses that a path of the document stands for."""
    return re.compile("[0-9]+".join(map(re.escape, re.split("{.*?}", path))))


def examples(node: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield every example of a document, with the schema that stands beside it."""
    if isinstance(node, list):
        for each in node:
            yield from examples(each)
    if isinstance(node, dict):
        match node:
            case {"schema": schema, "examples": dict(named)}:
                yield from ((schema, each["value"]) for each in named.values())
            case {"schema": schema, "example": example}:
                yield schema, example
            case {"type": _, "examples": list(listed)}:
                yield from ((node, each) for each in listed)
            case _:
                pass
        for name, each in node.items():
            if name not in {"example", "examples"}:
                yield from examples(each)


def shape(value: Any) -> Any:
    """Return the names in an answer, at any depth, without the values."""
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
    assert len(found) == len(re.findall("<code[^>]*>curl ", page))
    for method, address, status, kind, code in found:
        answer = client.request(method, address)
        told = answer.status_code, answer.headers["content-type"].partition(";")[0]
        assert told == (status, kind), address
        if kind != "text/plain":
            assert answer.json().get("code", "") == code


def test_every_operation_that_answers_programs_has_a_command_in_the_document(
    client: httpx.Client, document: dict[str, Any]
) -> None:
    for path, method, operation in operations(document):
        kinds = operation["responses"].get("200", {}).get("content", {}).keys()
        samples = [each["source"] for each in operation.get("x-codeSamples", [])]
        assert len(samples) == len({JSON, "text/plain"} & kinds), path
        for sample in samples:
            asked, address = request_of(sample)
            assert (asked, bool(addresses_of(path).fullmatch(urlsplit(address).path))) == (
                method.upper(),
                True,
            )
            # The campaign in the document may have no banners here, but the request is valid.
            assert client.request(asked, address).status_code in {200, 404}, address


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
    rows = re.findall(r"<tr>\s*<td><code>(\w+)</code></td>\s*<td>(\d+)</td>", page)
    assert {(code, int(status)) for code, status in rows} == {
        (kind.code, kind.status) for kind in problem_kinds()
    }


def test_every_error_that_a_request_can_meet_has_one_of_the_codes_that_are_listed() -> None:
    codes = {kind.code for kind in problem_kinds()}
    assert {type(each) for each in MET} >= {
        *NoLineup.__subclasses__(),
        *AccessRefused.__subclasses__(),
        StoreUnavailable,
    }
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
    assert words in page.partition('<section id="versions"')[2]


def test_the_document_has_the_same_policy_as_the_page(page: str, document: dict[str, Any]) -> None:
    text = document["info"]["description"]
    headings = re.findall("^## (.*)$", text, re.MULTILINE)
    assert headings == re.findall("<h2>(.*)</h2>", page)[1:-1]
    codes = {kind.code for kind in problem_kinds()}
    assert {code for code in codes if f"| `{code}` |" in text} == codes


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_swagger_ui_alone_may_run_our_script_and_ask_for_our_answers(
    client: httpx.Client, method: str
) -> None:
    header = client.request(method, TRY).headers["content-security-policy"]
    assert dict(each.split(" ", 1) for each in header.split("; ")) == POLICY
    for other in ("/", "/campaigns", "/docs", f"{TRY}0", "/openapi.json", SCRIPT):
        assert "script-src" not in client.get(other).headers["content-security-policy"]
    assert "script-src" not in client.post(TRY).headers["content-security-policy"]


def test_the_page_loads_no_script_unless_swagger_ui_is_requested(page: str) -> None:
    assert "<script" not in page
    assert "swagger-ui" not in page
    assert 'href="?try=1"' in page


@pytest.mark.parametrize("path", ["/docs", TRY])
def test_all_that_the_page_loads_is_ours(client: httpx.Client, path: str) -> None:
    loaded = re.findall(r'<(?:link|script)[^>]*(?:href|src)="([^"]*)"', client.get(path).text)
    assert (FILES.address("swagger-ui-bundle.js") in loaded) == (path == TRY)
    for address in loaded:
        assert address.startswith("/static/") or address == "/favicon.ico"
        assert client.get(address).status_code == 200


def test_the_document_is_valid_and_every_default_fits_its_type(document: dict[str, Any]) -> None:
    found = OpenAPIV31SpecValidator(document).iter_errors()
    assert [f"{'/'.join(map(str, each.path))}: {each.message}" for each in found] == []


def test_a_default_that_does_not_fit_its_type_would_be_found(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/v1/campaigns"]["get"]["parameters"]
    (page,) = (each for each in parameters if each["name"] == "page")
    page["schema"]["default"] = "1"
    (found,) = OpenAPIV31SpecValidator(document).iter_errors()
    assert "'1' is not of type 'integer'" in found.message


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    found = list(examples(document))
    assert len(found) > 50
    for schema, example in found:
        validate(example, {**schema, "components": document["components"]}, OAS31Validator)


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
        for method, address, status, kind, _ in commands(page)
        if (method, status, kind) == ("GET", 200, JSON)
    }
    for path, _, operation in operations(document):
        content = operation["responses"].get("200", {}).get("content", {}).get(JSON)
        if content:
            [answer] = [answers[each] for each in answers if addresses_of(path).fullmatch(each)]
            shapes = [shape(each["value"]) for each in content["examples"].values()]
            assert shape(answer) in shapes, path


def test_every_problem_has_examples_of_its_status(document: dict[str, Any]) -> None:
    statuses = {kind.code: kind.status for kind in problem_kinds()}
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if PROBLEM in content:
                for code, example in content[PROBLEM]["examples"].items():
                    told = example["value"]["code"], example["value"]["status"]
                    assert told == (code, int(status)), path
                    assert statuses[code] == int(status)
            assert ("Retry-After" in response.get("headers", {})) == (status in {"429", "503"}), (
                path
            )


def test_where_nobody_needs_to_sign_in_no_operation_asks_for_it(document: dict[str, Any]) -> None:
    assert "securitySchemes" not in document["components"]
    assert not any("security" in operation for _, _, operation in operations(document))
