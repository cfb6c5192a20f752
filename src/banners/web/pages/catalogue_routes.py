"""All pages on which operators edit the catalogue."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter

from banners.reports.reader import KeptQuarter
from banners.web.catalogue.shown_now import ShownNow
from banners.web.hot.sizes import Sizes
from banners.web.pages import (
    catalogue,
    catalogue_banner,
    catalogue_campaign,
    catalogue_image,
    embed,
    history,
)
from banners.web.pages.editing import Pages
from banners.web.pages.home import Home


def to_edit(
    pages: Pages | None,
    sizes: Sizes,
    kept: Callable[[], Sequence[KeptQuarter]],
    home: Home | None,
    shown_now: ShownNow,
) -> APIRouter:
    """Return the routes of these pages; none without a catalogue to edit.

    Args:
        pages: writes the pages; None without a catalogue.
        sizes: the sizes of the banners' images.
        kept: returns the kept generations.
        home: knows whether there is a catalogue, and whether anything is published.
        shown_now: says what visitors see now.
    """
    router = APIRouter()
    if pages and home:
        router.include_router(catalogue_image.routes(pages.editing.images))
        router.include_router(catalogue.routes(pages, shown_now))
        router.include_router(catalogue_campaign.routes(pages, home.hides_published))
        router.include_router(catalogue_banner.routes(pages))
        router.include_router(embed.routes(pages, sizes))
        router.include_router(history.routes(pages, kept))
    return router
