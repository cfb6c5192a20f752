"""The OpenAPI document, with what the framework does not know and corrected where it guesses."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from banners.core.addresses import Route, Site
from banners.errors import NotAllowed, NotSignedIn, TooManyWrongPasswords, WrongPassword
from banners.web.api.commands import command
from banners.web.api.conversions import KEY_SCHEME
from banners.web.api.example_answers import example_answers
from banners.web.http.problems import PROBLEM_TYPE, is_for_programs
from banners.web.http.responses import error_pages, problem_responses, redirect
from banners.web.operators.audience import Audience, audience_of
from banners.web.operators.sign_ins import SESSION_COOKIE

TAGS = [
    {"name": "campaigns", "description": "JSON for programs: what campaigns show, and why."},
    {"name": "conversions", "description": "For the programs of advertisers, with a key."},
    {"name": "pages", "description": "Pages for people, and the images of the banners."},
    {"name": "operations", "description": "For operators: health, metrics, and what is live."},
]

_JSON = "application/json"


def install(app: FastAPI, site: Site, *, is_open: bool) -> None:
    """Serve a corrected OpenAPI document in place of the framework's own.

    The framework assumes that a request which does not fit its schema is answered with 422 (here
    400), that errors are ``application/json``, that null may be written in a query, and that a
    default is written as it is in the code, which parses the text of a query itself.

    Args:
        app: the application, with all its routes by the time the document is first read.
        site: the application as others reach it.
        is_open: whether nobody needs to sign in.
    """
    making = threading.Lock()

    def document() -> dict[str, Any]:
        # One thread makes it: pydantic parses source text, which CPython 3.11 does in no more than
        # one thread without an error (python/cpython#106905).
        with making:
            if app.openapi_schema is None:
                app.openapi_schema = _corrected(
                    get_openapi(
                        title=app.title,
                        version=app.version,
                        description=app.description,
                        tags=app.openapi_tags,
                        routes=app.routes,
                        servers=[{"url": site.url}],
                    ),
                    site,
                    is_open=is_open,
                )
            return app.openapi_schema

    # The framework's documented way to replace the document.
    app.openapi = document  # type: ignore[method-assign]

    # The framework's own route would be missing in the metrics, and would make the document on the
    # event loop, where all other requests wait for it.
    @app.get(Route.OPENAPI, include_in_schema=False)
    def openapi() -> JSONResponse:
        return JSONResponse(document())


_PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}
_KEY: Mapping[str, dict[str, str]] = {
    KEY_SCHEME: {
        "type": "http",
        "scheme": "bearer",
        "description": "The key of somebody who may report conversions.",
    },
}
_SCHEMES: Mapping[str, dict[str, str]] = {
    "password": {
        "type": "http",
        "scheme": "bearer",
        "description": "An operator's password. It allows all that the operator's role allows.",
    },
    "nameAndPassword": {
        "type": "http",
        "scheme": "basic",
        "description": "An operator's name and password. They allow only reading.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "What browsers send after signing in.",
    },
}


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the path, the method and the description of every operation of a document."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _corrected(document: dict[str, Any], site: Site, *, is_open: bool) -> dict[str, Any]:
    answers = example_answers(site)
    for path, method, operation in operations(document):
        _correct_operation(operation, answers)
        if not is_open:
            _name_the_audience(path, method, operation)
        if curl := command(site.url, path, operation):
            operation["x-codeSamples"] = [{"lang": "Shell", "label": "curl", "source": curl}]
    document["paths"] = dict(sorted(document["paths"].items()))
    # Where nothing is recorded, nobody reports conversions.
    used = {tag for *_, operation in operations(document) for tag in operation["tags"]}
    document["tags"] = [tag for tag in document["tags"] if tag["name"] in used]
    schemes = {} if is_open else dict(_SCHEMES)
    if Route.API_CONVERSIONS in document["paths"]:
        schemes |= _KEY
    if schemes:
        document["components"]["securitySchemes"] = schemes
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document


def _correct_operation(
    operation: dict[str, Any], answers: Mapping[str, Mapping[str, dict[str, Any]]]
) -> None:
    """Correct the parameters and the answers of an operation."""
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _with_typed_default(_without_null(parameter["schema"]))
    operation["responses"].pop("422", None)
    for response in operation["responses"].values():
        _correct_content(response.get("content", {}), answers)


def _name_the_audience(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say who may call an operation, and how they show who they are."""
    audience = audience_of(method.upper(), Route(path))
    if audience in {Audience.EVERYBODY, Audience.WITH_KEY}:
        return
    operation["security"] = [{name: []} for name in _SCHEMES]
    if is_for_programs(path):
        refusals = problem_responses(NotSignedIn, WrongPassword, NotAllowed, TooManyWrongPasswords)
    else:
        refusals = {
            **redirect(303, "Redirects to the page to sign in"),
            **error_pages(401, 403, 429),
        }
    for status, response in refusals.items():
        if response.pop("model", None):
            response["content"][PROBLEM_TYPE]["schema"] = _PROBLEM
        operation["responses"].setdefault(str(status), response)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter that is omitted rather than null."""
    match schema:
        case {"anyOf": [other, {"type": "null"}], **keywords}:
            return {**keywords, **other}
        case _:
            return schema


def _with_typed_default(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter whose default is a number, and not the text of one."""
    match schema:
        case {"type": "integer", "default": str(text)}:
            return {**schema, "default": int(text)}
        case _:
            return schema


def _correct_content(
    content: dict[str, Any], answers: Mapping[str, Mapping[str, dict[str, Any]]]
) -> None:
    """Give problem documents their media type, and all other JSON its examples."""
    if PROBLEM_TYPE in content:
        content[PROBLEM_TYPE].update(content.pop(_JSON))
    elif _JSON in content:
        schema = content[_JSON]["schema"]
        one = schema.get("items", schema)
        names = [each["$ref"].rpartition("/")[2] for each in one.get("anyOf", [one])]
        examples = [each for name in names for each in answers[name].items()]
        content[_JSON]["examples"] = {
            name: {"value": value if one is schema else [value]} for name, value in examples
        }
