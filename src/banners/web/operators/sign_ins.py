"""Finds out who sent a request, and starts and ends sessions."""

import base64
import binascii
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, NoReturn

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from banners.core.addresses import Site
from banners.errors import UnknownForm, WrongPassword
from banners.web.http.caller import EVERYBODY, Caller, Proof, caller_of
from banners.web.http.client_address import client_address
from banners.web.http.problems import is_for_programs
from banners.web.operators.audience import Audience
from banners.web.operators.delays import Delays
from banners.web.operators.password_lines import Operator
from banners.web.operators.passwords import Marked, Passwords
from banners.web.operators.signing import SESSION_SECONDS, Signing, are_equal, masked, unmasked

_LOG = logging.getLogger(__name__)

SESSION_COOKIE = "banners_session"
"""Name of the cookie that holds a session."""

FORM_COOKIE = "banners_form"
"""Name of the cookie that the forms of somebody without a session belong to."""

FORM_FIELD = "form_token"
"""Name of the field that every form has which changes something."""

_LONGEST_NONCE = 64
_NOBODYS = {Audience.EVERYBODY, Audience.WITH_KEY}


class _Sent(NamedTuple):
    """A name and a password, as a program sent them.

    Args:
        name: the name; empty if only the password was sent.
        password: the password, in UTF-8.
        proof: how it was sent.
    """

    name: str
    password: bytes
    proof: Proof


@dataclass(frozen=True, slots=True)
class SignIns:
    """Who may sign in, and who has.

    Args:
        passwords: who may sign in; None if everybody is an operator.
        signing: signs sessions and the tokens of forms.
        delays: hold back the answers to wrong passwords.
        site: the application as others reach it.
    """

    passwords: Passwords | None
    signing: Signing
    delays: Delays
    site: Site

    @property
    def is_open(self) -> bool:
        """Whether everybody is an operator."""
        return self.passwords is None

    def complaints(self) -> list[str]:
        """Return sentences on what is wrong with the passwords; often there are none."""
        if self.passwords is None:
            return []
        found = (self.passwords.fault, self.passwords.warning)
        return [each for each in found if each]

    def look(self) -> None:
        """Read the passwords again if their file has changed."""
        if self.passwords:
            self.passwords.look()

    async def caller(self, scope: Scope, audience: Audience, nonce: str = "") -> Caller:
        """Return who sent a request (ASGI).

        Passwords are only looked at where one is needed: visitors' addresses ignore them.

        Args:
            scope: the request.
            audience: who may use its address.
            nonce: what the forms of somebody without a session belong to; empty for no forms.

        Raises:
            WrongPassword: no operator has the password that was sent; raised after a delay. A page
                is then asked for by nobody, if the password was sent as Basic.
            TooManyWrongPasswords: in its place, where many others wait.
        """
        token = masked(self.signing.form_token(nonce)) if nonce else ""
        if self.passwords is None:
            return replace(EVERYBODY, form_token=token)
        sent = None if audience in _NOBODYS else _sent(scope["headers"])
        if sent:
            found = self.passwords.find(sent.name, sent.password)
            if found:
                return _as_caller(found.operator, sent.proof)
        # A proxy with passwords of its own sends them along, so a session counts as well.
        if caller := self._by_session(self.passwords, scope):
            return caller
        if sent and sent.proof is Proof.BASIC and not is_for_programs(scope["path"]):
            # Perhaps that of the proxy itself, which says nothing about whoever reads the page.
            await self.delays.hold_back_new(client_address(scope), sent.name, sent.password)
        elif sent:
            await self.refuse_password(scope)
        return Caller(form_token=token)

    def is_operator(self, headers: Sequence[tuple[bytes, bytes]]) -> bool:
        """Return whether a request comes from the session of an operator; passwords do not count.

        Args:
            headers: names in lower case, and values.
        """
        if self.passwords is None:
            return True
        caller = self._by_session(self.passwords, {"type": "http", "headers": headers})
        return caller is not None and caller.is_operator

    async def refuse_password(self, scope: Scope) -> NoReturn:
        """Raise the error that answers a wrong password, after a delay.

        Raises:
            WrongPassword: always, except where many others wait.
            TooManyWrongPasswords: in its place.
        """
        await self.delays.hold_back(client_address(scope))
        raise WrongPassword

    def start(self, response: Response, marked: Marked) -> None:
        """Start a session of an operator; it replaces any other of the same browser."""
        session = self.signing.session(marked.operator.name, marked.mark)
        self._set_cookie(response, SESSION_COOKIE, session, SESSION_SECONDS)
        self._set_cookie(response, FORM_COOKIE, "", 0)
        _LOG.info("%s has signed in.", marked.operator.name)

    def end(self, response: Response, caller: Caller) -> None:
        """End the session of the browser.

        Args:
            response: the answer.
            caller: whose session it is.
        """
        if caller.proof is Proof.SESSION:
            _LOG.info("%s has signed out.", caller.name)
        self._set_cookie(response, SESSION_COOKIE, "", 0)

    def by_password(self, name: str, password: str) -> Marked | None:
        """Return the operator with a name and a password; None if there is none.

        Args:
            name: the name; empty to go by the password alone.
            password: the password.
        """
        return self.passwords.find(name, password.encode()) if self.passwords else None

    def by_link(self, token: str) -> Marked | None:
        """Return the operator of a sign-in link; None if the link is forged or has expired."""
        signed = self.signing.read_link(token)
        if signed is None or self.passwords is None:
            return None
        operator = self.passwords.with_mark(signed.name, signed.mark)
        return Marked(operator, signed.mark) if operator else None

    def keep_nonce(self, response: Response, nonce: str) -> None:
        """Let the browser keep what the forms of somebody without a session belong to."""
        self._set_cookie(response, FORM_COOKIE, nonce, SESSION_SECONDS)

    def _by_session(self, passwords: Passwords, scope: Scope) -> Caller | None:
        text = Request(scope).cookies.get(SESSION_COOKIE)
        signed = self.signing.read_session(text) if text else None
        operator = passwords.with_mark(signed.name, signed.mark) if signed else None
        if signed is None or operator is None:
            return None
        token = masked(self.signing.form_token(signed.nonce))
        return _as_caller(operator, Proof.SESSION, token)

    def _set_cookie(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=self.site.prefix or "/",
            secure=self.site.is_secure,
            httponly=True,
            samesite="lax",
        )


