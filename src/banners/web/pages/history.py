"""What people changed of a campaign, and what was published, the newest first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import escape

from banners.catalogue.sentences import sentence
from banners.catalogue.versions import CampaignChange
from banners.core.addresses import Route
from banners.core.model import Quarter
from banners.errors import CatalogueError, StoreError, listed
from banners.reports.reader import KeptQuarter
from banners.web.catalogue.editing import Opened
from banners.web.http.parameters import CampaignId
from banners.web.operators.forms import CheckedForm
from banners.web.pages.editing import Pages, by, seen

MOST_CHANGES = 100
"""Maximum number of changes that the page shows."""

MOST_BYTES = 35_000
"""Maximum number of bytes of all sentences on the page, which stays below 100 kB with the rest."""

_PAGE = "catalogue_history.html"


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened.

    Args:
        at: when, in the configured zone.
        by: who changed something; empty if something was published.
        sentences: what changed.
        version: the version of the catalogue that a change made; None if something was published.
        in_force: whether nothing has been changed, or published, since.
    """

    at: datetime
    by: str
    sentences: Sequence[str]
    version: int | None
    in_force: bool


def routes(pages: Pages, kept: Callable[[], Sequence[KeptQuarter]]) -> APIRouter:
    """Return the routes of a campaign's history.

    Args:
        pages: writes the pages.
        kept: returns the kept generations.
    """
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    editing = pages.editing

    def show(request: Request, opened: Opened, *, status: int = 200, refused: str = "") -> Response:
        changes = editing.catalogue.history(opened.campaign_id, most=MOST_CHANGES)
        happened = [*map(changed, changes), *published()]
        happened.sort(key=lambda each: each.at, reverse=True)
        fitting = list(_fitting(happened))
        return pages.show(
            *(request, _PAGE, opened),
            status=status,
            refused=refused,
            happened=fitting,
            is_cut=len(changes) == MOST_CHANGES or len(fitting) < len(happened),
        )

    def changed(change: CampaignChange) -> Happened:
        made = change.made
        return Happened(
            at=datetime.fromisoformat(made.version.stamp).astimezone(editing.zone),
            by=made.by,
            sentences=[sentence(each, editing.zone) for each in change.differences],
            version=made.version.number,
            in_force=made.in_force,
        )

    def published() -> Iterator[Happened]:
        try:
            found = sorted(kept(), key=lambda each: each.generation)
        except StoreError:
            return
        for number, quarters in groupby(found, lambda each: each.generation):
            of_generation = sorted(quarters, key=lambda each: each.quarter)
            at = max(datetime.fromisoformat(each.published_at) for each in of_generation)
            which = listed(each.quarter for each in of_generation)
            if len(of_generation) == len(Quarter):
                which = "all four quarters"
            yield Happened(
                at=at.astimezone(editing.zone),
                by="",
                sentences=[f"Generation {number} was published, for {which} of the hour."],
                version=None,
                in_force=any(each.served for each in of_generation),
            )

    @router.get(Route.CATALOGUE_HISTORY)
    def history(request: Request, campaign_id: CampaignId) -> Response:
        """Show what happened."""
        return show(request, pages.open(campaign_id))

    @router.post(Route.CATALOGUE_HISTORY)
    def undo(request: Request, campaign_id: CampaignId, fields: CheckedForm) -> Response:
        """Take back what one version changed."""
        opened = pages.open(campaign_id)
        try:
            made = editing.writer.undo(seen({"seen": fields.get("undo", "")}), by=by(request))
        except CatalogueError as error:
            return show(request, opened, status=409, refused=str(error))
        return pages.after(made, opened.campaign_id)

    return router


def _fitting(happened: Sequence[Happened]) -> Iterator[Happened]:
    """Yield what fits on the page; of the last one, perhaps not all sentences."""
    left = MOST_BYTES
    for each in happened:
        shown = []
        for line in each.sentences:
            left -= len(str(escape(line)).encode())
            if left < 0:
                break
            shown.append(line)
        if more := len(each.sentences) - len(shown):
            if shown:
                yield replace(each, sentences=[*shown, f"And {more:,} more."])
            return
        yield each
