"""Makes a sample, and shows how far it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import Progress

from banners.cli.terminal import can_move, console
from banners.sample.events import SampleSpec, banner_ids, event_files, write_events
from banners.sample.pictures import MOST_PICTURES, write_pictures
from banners.settings import Settings


def make_sample(settings: Settings, folder: Path, spec: SampleSpec) -> int:
    """Make the event files and the pictures of a sample, and say what was made.

    Args:
        settings: say where pictures go.
        folder: where the event files go.
        spec: what the sample is to be like.

    Returns:
        How many banners got no picture.

    Raises:
        SampleError: it cannot be made there.
    """
    with _progress("event files", len(event_files(spec))) as step:
        write_events(folder, spec, lambda path: step(str(path)))
    quarters = "1 quarter" if len(spec.quarters) == 1 else f"{len(spec.quarters)} quarters"
    click.echo(f"{quarters} of {spec.impressions:,} impressions are in {folder}.", err=True)
    if spec.dirty:
        click.echo(f"What is to become of their rows is in {folder / 'truth.json'}.", err=True)
    return make_pictures(settings, spec)


def make_pictures(settings: Settings, spec: SampleSpec) -> int:
    """Make the pictures of a sample that are not there yet, and say where they are.

    Returns:
        How many banners got none.

    Raises:
        SampleError: they cannot be made there.
    """
    ids = banner_ids(spec)
    with _progress("pictures", len(ids)) as step:
        left_out = write_pictures(settings.images, ids, lambda: step(None))
    click.echo(f"Pictures of the banners are in {settings.images}.", err=True)
    if left_out:
        click.echo(
            f"{left_out:,} banners got no picture ({MOST_PICTURES:,} are made at the most); "
            "a placeholder is shown for them.",
            err=True,
        )
    return left_out


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[str | None], None]]:
    """Show each step: as a moving bar on a terminal; in a pipe as a line, if it has a name."""
    err = console(errors=True)
    moving = can_move(err)
    with Progress(console=err, transient=True, disable=not moving) as bar:
        task = bar.add_task(what, total=total)

        def step(name: str | None) -> None:
            bar.advance(task)
            if name and not moving:
                click.echo(f"made {name}", err=True)

        yield step
