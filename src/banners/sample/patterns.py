"""The patterns of images, drawn in levels of grey.

Each fills a canvas of 600 x 500 with levels from 40 (dark) to 200 (bright). The random source
decides its details, such as the position of its centre.
"""

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

CANVAS = (600, 500)
"""Width and height of a pattern in pixels."""

Pattern = Callable[["ImageDraw", random.Random], None]

_RIGHT, _BOTTOM = CANVAS


def rings(draw: "ImageDraw", source: random.Random) -> None:
    """Draw rings around a point at the upper right."""
    x, y = source.randint(380, 620), source.randint(-40, 140)
    width = source.randint(44, 80)
    radius = 800
    while radius > 0:
        level = 200 - radius * 150 // 800 - 34 * (radius // width % 2)
        draw.circle((x, y), radius, fill=level)
        radius -= width


def stripes(draw: "ImageDraw", source: random.Random) -> None:
    """Draw slanting stripes of different brightness."""
    slant = source.choice((-1, 1)) * source.randint(200, 420)
    width = source.randint(36, 84)
    levels = source.sample((60, 84, 108, 132, 160, 190), 4)
    for place, left in enumerate(range(-500, 1100, width)):
        corners = [(left, 0), (left + width, 0), (left + width + slant, _BOTTOM)]
        draw.polygon([*corners, (left + slant, _BOTTOM)], fill=levels[place % 4])


def discs(draw: "ImageDraw", source: random.Random) -> None:
    """Draw a few large discs, one over the other."""
    draw.rectangle((0, 0, *CANVAS), fill=76)
    for radius, level in ((300, 108), (230, 140), (150, 172), (80, 200)):
        x = source.randint(240, 620)
        y = source.randint(-40, 260)
        draw.circle((x, y), radius, fill=level)


def dots(draw: "ImageDraw", source: random.Random) -> None:
    """Draw a grid of dots that grow from one side to the other."""
    draw.rectangle((0, 0, *CANVAS), fill=70)
    step = source.randint(54, 70)
    grows_right = source.choice((True, False))
    for row, y in enumerate(range(0, _BOTTOM + step, step)):
        for x in range(row % 2 * step // 2, _RIGHT + step, step):
            near = (x if grows_right else _RIGHT - x) / _RIGHT * 0.7 + (1 - y / _BOTTOM) * 0.3
            draw.circle((x, y), 3 + near * step * 0.48, fill=190)


def waves(draw: "ImageDraw", source: random.Random) -> None:
    """Draw hills one behind the other, the nearest the darkest."""
    draw.rectangle((0, 0, *CANVAS), fill=200)
    length = source.uniform(0.007, 0.015)
    for level in range(5):
        shift = source.uniform(0, 6.28)
        height = source.randint(26, 56)
        base = 70 + level * 72
        line = [
            (x, base + height * math.sin(shift + x * length)) for x in range(0, _RIGHT + 12, 12)
        ]
        draw.polygon([*line, (_RIGHT, _BOTTOM), (0, _BOTTOM)], fill=168 - level * 27)


def facets(draw: "ImageDraw", source: random.Random) -> None:
    """Draw a net of triangles, as on a cut stone."""
    step = source.choice((140, 160, 180))
    columns, rows = _RIGHT // step + 2, _BOTTOM // step + 2
    points = {
        (column, row): (
            column * step - step // 2 + source.randint(-step // 4, step // 4),
            row * step - step // 2 + source.randint(-step // 4, step // 4),
        )
        for column in range(columns + 1)
        for row in range(rows + 1)
    }
    for column in range(columns):
        for row in range(rows):
            corner, opposite = points[column, row], points[column + 1, row + 1]
            for third in (points[column + 1, row], points[column, row + 1]):
                draw.polygon([corner, third, opposite], fill=source.randint(70, 196))


def tiles(draw: "ImageDraw", source: random.Random) -> None:
    """Draw tiles, each with a quarter of a disc in one of its corners."""
    step = source.choice((100, 125))
    for left in range(0, _RIGHT, step):
        for top in range(0, _BOTTOM, step):
            ground, level = source.sample((66, 96, 132, 164, 196), 2)
            draw.rectangle((left, top, left + step, top + step), fill=ground)
            x, y = left + source.choice((0, step)), top + source.choice((0, step))
            start = (180 if x > left else 0) + (90 if (x > left) != (y > top) else 0)
            draw.pieslice((x - step, y - step, x + step, y + step), start, start + 90, fill=level)


def rays(draw: "ImageDraw", source: random.Random) -> None:
    """Draw rays from a point below the lower edge."""
    x, y = source.randint(120, 480), source.randint(540, 640)
    count = source.randint(18, 28)
    turn = source.randint(0, 30)
    for ray in range(count):
        start = turn + ray * 360 / count
        level = 190 if ray % 2 else 110
        box = (x - 900, y - 900, x + 900, y + 900)
        draw.pieslice(box, start, start + 360 / count, fill=level)


def bars(draw: "ImageDraw", source: random.Random) -> None:
    """Draw bars of different heights with round ends."""
    draw.rectangle((0, 0, *CANVAS), fill=74)
    width = source.randint(34, 66)
    for left in range(source.randint(-30, 0), _RIGHT, width + 14):
        top = source.randint(20, 330)
        level = 200 - top * 90 // 330
        draw.rounded_rectangle((left, top, left + width, 900), radius=width // 2, fill=level)


PATTERNS: tuple[Pattern, ...] = (rings, stripes, discs, dots, waves, facets, tiles, rays, bars)
"""All patterns: nine, so that ids of similar hue (8, 13, 21, 34 or 55 apart) get different ones."""
