"""Makes an image for each banner: its name and its id on a pattern, in colours of its own.

An image is drawn in levels of grey at twice its size, reduced so that edges are smooth, and then
coloured by a palette with a colour for each level. This is fast and makes small files.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.images import stem_of
from banners.errors import SampleError
from banners.sample.colours import LEVELS, palette
from banners.sample.names import words_of
from banners.sample.patterns import CANVAS, PATTERNS

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

MOST_IMAGES = 5_000
"""Maximum number of images made for a sample."""

_WIDTH, _HEIGHT = CANVAS[0] // 2, CANVAS[1] // 2
_MARGIN = 24
_LARGEST_TEXT = 64
_ID_TEXT = 22
_LINE = 1.06
"""Distance of lines, in sizes of their font."""


def write_images(
    folder: Path, banner_ids: Iterable[int], on_image: Callable[[], None] = lambda: None
) -> int:
    """Write ``image_<banner id>.png`` for each banner that has no image yet.

    Args:
        folder: made if it does not exist. Existing images of any type are kept.
        banner_ids: each 1 to 18 digits; only the first MOST_IMAGES get images.
        on_image: called for each of these, whether its image was made or kept.

    Returns:
        The number of banners beyond MOST_IMAGES.

    Raises:
        SampleError: the folder cannot be written to.
    """
    with _errors_translated(folder):
        folder.mkdir(parents=True, exist_ok=True)
        there = {path.stem for path in folder.iterdir()}
    remaining = iter(banner_ids)
    for banner_id in islice(remaining, MOST_IMAGES):
        name = stem_of(banner_id)
        if name not in there:
            with _errors_translated(folder):
                _write(folder / f"{name}.png", banner_id)
        on_image()
    return sum(1 for _ in remaining)


@contextmanager
def _errors_translated(folder: Path) -> Iterator[None]:
    """Translate errors of the disk into a SampleError."""
    try:
        yield
    except OSError as error:
        raise SampleError(
            f"The images could not be written to {folder}: {error}. Name a folder that can be "
            "written to and has enough room."
        ) from error


def _write(path: Path, banner_id: int) -> None:
    """Write an image, which gets its name only when it is complete."""
    part = path.with_name(f".{path.name}.part")
    try:
        _drawn(banner_id).save(part, format="PNG")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _drawn(banner_id: int) -> "Image":
    """Draw the image of a banner, 300 x 250."""
    from PIL import Image, ImageChops, ImageDraw

    # The id alone decides: the same banner looks the same in every sample.
    source = random.Random(banner_id)  # noqa: S311 - a pattern is no secret
    canvas = Image.new("L", CANVAS)
    PATTERNS[banner_id % len(PATTERNS)](ImageDraw.Draw(canvas), source)
    image = ImageChops.multiply(canvas.reduce(2), _shade())

    writing = ImageDraw.Draw(image)
    upper, lower = words_of(banner_id)
    size = _fitting(upper, lower)
    foot = _HEIGHT - _MARGIN
    for text, height in ((lower, size), (upper, size), (str(banner_id), _ID_TEXT)):
        writing.text((_MARGIN, foot), text, fill=255, font=_font(height), anchor="ls")
        foot -= round(_LINE * size)

    image = image.point([level * LEVELS // 256 for level in range(256)])
    image.putpalette(palette(banner_id, source))
    return image


@lru_cache(maxsize=1)
def _shade() -> "Image":
    """Return the factors of a pattern: dark at the bottom, where the id is written."""
    from PIL import Image

    column = Image.new("L", (1, _HEIGHT))
    column.putdata([255 - max(0, y - 40) * 190 // 210 for y in range(_HEIGHT)])
    return column.resize((_WIDTH, _HEIGHT))


@lru_cache(maxsize=32)
def _font(size: int) -> "FreeTypeFont | ImageFont":
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _fitting(*lines: str) -> int:
    """Return the size of the largest font in which every line fits the width."""
    room = _WIDTH - 2 * _MARGIN
    wide = max(_font(_LARGEST_TEXT).getlength(line) for line in lines)
    return min(_LARGEST_TEXT, int(_LARGEST_TEXT * room / wide))
