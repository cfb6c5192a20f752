"""The forms of operators' pages, which only those pages can send."""

from typing import Annotated

from fastapi import Depends, Request

from banners.web.http.posted_form import posted_form
from banners.web.operators.sign_ins import FORM_FIELD, check_form


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
