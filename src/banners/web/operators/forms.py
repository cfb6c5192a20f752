"""The forms of operators' pages, which only those pages can send."""

import hashlib
import hmac
from typing import Annotated

from fastapi import Depends, Request

from banners.web.http.caller import caller_of
from banners.web.http.posted_form import posted_form
from banners.web.operators.sign_ins import FORM_FIELD, check_form
from banners.web.operators.signing import are_equal, unmasked


async def _checked(request: Request) -> dict[str, str]:
    fields = await posted_form(request)
    check_form(request, fields.pop(FORM_FIELD, ""))
    return fields


CheckedForm = Annotated[dict[str, str], Depends(_checked)]
"""The type of the argument by which a route gets the fields of a form without files.

Its page has ``{% include "_form_token.html" %}`` inside the form. A form that did not come from a
page of the same session is refused. A route with files calls
:func:`banners.web.operators.sign_ins.check_form` itself.
"""


def proof_of(request: Request, query: str) -> str:
    """Return a proof for the next page of this session that a form led to it.

    Args:
        request: the request with the form.
        query: the part of the next address that says what was done.
    """
    key = unmasked(caller_of(request).form_token).encode()
    return hmac.new(key, query.encode(), hashlib.sha256).hexdigest()


def is_proven(request: Request, query: str, proof: str) -> bool:
    """Return whether a form of this session led to this page, and not a link made by others.

    Args:
        request: the request for the page.
        query: the part of its address that says what was done.
        proof: the proof in its address.
    """
    has_key = bool(caller_of(request).form_token)
    return has_key and are_equal(proof_of(request, query), proof)
