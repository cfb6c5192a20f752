"""Keeps the uploaded images of banners: a banner has one, whatever campaigns have it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from banners.catalogue.edits import Campaigns
from banners.catalogue.versions import Edit
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.errors import EditOvertaken
from banners.store.read.catalogue_rows import Run, is_in
from banners.store.schema import CATALOGUE_BANNERS


def refuse_two_images(run: Run, version: int, edits: Sequence[Edit], after: Campaigns) -> None:
    """Refuse edits that leave a banner with different images in different campaigns.

    An image is asked for by the id of its banner alone. Two people who add banners at the same
    moment may have chosen the same id.

    Args:
        run: runs the queries.
        version: the number of the version in force.
        edits: the edits.
        after: the campaigns that they name, by id, as they will be.

    Raises:
        EditOvertaken: a banner would have two images.
    """
    new = {
        edit.new.banner_id: edit.new.image
        for edit in edits
        if isinstance(edit.new, CatalogueBanner)
    }
    columns = CATALOGUE_BANNERS.c
    rows = run(
        sa.select(columns.campaign_id, columns.banner_id, columns.image).where(
            is_in(CATALOGUE_BANNERS, version),
            columns.banner_id.in_(new),
            columns.campaign_id.not_in(after),
        )
    )
    there = [(row.campaign_id, row.banner_id, row.image) for row in rows] + [
        (campaign.campaign_id, banner.banner_id, banner.image)
        for campaign in after.values()
        for banner in campaign.banners
    ]
    others = [
        f"Campaign {campaign_id} has banner {banner_id} with another image."
        for campaign_id, banner_id, image in there
        if new.get(banner_id, image) != image
    ]
    if others:
        raise EditOvertaken(others)


def with_images(
    run: Run, version: int, campaigns: Iterable[CatalogueCampaign]
) -> Iterator[CatalogueCampaign]:
    """Give banners their uploaded images back, which files do not name.

    Args:
        run: runs the queries.
        version: the number of the version that has the images.
        campaigns: the campaigns of the files.
    """
    columns = CATALOGUE_BANNERS.c
    rows = run(
        sa.select(columns.campaign_id, columns.banner_id, columns.image).where(
            is_in(CATALOGUE_BANNERS, version), columns.image != ""
        )
    )
    own: Mapping[tuple[int, int], str] = {
        (row.campaign_id, row.banner_id): row.image for row in rows
    }
    # The image of a banner that is new to a campaign is the one that it has elsewhere.
    elsewhere: Mapping[int, str] = {row.banner_id: row.image for row in rows}
    for campaign in campaigns:
        banners = [
            replace(
                banner,
                image=own.get((campaign.campaign_id, banner.banner_id))
                or elsewhere[banner.banner_id],
            )
            if banner.banner_id in elsewhere and not banner.image
            else banner
            for banner in campaign.banners
        ]
        yield replace(campaign, banners=tuple(banners))
