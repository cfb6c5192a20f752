"""Makes a picture for each banner: its number, large, on a pattern and in colours of its own.

A picture is drawn in levels of grey, at twice its size, made smaller so that edges are smooth, and
only then coloured: a palette gives each level its colour. That makes small files, and quickly.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from banners.errors import SampleError
from banners.images import stem_of
from banners.sample.colours import LEVELS, palette
from banners.sample.patterns import CANVAS, PATTERNS

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

MOST_PICTURES = 5_000
"""No more pictures than this are made."""

_WIDTH, _HEIGHT = CANVAS[0] // 2, CANVAS[1] // 2
_MARGIN = 24
_LARGEST_TEXT = 105


def write_pictures(
    folder: Path, banner_ids: Iterable[int], on_picture: Callable[[], None] = lambda: None
) -> int:
    """Write ``image_<banner id>.png`` for each banner that has no picture yet.

    Args:
        folder: made if it is not there. A picture that is there, of whatever type, stays as it is.
        banner_ids: each 1 to 18 digits; the first MOST_PICTURES get pictures.
        on_picture: called for each of these, whether it had to be made or not.

    Returns:
        how many banners were left out.

    Raises:
        SampleError: the folder cannot be written to.
    """
    with _faults_named(folder):
        folder.mkdir(parents=True, exist_ok=True)
        there = {path.stem for path in folder.iterdir()}
    remaining = iter(banner_ids)
    for banner_id in islice(remaining, MOST_PICTURES):
        name = stem_of(banner_id)
        if name not in there:
            with _faults_named(folder):
                _write(folder / f"{name}.png", banner_id)
        on_picture()
    return sum(1 for _ in remaining)


@contextmanager
def _faults_named(folder: Path) -> Iterator[None]:
    """Say of a fault of the disk what it means for the pictures."""
    try:
        yield
    except OSError as error:
        raise SampleError(
            f"The pictures could not be written to {folder}: {error}. Name a folder that can be "
            "written to, with enough room."
        ) from error


def _write(path: Path, banner_id: int) -> None:
    """Write a picture, under its name only when it is complete."""
    part = path.with_name(f".{path.name}.part")
    try:
        _drawn(banner_id).save(part, format="PNG")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _drawn(banner_id: int) -> "Image":
    """Draw the picture of a banner, 300 x 250."""
    from PIL import Image, ImageChops, ImageDraw

    # The number decides everything: the same banner looks the same in every sample.
    source = random.Random(banner_id)  # noqa: S311 - a pattern is no secret
    canvas = Image.new("L", CANVAS)
    PATTERNS[banner_id % len(PATTERNS)](ImageDraw.Draw(canvas), source)
    picture = ImageChops.multiply(canvas.reduce(2), _shade())

    text = str(banner_id)
    place = (_MARGIN, _HEIGHT - _MARGIN)
    ImageDraw.Draw(picture).text(place, text, fill=255, font=_fitting(text), anchor="ls")

    picture = picture.point([level * LEVELS // 256 for level in range(256)])
    picture.putpalette(palette(banner_id, source))
    return picture


@lru_cache(maxsize=1)
def _shade() -> "Image":
    """Give what a pattern is multiplied with: dark below, where the number stands."""
    from PIL import Image

    column = Image.new("L", (1, _HEIGHT))
    column.putdata([255 - max(0, y - 40) * 190 // 210 for y in range(_HEIGHT)])
    return column.resize((_WIDTH, _HEIGHT))


@lru_cache(maxsize=32)
def _font(size: int) -> "FreeTypeFont | ImageFont":
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _fitting(text: str) -> "FreeTypeFont | ImageFont":
    """Give the largest font in which the text fits the width."""
    room = _WIDTH - 2 * _MARGIN
    wide = _font(_LARGEST_TEXT).getlength(text)
    return _font(min(_LARGEST_TEXT, int(_LARGEST_TEXT * room / wide)))
