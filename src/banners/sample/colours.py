"""The colours of images: a palette for each banner, from dark to white."""

import math
import random
from itertools import pairwise

# Few enough for small files, and enough for gradients without visible steps.
LEVELS = 96

# The colours of a palette between which the others are interpolated: the level, the lightness, the
# chroma, and the share of the way to the second hue (0 to 1).
_STOPS = (
    (0, 0.20, 0.07, 0.0),
    (27, 0.44, 0.17, 0.15),
    (56, 0.68, 0.18, 0.7),
    (77, 0.86, 0.12, 1.0),
    (LEVELS - 1, 1.0, 0.0, 1.0),
)

# Below this amount of light, the transfer function of sRGB is linear.
_LINEAR_UP_TO = 0.0031308


def palette(banner_id: int, source: random.Random) -> list[int]:
    """Return the colour of each level, as red, green and blue in turn.

    The hues of consecutive ids differ by the golden angle, so that they look as different as
    possible. Dark yellows are left out, because they look muddy.

    Args:
        banner_id: 1 to 18 digits.
        source: decides in which direction the hue changes from dark to light.
    """
    hue = 130 + (banner_id * 137_508 % 360_000) / 1_000 * 275 / 360
    turn = source.choice((-60, -40, 40, 60))
    stops = [(level, _rgb(light, chroma, hue + way * turn)) for level, light, chroma, way in _STOPS]
    colours: list[int] = []
    for (low, first), (high, second) in pairwise(stops):
        for level in range(low, high):
            share = (level - low) / (high - low)
            colours += [round(a + (b - a) * share) for a, b in zip(first, second, strict=True)]
    return [*colours, *stops[-1][1]]


def _rgb(lightness: float, chroma: float, hue: float) -> tuple[int, int, int]:
    """Convert a colour from OKLCH, where equal lightness looks equally light, to sRGB.

    Args:
        lightness: 0 (black) to 1 (white).
        chroma: 0 (grey) to about 0.3; colours outside of sRGB are clipped.
        hue: in degrees.

    Source: Björn Ottosson, "A perceptual color space for image processing".
    """
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return _channel(red), _channel(green), _channel(blue)


def _channel(light: float) -> int:
    """Convert an amount of light, 0 to 1, to a channel of sRGB, 0 to 255."""
    light = min(1.0, max(0.0, light))
    curved = 12.92 * light if light <= _LINEAR_UP_TO else 1.055 * light ** (1 / 2.4) - 0.055
    return round(255 * curved)
