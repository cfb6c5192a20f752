"""The form that asks for a campaign id, alone or with an error."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from banners.core.model import Quarter
from banners.web.http.clock import quarter_of

MOST_OFFERED = 200
"""Maximum number of campaigns that the form suggests, since each is sent with every form."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form.

    Args:
        templates: the pages' templates.
        known: returns the ids of the campaigns that have a lineup in a quarter, sorted, as far as
            they are held in memory.
    """

    templates: Jinja2Templates
    known: Callable[[Quarter], Sequence[int]]

    def answer(
        self,
        request: Request,
        *,
        status: int = 200,
        problem: Any = None,
        entered: str = "",
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Return the form as an answer.

        Args:
            request: the request.
            status: the HTTP status of the answer.
            problem: the error to show (banners.web.http.problems.Problem); None if there is none.
            entered: the initial text of the field.
            headers: further headers of the answer.
        """
        quarter = quarter_of(request)
        context = {
            "quarter": quarter,
            "entered": entered,
            "problem": problem,
            "offered": list(islice(self.known(quarter), MOST_OFFERED)),
        }
        return self.templates.TemplateResponse(
            request, "form.html", context, status_code=status, headers=headers
        )
