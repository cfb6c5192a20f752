"""The parameters of requests, and their descriptions in the OpenAPI document."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from fastapi.openapi.models import Example
from pydantic import WithJsonSchema

from banners.core.model import Quarter
from banners.reports.campaign import parse_generation
from banners.web.http.clock import quarter_of

CAMPAIGN_ID: dict[str, Any] = {
    "type": "string",
    # 1 to 18 digits, one of them not zero. Without lookahead, which not every client supports.
    "pattern": "^[0-9]{0,17}[1-9][0-9]{0,17}$",
    "maxLength": 18,
}
"""JSON schema of a campaign id."""


def example(value: int | str) -> dict[str, Example]:
    """Return an example of a parameter, as OpenAPI takes it."""
    return {str(value): Example(value=value)}


CampaignId = Annotated[
    str,
    Path(
        description="The campaign: a whole number above zero, in 1 to 18 digits.",
        openapi_examples=example("27"),
    ),
    WithJsonSchema(CAMPAIGN_ID),
]

ImageName = Annotated[
    str,
    Path(
        description="`image_`, the banner's id, and `.png`, whatever the type of the file.",
        openapi_examples=example("image_414.png"),
    ),
    WithJsonSchema({"type": "string", "pattern": r"^image_[1-9][0-9]{0,17}\.png$"}),
]

_QuarterText = Annotated[
    str | None,
    Query(
        alias="quarter",
        description="The quarter of the hour; the current one if not given.",
        openapi_examples=example(1),
    ),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 4}),
]


def _asked_for(request: Request, text: _QuarterText = None) -> Quarter:
    return quarter_of(request) if text is None else Quarter.parse(text)


AskedFor = Annotated[Quarter, Depends(_asked_for)]

_GenerationText = Annotated[
    str | None,
    Query(
        alias="generation",
        description="The number of a generation that is kept, to preview its lineup; the live "
        "generation if not given.",
        openapi_examples=example(3),
    ),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 10**18 - 1}),
]


def _generation_asked(text: _GenerationText = None) -> int | None:
    return None if text is None else parse_generation(text)


GenerationAsked = Annotated[int | None, Depends(_generation_asked)]
