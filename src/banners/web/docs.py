"""The page that describes the addresses: for people what the OpenAPI document is for programs."""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from banners.errors import NotInQuarter
from banners.model import Quarter
from banners.web import problems
from banners.web.clock import quarter_of
from banners.web.files import PackagedFiles
from banners.web.headers import SCRIPTED
from banners.web.openapi import operations
from banners.web.overview import PAGE_CAMPAIGNS
from banners.web.pictures import KEPT_LONG

SWAGGER = f"/static/swagger-ui-{version('fastapi-swagger')}"
"""Where the files of Swagger UI are, until there are others."""

_JSON = "application/json"
_ANY_CAMPAIGN = 27
_ELSEWHERE = NotInQuarter(_ANY_CAMPAIGN, 2, (1, 3))


def swagger_files() -> PackagedFiles:
    """Give the files of Swagger UI, of which the package brings more than the page needs."""
    names = {"swagger-ui-bundle.js", "swagger-ui.css"}
    return PackagedFiles("fastapi_swagger", "resources", names)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What an address takes.

    Args:
        name: what it is called.
        place: where it stands: ``path``, ``query`` or ``form``.
        takes: its values, in words; empty where the description says it.
        description: what it means.
    """

    name: str
    place: str
    takes: str
    description: str


@dataclass(frozen=True, slots=True)
class Address:
    """An address with a method.

    Args:
        name: tells it from others, within the page too.
        method: in upper case.
        path: with the names of what varies in braces.
        summary: what it is, in a few words.
        description: the same in sentences.
        parameters: what it takes.
        answers: what it answers, by status.
        example: what it may answer to programs, as JSON; empty for an address that answers people.
    """

    name: str
    method: str
    path: str
    summary: str
    description: str
    parameters: Sequence[Parameter]
    answers: Mapping[str, str]
    example: str

    def command(self, public_url: str, values: Mapping[str, int | str]) -> str:
        """Write the command that asks for it.

        Args:
            public_url: where the application is reached from outside.
            values: those of parameters, by name; what an address does not take is left out.
        """
        query = {
            each.name: values[each.name]
            for each in self.parameters
            if each.place == "query" and each.name in values
        }
        path = self.path.format_map(values)
        return curl(f"{public_url}{path}?{urlencode(query)}" if query else f"{public_url}{path}")


@dataclass(frozen=True, slots=True)
class Group:
    """Addresses that belong together.

    Args:
        name: what they are called together.
        description: what they are for.
        addresses: they themselves.
    """

    name: str
    description: str
    addresses: Sequence[Address]


def curl(url: str, *options: str) -> str:
    """Write a command for a shell that asks for a URL."""
    return shlex.join(["curl", *options, url])


def groups_of(document: Mapping[str, Any]) -> list[Group]:
    """Read from an OpenAPI document what addresses it describes, by their tags."""
    schemas = document["components"]["schemas"]
    return [
        Group(
            tag["name"],
            tag["description"],
            [
                _address(path, method, operation, schemas)
                for path, method, operation in operations(document)
                if tag["name"] in operation["tags"]
            ],
        )
        for tag in document["tags"]
    ]


def routes(
    document: Callable[[], Mapping[str, Any]],
    templates: Jinja2Templates,
    public_url: str,
    known: Callable[[Quarter], Sequence[int]],
) -> APIRouter:
    """Build the page.

    Args:
        document: gives the OpenAPI document, always the same.
        templates: the pages' templates.
        public_url: where the application is reached from outside.
        known: tells the ids of the campaigns that have a lineup in a quarter, sorted, as far as
            they are held in memory.
    """
    router = APIRouter()
    groups = cache(lambda: groups_of(document()))

    @router.get(
        "/docs",
        tags=["pages"],
        summary="All addresses, described",
        response_class=HTMLResponse,
        response_description="The page",
    )
    def docs(request: Request) -> Response:
        """Describe all addresses, with examples, and let them be tried out."""
        quarter = quarter_of(request)
        campaign_id = next(iter(known(quarter)), None)
        values = {
            "campaign_id": campaign_id or _ANY_CAMPAIGN,
            "quarter": int(quarter),
            "page": 1,
            "sort": "-revenue",
        }
        context = {
            "groups": groups(),
            "command": lambda address: address.command(public_url, values),
            "curl": lambda path, *options: curl(f"{public_url}{path}", *options),
            "quarter": quarter,
            "campaign_id": campaign_id,
            "any_campaign": _ANY_CAMPAIGN,
            "problems": problems.kinds(),
            "problem": _laid_out(problems.written(problems.problem_of(_ELSEWHERE))),
            "page_campaigns": PAGE_CAMPAIGNS,
            "kept_picture": KEPT_LONG["Cache-Control"],
            "swagger": SWAGGER,
        }
        return templates.TemplateResponse(request, "docs.html", context, headers=SCRIPTED)

    return router


def _address(
    path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]
) -> Address:
    responses = operation["responses"]
    examples = responses.get("200", {}).get("content", {}).get(_JSON, {}).get("examples", {})
    return Address(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        parameters=list(_parameters(operation, schemas)),
        answers={status: each["description"] for status, each in sorted(responses.items())},
        example=next((_laid_out(each["value"]) for each in examples.values()), ""),
    )


def _parameters(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Parameter]:
    for each in operation.get("parameters", []):
        takes = _values(each["schema"], schemas)
        yield Parameter(each["name"], each["in"], takes, each["description"])
    for kind in operation.get("requestBody", {}).get("content", {}).values():
        for name, schema in kind["schema"]["properties"].items():
            yield Parameter(name, "form", _values(schema, schemas), schema["description"])


def _values(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """Put into words what values a parameter has."""
    match {**schemas.get(str(schema.get("$ref")).rpartition("/")[2], {}), **schema}:
        case {"enum": [*values]}:
            return ", ".join(f"`{value}`" for value in values)
        case {"const": value}:
            return f"`{value}`"
        case {"minimum": least, "maximum": most}:
            return f"{least} to {most:,}"
        case _:
            return ""


def _laid_out(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
