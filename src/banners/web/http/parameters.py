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


def day_pattern(separator: str = "") -> str:
    """Return the pattern of the days of the years 2000 to 2999, and of nothing else.

    With it, the OpenAPI document says exactly what is accepted.

    Args:
        separator: what is between year, month and day.
    """
    months = (
        f"(?:0[13578]|1[02]){separator}(?:0[1-9]|[12][0-9]|3[01])",
        f"(?:0[469]|11){separator}(?:0[1-9]|[12][0-9]|30)",
        f"02{separator}(?:0[1-9]|1[0-9]|2[0-8])",
    )
    leap_year = "2(?:[0-9](?:0[48]|[2468][048]|[13579][26])|[048]00)"
    every_year = f"2[0-9]{{3}}{separator}(?:{'|'.join(months)})"
    return f"(?:{every_year}|{leap_year}{separator}02{separator}29)"


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
