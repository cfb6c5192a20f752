"""The pages on which operators add a campaign, and change its name and dates."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from banners.core.addresses import Route
from banners.errors import EditOvertaken
from banners.web.catalogue.forms import Faulty, Fields, written_times
from banners.web.http.parameters import CampaignId
from banners.web.operators.forms import CheckedForm
from banners.web.pages.editing import Pages, by, seen

_PAGE = "catalogue_edit.html"


_NOT_CONFIRMED = (
    "Tick this to confirm it: the campaigns that are published now would no longer be shown. "
    "Or leave this page, and import a whole catalogue."
)


def routes(pages: Pages, hides_published: Callable[[], bool]) -> APIRouter:
    """Return the routes of a campaign itself.

    Args:
        pages: writes the pages.
        hides_published: returns whether the first campaign of a catalogue would hide campaigns
            that are published.
    """
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    editing = pages.editing

    @router.get(Route.NEW_CAMPAIGN)
    def lead_to_campaigns() -> Response:
        """Lead to the list, for whoever shortens the address of a campaign in the catalogue."""
        return RedirectResponse(pages.site.at(Route.CAMPAIGNS), status_code=303)

    @router.post(Route.NEW_CAMPAIGN)
    def add_campaign(request: Request, fields: CheckedForm) -> Response:
        """Add a campaign, and lead to it."""
        name = fields.get("name", "")
        begins = hides_published()
        faults: Fields = {}
        if begins and fields.get("begin") != "yes":
            faults = {"begin": _NOT_CONFIRMED}
        else:
            try:
                campaign_id, made = editing.add_campaign(name, by=by(request))
            except Faulty as error:
                faults = error.faults
            else:
                return pages.after(made, campaign_id)
        context = {"name": name, "faults": faults, "begins_catalogue": begins}
        return pages.templates.TemplateResponse(
            request, "new_campaign.html", context, status_code=400
        )

    @router.get(Route.CATALOGUE_EDIT)
    def edit_campaign(request: Request, campaign_id: CampaignId) -> Response:
        """Show the form that changes the name and the dates of a campaign."""
        opened = pages.open(campaign_id)
        times = written_times(opened.campaign, editing.zone)
        fields = {"name": opened.campaign.name, **times}
        return pages.show(request, _PAGE, opened, fields=fields)

    @router.post(Route.CATALOGUE_EDIT)
    def change_campaign(request: Request, campaign_id: CampaignId, fields: CheckedForm) -> Response:
        """Change the name and the dates of a campaign."""
        opened = pages.open(campaign_id)
        try:
            made = editing.change_campaign(opened, fields, seen=seen(fields), by=by(request))
        except Faulty as error:
            return pages.show(
                *(request, _PAGE, opened), status=400, fields=fields, faults=error.faults
            )
        except EditOvertaken as error:
            again = editing.open(opened.campaign_id)
            return pages.show(*(request, _PAGE, again), status=409, fields=fields, overtaken=error)
        return pages.after(made, opened.campaign_id)

    return router
