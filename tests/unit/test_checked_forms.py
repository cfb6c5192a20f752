"""A form must come from a page of this site, unless no browser could have sent it."""

from contextlib import nullcontext

import pytest
from starlette.requests import Request

from banners.errors import UnknownForm
from banners.web.http.caller import EVERYBODY, Caller, Proof, pass_on
from banners.web.operators.sign_ins import check_form

SIGNED_IN = Caller("anna", EVERYBODY.role, None, Proof.SESSION)


@pytest.mark.parametrize(
    ("caller", "authorization", "is_accepted"),
    [
        (EVERYBODY, b"Bearer anything", True),
        (EVERYBODY, b"Basic YTpi", False),
        (EVERYBODY, b"", False),
        (SIGNED_IN, b"Bearer anything", False),
    ],
)
def test_where_everybody_is_an_operator_a_program_needs_no_token_of_a_form(
    caller: Caller, authorization: bytes, is_accepted: bool
) -> None:
    scope = {"type": "http", "headers": [(b"authorization", authorization)]}
    pass_on(scope, caller)
    with nullcontext() if is_accepted else pytest.raises(UnknownForm):
        check_form(Request(scope), "")
