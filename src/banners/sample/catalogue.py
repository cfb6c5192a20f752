"""Makes a sample's catalogue: names and landing pages of its campaigns and banners."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path

from banners.core.catalogue import BANNERS, CAMPAIGNS, CatalogueBanner, CatalogueCampaign
from banners.sample.events import SampleSpec, errors_translated, open_engine
from banners.sample.examples import EXAMPLES
from banners.sample.manifest import Manifest
from banners.sample.names import banner_name, campaign_name, landing_page

MOST_CAMPAIGNS = 20_000
"""Maximum number of campaigns of a sample that has a catalogue: 50 banners each are a million."""

STARTS = 1_735_689_600
"""When the campaigns start: 2025-01-01 in UTC."""

_ROWS_AT_ONCE = 10_000

WriteFolder = Callable[[Path, Iterable[CatalogueCampaign]], tuple[int, int]]
"""Writes a catalogue into a folder, and returns the number of campaigns and of banners."""


def has_catalogue(spec: SampleSpec) -> bool:
    """Return whether the sample is small enough for a catalogue."""
    return spec.campaigns <= MOST_CAMPAIGNS


def is_catalogue_made(folder: Path) -> bool:
    """Return whether the folder of a sample has a catalogue, that of the sample or another."""
    return all((folder / name).exists() for name in (CAMPAIGNS, BANNERS))


def campaigns(
    spec: SampleSpec, landing_page: Callable[[int, int], str] = landing_page
) -> Iterator[CatalogueCampaign]:
    """Make the catalogue of a sample: its campaigns with all their banners, sorted by id.

    Args:
        spec: the sample; it must have a catalogue.
        landing_page: returns the landing page for the ids of a campaign and a banner.
    """
    for campaign_id, banner_ids in chain(_ordinary(spec), _examples(spec)):
        yield CatalogueCampaign(
            campaign_id=campaign_id,
            name=campaign_name(campaign_id, spec.seed),
            starts=STARTS,
            banners=tuple(
                CatalogueBanner(
                    banner_id=banner_id,
                    name=banner_name(banner_id),
                    landing_url=landing_page(campaign_id, banner_id),
                )
                for banner_id in banner_ids
            ),
        )


def write_catalogue(folder: Path, spec: SampleSpec, write: WriteFolder) -> tuple[int, int]:
    """Write the catalogue of a sample beside the folders of its quarters.

    Args:
        folder: holds the events of the same sample.
        spec: the sample; it must have a catalogue.
        write: writes a catalogue into a folder.

    Returns:
        The number of campaigns and of banners.

    Raises:
        SampleError: there are other files of these names, or the folder cannot be written to.
    """
    with errors_translated(folder):
        manifest = Manifest.read(folder)
        manifest.check_no_other_files()
        with tempfile.TemporaryDirectory(prefix=".catalogue-", dir=folder) as part:
            counts = write(Path(part), campaigns(spec))
            for name in (CAMPAIGNS, BANNERS):
                manifest = manifest.with_file(name, (Path(part) / name).stat().st_size)
            manifest.write()
            for name in (CAMPAIGNS, BANNERS):
                (Path(part) / name).replace(folder / name)
    return counts


def _ordinary(spec: SampleSpec) -> Iterator[tuple[int, list[int]]]:
    """Return the banners of each campaign that is not an example."""
    with open_engine(spec) as engine:
        found = engine.execute("FROM banners_of_campaigns")
        batches = iter(lambda: found.fetchmany(_ROWS_AT_ONCE), [])
        rows = chain.from_iterable(batches)
        for campaign_id, of_campaign in groupby(rows, key=itemgetter(0)):
            yield campaign_id, [banner_id for _, banner_id in of_campaign]


def _examples(spec: SampleSpec) -> Iterator[tuple[int, list[int]]]:
    """Return the banners of each example, if the sample has examples."""
    if not spec.has_own_banners:
        for campaign_id, banners in sorted(EXAMPLES.items()):
            yield campaign_id, sorted(each.banner_id for each in banners)
