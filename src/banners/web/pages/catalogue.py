"""The page on which operators see, add, pause and end a campaign's banners."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from banners.core.addresses import Route
from banners.core.model import parse_campaign_id
from banners.errors import EditOvertaken, StoreError
from banners.reports.figures import percent
from banners.web.catalogue.editing import Opened
from banners.web.catalogue.forms import Faulty, Fields
from banners.web.catalogue.shown_now import ShownNow
from banners.web.http.clock import quarter_of
from banners.web.http.multipart import SentForm
from banners.web.http.parameters import CampaignId
from banners.web.operators.forms import CheckedForm
from banners.web.pages.editing import (
    Done,
    Pages,
    action_of,
    by,
    checked_files,
    could_not_be_kept,
    seen,
)

_PAGE = "catalogue.html"


@dataclass(frozen=True, slots=True)
class _Tab:
    """Writes the page, and does what its forms ask for.

    Args:
        pages: writes the pages.
        shown_now: says what visitors see now.
    """

    pages: Pages
    shown_now: ShownNow

    def show(self, request: Request, opened: Opened, **more: Any) -> Response:
        """Show a campaign's banners, each with how often visitors see it."""
        second = self.pages.editing.second
        try:
            shares = self.shown_now.shares(opened.campaign, quarter_of(request), second)
        except StoreError:
            shares = None
        return self.pages.show(request, _PAGE, opened, shares=shares, percent=percent, **more)

    def switch(
        self, request: Request, opened: Opened, banner_id: int | None, fields: Fields
    ) -> Response:
        """Do what a button says, with a banner or with the campaign."""
        action, version, name = action_of(fields), seen(fields), by(request)
        try:
            made = self.pages.editing.switch(opened, banner_id, action, seen=version, by=name)
        except EditOvertaken as error:
            again = self.pages.editing.open(opened.campaign_id)
            return self.show(request, again, status=409, overtaken=error)
        return self.pages.after(made, opened.campaign_id)

    def add(self, request: Request, opened: Opened, sent: SentForm) -> Response:
        """Add a banner for each uploaded image."""
        try:
            made = self.pages.editing.add_banners(opened, sent.fields, sent.files, by=by(request))
        except Faulty as error:
            faults = error.faults
        except StoreError as error:
            faults = could_not_be_kept(error)
        else:
            return self.pages.after(made, opened.campaign_id)
        return self.show(request, opened, status=400, fields=sent.fields, faults=faults)


def routes(pages: Pages, shown_now: ShownNow) -> APIRouter:
    """Return the routes of a campaign's banners.

    Args:
        pages: writes the pages.
        shown_now: says what visitors see now.
    """
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    tab = _Tab(pages, shown_now)

    @router.get(Route.CATALOGUE)
    def banners(request: Request, campaign_id: CampaignId, done: Done = "0") -> Response:
        """Show a campaign's banners."""
        return tab.show(request, pages.open(campaign_id), done=done)

    @router.post(Route.CATALOGUE)
    def switch_campaign(request: Request, campaign_id: CampaignId, fields: CheckedForm) -> Response:
        """Pause, resume or end a campaign."""
        return tab.switch(request, pages.open(campaign_id), None, fields)

    @router.post(Route.CATALOGUE_STATE)
    def switch_banner(
        request: Request, campaign_id: CampaignId, banner_id: CampaignId, fields: CheckedForm
    ) -> Response:
        """Pause, resume, end or remove a banner."""
        opened = pages.open(campaign_id)
        return tab.switch(request, opened, parse_campaign_id(banner_id), fields)

    @router.post(Route.CATALOGUE_BANNERS)
    async def add_banners(request: Request, campaign_id: CampaignId) -> Response:
        """Add a banner for each uploaded image."""
        sent = await checked_files(request)
        opened = await run_in_threadpool(pages.open, campaign_id)
        return await run_in_threadpool(tab.add, request, opened, sent)

    return router
