"""Rolls back to a generation that is kept, and releases quarters, from the status page."""

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from banners.core.addresses import Route, Site
from banners.core.model import Quarter
from banners.errors import RollbackError, StoreError
from banners.reports.reader import KeptQuarter
from banners.web.http.caller import caller_of
from banners.web.operators.forms import CheckedForm, is_proven, proof_of

_LOG = logging.getLogger(__name__)

_PROOF = "&proof="
_NUMBER = re.compile("[1-9][0-9]{0,17}")
_ROLL_BACK = re.compile("([1-9][0-9]{0,17})-([1-4]{1,4})")
_UNDO = re.compile("([1-9][0-9]{0,17})-([1-9][0-9]{0,17})-([1-4]{1,4})")


class Rollbacks(Protocol):
    """Changes which generations are live."""

    def look(self) -> None:
        """Read again which generations are kept: another worker may have changed what is live."""
        ...

    def roll_back(
        self, quarters: Collection[Quarter], to: int, *, undoes: int | None = None
    ) -> Mapping[Quarter, tuple[int, int]]:
        """Make a generation live in some quarters, all of them or none.

        Args:
            quarters: the quarters.
            to: the number of the generation.
            undoes: to undo a rollback, the number of the generation that it made live; the quarters
                are then released. None to roll back, and to hold them if the loop publishes.

        Returns:
            For each quarter, the number that was live and the number that is live now.

        Raises:
            RollbackError: there is no such generation, or another one has become live since that
                rollback; nothing was changed.
            StoreError: the database cannot be changed.
        """
        ...

    def release(self, quarters: Collection[Quarter]) -> None:
        """Let the loop publish in quarters again that a rollback holds.

        Raises:
            RollbackError: one of them is not held; nothing was changed.
            StoreError: the database cannot be changed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Undo:
    """Undoes a rollback, as long as nothing else has become live since.

    Args:
        to: the generation that was live before.
        live: the generation that was made live.
        quarters: the quarters in which it was.
    """

    to: int
    live: int
    quarters: Collection[Quarter]

    def __str__(self) -> str:
        """Return it as the page sends it."""
        return f"{self.to}-{self.live}-{quarters_sent(self.quarters)}"


@dataclass(frozen=True, slots=True)
class Notice:
    """The message about a change that was made.

    Args:
        text: what has happened, as sentences.
        undo: how to undo it; None if one step cannot undo it.
    """

    text: str
    undo: Undo | None = None


def notice_of(request: Request) -> Notice | None:
    """Return the message about the change that led to this page; None if there was no change."""
    said, _, proof = request.url.query.partition(_PROOF)
    if not is_proven(request, said, proof):
        return None
    asked = request.query_params
    if (now := _number(asked.get("live", ""))) is not None:
        return Notice(
            f"Generation {now} was made live; visitors see it within two seconds. Where the loop "
            "publishes, it publishes nothing in these quarters until you release them.",
            _undo(asked.get("undo", "")),
        )
    if (now := _number(asked.get("undone", ""))) is not None:
        return Notice(
            f"Generation {now} is live again; visitors see it within two seconds. The loop "
            "publishes as before."
        )
    if (number := _number(asked.get("released", ""))) in set(Quarter):
        return Notice(f"Quarter {number} was released: the loop publishes in it again.")
    return None


def quarters_sent(quarters: Collection[int]) -> str:
    """Return quarters as the page sends them, such as ``134``."""
    return "".join(str(int(each)) for each in sorted(quarters))


@dataclass(frozen=True, slots=True)
class _Changes:
    """Makes the change that a button stands for, in the quarters that the page named beside it.

    Args:
        rollbacks: changes which generations are live.
        kept: returns the kept generations.
    """

    rollbacks: Rollbacks
    kept: Callable[[], Sequence[KeptQuarter]]

    def make(self, fields: Mapping[str, str]) -> str:
        """Make the change, and return the query for the page that reports it.

        Raises:
            RollbackError: nothing was changed.
            StoreError: the database cannot be changed.
        """
        self.rollbacks.look()
        if sent := _ROLL_BACK.fullmatch(fields.get("roll_back", "")):
            return self._roll_back(int(sent[1]), _quarters(sent[2]))
        if undo := _undo(fields.get("undo", "")):
            self.rollbacks.roll_back(undo.quarters, undo.to, undoes=undo.live)
            return f"undone={undo.to}"
        if (number := _number(fields.get("release", ""))) in set(Quarter):
            self.rollbacks.release([Quarter(number)])
            return f"released={number}"
        raise RollbackError("The form does not say what to do.")

    def _roll_back(self, to: int, quarters: Collection[Quarter]) -> str:
        kept_in = {each.quarter for each in self.kept() if each.generation == to}
        found = [each for each in quarters if each in kept_in and self._live().get(each) != to]
        if not found:
            raise RollbackError(f"Generation {to} is live already, or is not kept any more.")
        held = self._held()
        changed = self.rollbacks.roll_back(found, to)
        before = {number for number, _ in changed.values()}
        # To undo it, these quarters are released, so they must not have been held before.
        if len(before) == 1 and not held & set(changed):
            return f"live={to}&undo={Undo(before.pop(), to, changed)}"
        return f"live={to}"

    def _live(self) -> Mapping[int, int]:
        return {each.quarter: each.generation for each in self.kept() if each.served}

    def _held(self) -> set[Quarter]:
        return {Quarter(each.quarter) for each in self.kept() if each.held_since}


def routes(
    rollbacks: Rollbacks,
    kept: Callable[[], Sequence[KeptQuarter]],
    show: Callable[[Request, int, str], Response],
    site: Site,
) -> APIRouter:
    """Build the route that the forms of the status page are sent to.

    Args:
        rollbacks: changes which generations are live.
        kept: returns the kept generations.
        show: returns the status page with a status code and the reason why nothing was changed.
        site: the application as others reach it.
    """
    router = APIRouter(include_in_schema=False)
    changes = _Changes(rollbacks, kept)

    @router.post(Route.LIVE)
    def change(request: Request, fields: CheckedForm) -> Response:
        """Make another generation live, or release a quarter."""
        try:
            said = changes.make(fields)
        except RollbackError as error:
            return show(request, 409, str(error))
        except StoreError as error:
            _LOG.error("What is live cannot be changed: %s", error)
            return show(
                request,
                503,
                "The web application may not change the database, or cannot reach it; the log says "
                "which. Use this command on the host of the job: banners rollback",
            )
        _LOG.warning("%s has changed what is live: %s", caller_of(request).name or "Somebody", said)
        address = f"{site.at(Route.STATUS)}?{said}{_PROOF}{proof_of(request, said)}"
        return RedirectResponse(address, status_code=303)

    return router


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _undo(text: str) -> Undo | None:
    sent = _UNDO.fullmatch(text)
    return Undo(int(sent[1]), int(sent[2]), _quarters(sent[3])) if sent else None


def _quarters(digits: str) -> list[Quarter]:
    return [Quarter(int(each)) for each in sorted(set(digits))]
