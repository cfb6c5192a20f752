"""Who sent a request, passed on with the request."""

from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import HTTPConnection
from starlette.types import Scope


class Role(StrEnum):
    """What somebody who signed in may do."""

    OPERATOR = "operator"
    """Everything."""
    READER = "reader"
    """See the reports of the campaigns listed, and nothing else."""


class Proof(StrEnum):
    """How the sender of a request has shown who it is."""

    NONE = "none"
    SESSION = "session"
    BEARER = "bearer"
    BASIC = "basic"
    OPEN = "open"
    """Not at all: everybody is an operator, by a setting."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request.

    Args:
        name: the name to show; empty for visitors, and where operators need not sign in.
        role: what it may do; None for visitors.
        campaigns: the ids of the campaigns that it may see; None for all of them.
        proof: how it has shown who it is.
        form_token: what its forms contain so that forged forms are refused, written differently
            each time; empty if pages have none.
    """

    name: str = ""
    role: Role | None = None
    campaigns: frozenset[int] | None = frozenset()
    proof: Proof = Proof.NONE
    form_token: str = ""

    @property
    def is_operator(self) -> bool:
        """Whether it may do everything."""
        return self.role is Role.OPERATOR

    def may_see(self, campaign_id: int) -> bool:
        """Return whether it may see the figures of a campaign."""
        return self.campaigns is None or campaign_id in self.campaigns


VISITOR = Caller()
"""Somebody who has not signed in."""

EVERYBODY = Caller("", Role.OPERATOR, None, Proof.OPEN)
"""Anybody, where operators need not sign in."""


def pass_on(scope: Scope, caller: Caller) -> None:
    """Note the sender of a request in its scope (ASGI)."""
    scope.setdefault("state", {})["caller"] = caller


def caller_of(request: HTTPConnection) -> Caller:
    """Return the sender of a request; a visitor if nobody has found out yet."""
    found: Caller = getattr(request.state, "caller", VISITOR)
    return found
