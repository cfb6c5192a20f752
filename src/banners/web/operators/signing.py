"""Signs what clients keep and send back: sessions, sign-in links and the tokens of forms.

All signatures are those of itsdangerous (HMAC with SHA-256), each kind with a salt of its own, so
that none can be taken for one of another kind.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, Signer, TimestampSigner, URLSafeTimedSerializer

SESSION_SECONDS = 12 * 3600
"""Seconds for which a session is valid."""

LINK_SECONDS = 600
"""Seconds for which a sign-in link is valid."""

SKEW_SECONDS = 60
"""Seconds by which the clock may be behind the one that signed: that of another host, or its own
before it was set back."""

_LONGEST = 1_000
_NONCE_BYTES = 16
_OPTIONS: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class Signed:
    """What a session or a link says.

    Args:
        name: the operator.
        mark: the mark of the operator's password when it was signed.
        nonce: a random text of its own.
    """

    name: str
    mark: str
    nonce: str


class Signing:
    """Signs and checks with one key.

    Args:
        key: the secret key.
        clock: returns the time in seconds since 1970.
    """

    def __init__(self, key: str, clock: Callable[[], float] = time.time) -> None:
        class Clocked(TimestampSigner):
            def get_timestamp(self) -> int:
                return int(clock())

        def serializer(salt: str) -> URLSafeTimedSerializer:
            return URLSafeTimedSerializer(key, salt=salt, signer=Clocked, signer_kwargs=_OPTIONS)

        self._clock = clock
        self._sessions = serializer("banners session")
        self._links = serializer("banners link")
        self._marks = Signer(key, salt="banners password", **_OPTIONS)
        self._forms = Signer(key, salt="banners form", **_OPTIONS)

    def mark(self, password: bytes) -> str:
        """Return the mark of a password in a session, from which the password cannot be found."""
        return self._marks.get_signature(password).decode()

    def session(self, name: str, mark: str) -> str:
        """Return a new session of an operator.

        Args:
            name: the operator.
            mark: the mark of its password.
        """
        return self._sessions.dumps([name, mark, new_nonce()])

    def read_session(self, text: str) -> Signed | None:
        """Return what a session says; None if it is forged or has expired."""
        return self._read(self._sessions, text, SESSION_SECONDS)

    def link(self, name: str, mark: str) -> str:
        """Return a new token for a sign-in link; its arguments are those of a session."""
        return self._links.dumps([name, mark, new_nonce()])

    def read_link(self, text: str) -> Signed | None:
        """Return what the token of a link says; None if it is forged or has expired."""
        return self._read(self._links, text, LINK_SECONDS)

    def form_token(self, nonce: str) -> str:
        """Return what a form must contain that belongs to a session or a cookie.

        Args:
            nonce: the random text of the session or of the cookie.
        """
        return self._forms.get_signature(nonce).decode()

    def _read(
        self, serializer: URLSafeTimedSerializer, text: str, most_seconds: int
    ) -> Signed | None:
        if len(text) > _LONGEST:
            return None
        try:
            # Its own check of the age refuses whatever was signed a moment later than now.
            content, signed_at = serializer.loads(text, return_timestamp=True)
        except BadData:
            return None
        age = int(self._clock()) - signed_at.timestamp()
        return Signed(*content) if -SKEW_SECONDS <= age <= most_seconds else None


def new_nonce() -> str:
    """Return a new random text."""
    return secrets.token_urlsafe(_NONCE_BYTES)


def masked(token: str) -> str:
    """Return the token of a form as a page contains it: written differently each time.

    If it were always the same text, somebody could guess it from the sizes of compressed pages that
    also repeat text of their address (https://www.breachattack.com/, "masking secrets").
    """
    mask = secrets.token_bytes(len(token))
    return base64.urlsafe_b64encode(mask + _xor(mask, token.encode())).decode()


def unmasked(text: str) -> str:
    """Return the token of a form that a page contained; empty if the text is not a masked token."""
    try:
        found = base64.b64decode(text[:_LONGEST], altchars=b"-_", validate=True)
        half = len(found) // 2
        return _xor(found[:half], found[half:]).decode("ascii")
    except (binascii.Error, ValueError):
        return ""


def _xor(mask: bytes, text: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(mask, text, strict=False))


def are_equal(first: str, second: str) -> bool:
    """Return whether two texts are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(first.encode(), second.encode())
