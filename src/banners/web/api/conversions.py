"""Conversions, as the programs of advertisers report them."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from banners.collect.token import CLICK_LENGTH
from banners.core.addresses import Route
from banners.core.conversions import LONGEST_OWN_ID, MOST_CONVERSIONS
from banners.core.events import REVENUE_PATTERN
from banners.errors import (
    NotConversions,
    NotKept,
    TooManyWrongKeys,
    TooManyWrongPasswords,
    WrongKey,
)
from banners.reports.json_object import JsonObject
from banners.web.http.client_address import client_address
from banners.web.http.posted_json import JSON_TYPE, NOT_JSON, posted_json, too_large
from banners.web.http.responses import problem_responses
from banners.web.operators.delays import Delays
from banners.web.recording.conversions import MOST_BYTES, ReportedConversions

KEY_SCHEME = "conversionKey"
"""What the OpenAPI document calls the key of a sender."""

_BEARER = "bearer"


@dataclass(frozen=True, slots=True)
class ConversionAnswer(JsonObject):
    """What became of one conversion."""

    status: str
    """`accepted`, `duplicate` (reported before, which does no harm) or `refused`."""

    conversion_id: str | None = None
    """Your id of it, unless that is malformed."""

    reason: str | None = None
    """Why it is refused: `not_an_object`, `bad_conversion_id`, `bad_click`, `other_campaign`,
    `too_old`, `bad_revenue` or `too_much_revenue`; new ones may be added."""

    detail: str | None = None
    """With a reason: a sentence for people about what was expected."""


def routes(conversions: ReportedConversions, delays: Delays) -> APIRouter:
    """Build the address to report conversions to.

    Args:
        conversions: records them.
        delays: hold back the answers to wrong keys.
    """
    router = APIRouter()

    @router.post(
        Route.API_CONVERSIONS,
        tags=["conversions"],
        summary="Report conversions",
        response_model=list[ConversionAnswer],
        response_model_exclude_none=True,
        response_description="What became of each conversion, in the same order",
        responses=problem_responses(
            *(NotConversions, WrongKey, TooManyWrongKeys, NotKept),
            *(NOT_JSON, too_large(MOST_BYTES)),
        ),
        openapi_extra={
            "requestBody": {"required": True, "content": {JSON_TYPE: _BODY}},
            "security": [{KEY_SCHEME: []}],
        },
    )
    async def report_conversions(request: Request) -> Any:
        """Record the conversions of clicks; each counts once, however often it is sent.

        An answer of 200 means that everything accepted would survive a loss of power. After any
        other answer, or none, send the same again. A refund is a conversion with a negative revenue
        and an id of its own. A conversion whose click is almost as old as the events that are kept,
        by default 29 days, is refused, since it might count nowhere.
        """
        key = _key(request)
        sender = conversions.sender(key) if key else None
        if sender is None:
            await _refuse(request, delays, key)
        body = await posted_json(request, MOST_BYTES)
        return JSONResponse(await conversions.record(body, sender))

    return router


def _key(request: Request) -> bytes:
    """Return the key that was sent; empty if none was."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip().encode("latin-1") if scheme.lower() == _BEARER else b""


async def _refuse(request: Request, delays: Delays, key: bytes) -> None:
    """Raise the error that answers a wrong key, after a delay if it may be a guess.

    Raises:
        WrongKey: always, except where many others wait.
        TooManyWrongKeys: in its place.
    """
    if key:
        try:
            await delays.hold_back_new(client_address(request.scope), "", key)
        except TooManyWrongPasswords as error:
            raise TooManyWrongKeys(error.seconds) from error
    raise WrongKey


_CONVERSION = {
    "type": "object",
    "required": ["conversion_id", "click", "revenue"],
    "properties": {
        "conversion_id": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_OWN_ID,
            "description": "Your own id of it, such as the number of the order.",
        },
        "click": {
            "type": "string",
            "minLength": CLICK_LENGTH,
            "maxLength": CLICK_LENGTH,
            "description": "The click token: what replaced `{click}` in the address of the landing "
            "page.",
        },
        "revenue": {
            "description": "An exact amount as text or as a number, with up to 12 digits before "
            "the point and 6 after it; negative for a refund.",
            "anyOf": [
                {"type": "string", "pattern": f"^{REVENUE_PATTERN}$"},
                {"type": "number"},
            ],
        },
    },
}
_BODY = {
    "schema": {"type": "array", "maxItems": MOST_CONVERSIONS, "items": _CONVERSION},
    "example": [
        {
            "conversion_id": "order-1",
            "click": "TQFWkB5x4A0AAAAAAAAE0Q5uXM3eMJmC6Q",
            "revenue": "12.50",
        }
    ],
}
