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
from banners.web.operators.forms import CheckedForm

_LOG = logging.getLogger(__name__)

_NUMBER = re.compile("[1-9][0-9]{0,17}")


class Rollbacks(Protocol):
    """Changes which generations are live."""

    def roll_back(
        self, quarters: Collection[Quarter], to: int
    ) -> Mapping[Quarter, tuple[int | None, int]]:
        """Make a generation live in some quarters, and hold them if the loop publishes.

        Returns:
            For each quarter, the number that was live and the number that is live now.

        Raises:
            RollbackError: there is no such generation; nothing was changed.
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
class Notice:
    """What a change has done.

    Args:
        text: what has happened, as sentences.
        undo: the generation to go back to, which undoes it; None if there is no one such.
    """

    text: str
    undo: int | None = None


def notice_of(request: Request) -> Notice | None:
    """Return what the change has done that has led to this page; None if none has."""
    asked = request.query_params
    if (now := _number(asked.get("live", ""))) is not None:
        return Notice(
            f"Generation {now} was made live; visitors see it within two seconds. If the loop "
            "publishes here, it publishes nothing in these quarters until you release them.",
            _number(asked.get("before", "")),
        )
    if (number := _number(asked.get("released", ""))) in set(Quarter):
        return Notice(f"Quarter {number} was released: the loop publishes in it again.")
    return None


@dataclass(frozen=True, slots=True)
class _Changes:
    """Does what a button says.

    Args:
        rollbacks: changes which generations are live.
        kept: returns the kept generations.
    """

    rollbacks: Rollbacks
    kept: Callable[[], Sequence[KeptQuarter]]

    def make(self, fields: Mapping[str, str]) -> str:
        """Return what the page is to say afterwards, as the query of its address.

        Raises:
            RollbackError: nothing was changed.
            StoreError: the database cannot be changed.
        """
        if (to := _number(fields.get("roll_back", ""))) is not None:
            held = self._held()
            changed = self._roll_back(to)
            before = {number for number, _ in changed.values()}
            # To undo it, these quarters are released, so they must not have been held before.
            undo = len(before) == 1 and not held & set(changed)
            return f"live={to}" + (f"&before={before.pop()}" if undo else "")
        if (to := _number(fields.get("undo", ""))) is not None:
            changed = self._roll_back(to)
            if held := self._held() & set(changed):
                self.rollbacks.release(held)
            return f"live={to}"
        if (number := _number(fields.get("release", ""))) in set(Quarter):
            self.rollbacks.release([Quarter(number)])
            return f"released={number}"
        raise RollbackError("The form does not say what to do.")

    def _held(self) -> set[Quarter]:
        return {Quarter(each.quarter) for each in self.kept() if each.held_since}

    def _roll_back(self, to: int) -> Mapping[Quarter, tuple[int | None, int]]:
        found = [each for each in self.kept() if each.generation == to and not each.served]
        if not found:
            raise RollbackError(f"Generation {to} is live already, or is not kept any more.")
        return self.rollbacks.roll_back([Quarter(each.quarter) for each in found], to)


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
        show: returns the status page with a status, and why nothing was changed.
        site: the application as others reach it.
    """
    router = APIRouter(include_in_schema=False)
    changes = _Changes(rollbacks, kept)

    @router.post(Route.STATUS)
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
                "The database cannot be changed from here, or cannot be reached; the log says "
                "which. This does the same on the host of the job: banners rollback",
            )
        _LOG.warning("%s has changed what is live: %s", caller_of(request).name or "Somebody", said)
        return RedirectResponse(f"{site.at(Route.STATUS)}?{said}", status_code=303)

    return router


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None
