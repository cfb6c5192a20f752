"""What the pages of the catalogue share: how they are written, and what is read from forms."""

import logging
import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from banners.catalogue.versions import MadeVersion
from banners.core.addresses import Route, Site
from banners.core.catalogue import State
from banners.core.model import ID_PATTERN, parse_campaign_id
from banners.errors import EditOvertaken, StoreError, UnknownVersion
from banners.web.catalogue.editing import Action, Editing, Opened
from banners.web.catalogue.forms import Fields
from banners.web.http.caller import caller_of
from banners.web.http.multipart import SentForm, read_form
from banners.web.operators.sign_ins import FORM_FIELD, check_form

_LOG = logging.getLogger(__name__)

Done = Annotated[str, Query(pattern="^[0-9]{1,18}$")]
"""The number of the version that a change has just made."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Writes the pages of a campaign in the catalogue.

    Args:
        editing: looks up and changes the catalogue.
        templates: the pages' templates.
        site: the application as others reach it.
    """

    editing: Editing
    templates: Jinja2Templates
    site: Site

    def show(
        self,
        request: Request,
        template: str,
        opened: Opened,
        *,
        status: int = 200,
        done: str = "0",
        overtaken: EditOvertaken | None = None,
        **more: Any,
    ) -> Response:
        """Return one of the pages.

        Args:
            request: the request.
            template: the name of the template.
            opened: the campaign.
            status: the HTTP status.
            done: the number of the version that a change has just made; 0 for none.
            overtaken: what somebody else has changed, if that refused a change.
            more: what this template needs besides.
        """
        context = {
            "opened": opened,
            "campaign": opened.campaign,
            "campaign_id": opened.campaign_id,
            "second": self.editing.second,
            "zone": self.editing.zone,
            "State": State,
            "done": self._done(int(done)),
            "overtaken": overtaken,
            "fields": {},
            "faults": {},
            **more,
        }
        return self.templates.TemplateResponse(request, template, context, status_code=status)

    def open(self, campaign: str) -> Opened:
        """Look at a campaign, given its id as text.

        Raises:
            InvalidCampaignId: the text is not an id.
            NotInCatalogue: the catalogue does not have it.
        """
        return self.editing.open(parse_campaign_id(campaign))

    def after(self, made: MadeVersion, campaign_id: int) -> Response:
        """Lead to the campaign's banners, where the page says what happened.

        Where the change took the campaign itself out of the catalogue, lead to the list.
        """
        is_left = self.editing.catalogue.campaign(made.version, campaign_id) is not None
        route = Route.CATALOGUE if is_left else Route.CAMPAIGNS
        address = self.site.at(route, campaign_id=campaign_id)
        return RedirectResponse(f"{address}?done={made.version.number}", status_code=303)

    def _done(self, number: int) -> MadeVersion | None:
        try:
            return self.editing.catalogue.version(number) if number else None
        except UnknownVersion:
            return None


def by(request: Request) -> str:
    """Return who makes a change, for the history."""
    return caller_of(request).name or "an operator"


def seen(fields: Fields) -> int:
    """Return the version that a form was made from."""
    text = fields.get("seen", "")
    return int(text) if re.fullmatch(ID_PATTERN, text) else 0


def action_of(fields: Fields) -> Action:
    """Return what the button of a form does.

    Raises:
        HTTPException: there is no such button.
    """
    name = fields.get("action", "")
    if name not in set(Action):
        raise HTTPException(400, f"The form does not say what to do; it may be {', '.join(Action)}")
    return Action(name)


async def checked_files(request: Request) -> SentForm:
    """Read a form with files that a page of this session has sent.

    Raises:
        UnknownForm: it did not come from there.
    """
    sent = await read_form(request)
    check_form(request, sent.fields.get(FORM_FIELD, ""))
    return sent


def could_not_be_kept(error: StoreError) -> Fields:
    """Return what to say beside the field of an image that could not be kept; log the reason."""
    _LOG.error("An uploaded image cannot be kept: %s", error)
    return {
        "image": "The image could not be kept, and nothing was changed; the log says why. "
        "Try again, or ask whoever runs the server."
    }