def sent_nonce(scope: Scope) -> str:
    """Return what the forms of somebody without a session belong to; empty if it was not sent."""
    sent = Request(scope).cookies.get(FORM_COOKIE, "")
    return sent if len(sent) <= _LONGEST_NONCE and sent.isascii() else ""


def check_form(request: Request, token: str) -> None:
    """Check that a form came from a page of this session; programs need not prove this.

    Args:
        request: the request.
        token: the field FORM_FIELD of the form; empty if it has none.

    Raises:
        UnknownForm: it did not.
    """
    caller = caller_of(request)
    if caller.proof is Proof.BEARER:
        return
    if caller.proof is Proof.OPEN and _is_bearer(request.scope["headers"]):
        return  # no form of a browser can have that header
    expected = unmasked(caller.form_token)
    if not (expected and are_equal(expected, unmasked(token))):
        raise UnknownForm


def _as_caller(operator: Operator, proof: Proof, form_token: str = "") -> Caller:
    return Caller(operator.name, operator.role, operator.campaigns, proof, form_token)


def _is_bearer(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    sent = _sent(headers)
    return sent is not None and sent.proof is Proof.BEARER


def _sent(headers: Sequence[tuple[bytes, bytes]]) -> _Sent | None:
    """Return the name and the password of a program; None if it sent none in a known way."""
    value = next((value for name, value in headers if name == b"authorization"), b"")
    scheme, _, text = value.partition(b" ")
    match scheme.lower():
        case b"bearer":
            return _Sent("", text.strip(), Proof.BEARER)
        case b"basic":
            try:
                name, _, password = base64.b64decode(text.strip(), validate=True).partition(b":")
            except binascii.Error:
                return _Sent("", b"", Proof.BASIC)
            return _Sent(name.decode("utf-8", "replace"), password, Proof.BASIC)
        case _:
            return None
