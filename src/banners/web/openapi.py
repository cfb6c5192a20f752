"""What the OpenAPI document says beyond what the framework knows by itself."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from banners.web.examples import ANSWERS
from banners.web.problems import PROBLEM

ABOUT = """\
For this campaign, in this quarter of the hour, which banners?

**Versions.** What stands below `/api/v1` stays as it is described here. There may be more one day:
addresses, parameters that need not be given, members of an object, words for `rule`, `code` and
`status`. Whoever ignores what they do not know goes on working. A change that would break others
gets another number in the path, and this one goes on being answered beside it.

**Errors** are answered with a problem document (RFC 9457), whose `code` tells them apart; pages
answer them with the form again. Any address answers another method than its own with 405 and
`Allow`, and a fault of ours with 500 and the code `failed`. HEAD is answered wherever GET is.

**Nothing is to be kept**, since all of it depends on the quarter of the hour and on what is
published: `Cache-Control: no-store`. Pictures may be kept for a day.
"""
TAGS = [
    {"name": "campaigns", "description": "JSON for programs: what campaigns show, and why."},
    {"name": "pages", "description": "What people see, and the pictures."},
    {"name": "operations", "description": "For whoever runs it: is it well, what does it serve?"},
]

_USUAL = "application/json"


def describe(app: FastAPI) -> None:
    """Make the application's document true where the framework guesses.

    The framework takes it that what does not fit a schema is answered with 422, which it never is
    here, that errors are ``application/json``, and that null may be written in a query.
    """

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _mended(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    tags=app.openapi_tags,
                    routes=app.routes,
                )
            )
        return app.openapi_schema

    # The framework's own way to put another document in its place.
    app.openapi = document  # type: ignore[method-assign]


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Walk through a document: the path, the method, and what is described of both."""
    for path, described in document["paths"].items():
        for method, operation in described.items():
            yield path, method, operation


def _mended(document: dict[str, Any]) -> dict[str, Any]:
    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            parameter["schema"] = _as_written(parameter["schema"])
        operation["responses"].pop("422", None)
        for response in operation["responses"].values():
            _mend(response.get("content", {}))
    document["paths"] = dict(sorted(document["paths"].items()))
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _describe_members(schemas)
    return document


def _as_written(schema: dict[str, Any]) -> dict[str, Any]:
    """Take null out of what a parameter may be: it is left out instead."""
    match schema:
        case {"anyOf": [kind, {"type": "null"}], **others}:
            return {**others, **kind}
        case _:
            return schema


def _mend(content: dict[str, Any]) -> None:
    """Call problem documents what they are, and give other answers their examples."""
    if PROBLEM in content:
        content[PROBLEM].update(content.pop(_USUAL))
    elif _USUAL in content:
        schema = content[_USUAL]["schema"]
        kinds = [each["$ref"].rpartition("/")[2] for each in schema.get("anyOf", [schema])]
        examples = [each for kind in kinds for each in ANSWERS[kind].items()]
        content[_USUAL]["examples"] = {name: {"value": value} for name, value in examples}


_ARGUMENTS = re.compile(r"\n\nArgs:\n(.*)", re.DOTALL)
_ARGUMENT = re.compile(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)


def _describe_members(schemas: dict[str, Any]) -> None:
    """Bring what docstrings say of each argument to the member of the object that it becomes."""
    objects = [schema for schema in schemas.values() if "properties" in schema]
    for schema in objects:
        found = _ARGUMENTS.search(schema.get("description", ""))
        if found is None:
            continue
        schema["description"] = schema["description"][: found.start()]
        for name, words in _ARGUMENT.findall(found[1]):
            schema["properties"][name]["description"] = " ".join(words.split())
    # What a class has from another is told by the other's docstring alone.
    for base, schema in itertools.permutations([each["properties"] for each in objects], 2):
        if base.keys() < schema.keys():
            for name, member in base.items():
                schema[name].setdefault("description", member["description"])
