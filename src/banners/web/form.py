"""The form that asks for a campaign id, alone or with what went wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from banners.model import Quarter
from banners.web.clock import quarter_of

MOST_OFFERED = 200
"""So many campaigns the form offers at most: each is sent with every form."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form.

    Args:
        templates: the pages' templates.
        known: tells the ids of the campaigns that have a lineup in a quarter, sorted, as far as
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
        """Write the form.

        Args:
            request: what is answered.
            status: of the answer.
            problem: what went wrong (banners.web.problems.Problem); None for nothing.
            entered: what stands in its field.
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
