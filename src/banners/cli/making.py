"""Makes a sample, and shows the progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress

from banners.catalogue.export import write_folder
from banners.cli.streams import echo
from banners.cli.terminal import can_move, console
from banners.errors import readable
from banners.sample.catalogue import MOST_CAMPAIGNS, has_catalogue, write_catalogue
from banners.sample.events import SampleSpec, banner_ids, event_files, write_events
from banners.sample.images import MOST_IMAGES, write_images
from banners.settings import Settings


def make_sample(settings: Settings, folder: Path, spec: SampleSpec) -> int:
    """Make the event files, the catalogue and the images of a sample, and print what was made.

    Args:
        settings: with the folder of the images.
        folder: the folder for the event files.
        spec: the sample to make.

    Returns:
        The number of banners without an image.

    Raises:
        SampleError: the sample cannot be made.
    """
    with _progress("event files", len(event_files(spec))) as step:
        write_events(folder, spec, lambda path: step(str(path)))
    quarters = "1 quarter" if len(spec.quarters) == 1 else f"{len(spec.quarters)} quarters"
    echo(f"{quarters} of {spec.impressions:,} impressions are in {readable(folder)}.", err=True)
    make_catalogue(folder, spec)
    return make_images(settings, spec)


def make_catalogue(folder: Path, spec: SampleSpec) -> None:
    """Make the catalogue of a sample beside its events, and print where it is.

    Raises:
        SampleError: it cannot be written, or there is another catalogue.
        CatalogueError: it cannot be written.
    """
    if not has_catalogue(spec):
        echo(f"No catalogue is made for more than {MOST_CAMPAIGNS:,} campaigns.", err=True)
        return
    campaigns, banners = write_catalogue(folder, spec, write_folder)
    counted = f"{campaigns:,} campaigns with {banners:,} banners"
    echo(f"A catalogue of {counted} is in {readable(folder)}.", err=True)


def make_images(settings: Settings, spec: SampleSpec) -> int:
    """Make the missing images of a sample, and print where they are.

    Returns:
        The number of banners without an image.

    Raises:
        SampleError: the images cannot be written.
    """
    ids = banner_ids(spec)
    with _progress("images", len(ids)) as step:
        left_out = write_images(settings.images, ids, lambda: step(None))
    echo(f"Images of the banners are in {readable(settings.images)}.", err=True)
    if left_out:
        echo(
            f"{left_out:,} banners got no image ({MOST_IMAGES:,} are made at most); "
            "a placeholder is shown for them.",
            err=True,
        )
    return left_out


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[str | None], None]]:
    """Show each step: on a terminal as a progress bar, in a pipe as a line if it has a name."""
    err = console(errors=True)
    moving = can_move(err)
    with Progress(console=err, transient=True, disable=not moving) as bar:
        task = bar.add_task(what, total=total)

        def step(name: str | None) -> None:
            bar.advance(task)
            if name and not moving:
                echo(f"made {readable(name)}", err=True)

        yield step
