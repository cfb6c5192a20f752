"""The part of an image file that is needed to draw the image."""

from dataclasses import dataclass

from banners.core.images import Size


class Damaged(ValueError):
    """A file ends too early, or does not follow its format."""


@dataclass(frozen=True, slots=True)
class Essential:
    """The parts of an image file that draw the image.

    The pixels are as they were, byte for byte. Comments, camera data, thumbnails and whatever
    follows the end of the image are gone.

    Args:
        size: the size that the file states; nothing has been decoded.
        frames: the number of frames that the file states, 1 for a still image.
        content: the bytes of the new file.
    """

    size: Size
    frames: int
    content: bytes


class Blocks:
    """Reads a file piece by piece, and never beyond its end.

    Args:
        content: the bytes of the file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.place = 0
        """How many bytes have been read."""

    @property
    def is_at_end(self) -> bool:
        """Whether all bytes have been read."""
        return self.place >= len(self._content)

    def take(self, count: int) -> bytes:
        """Read this many bytes.

        Raises:
            Damaged: there are fewer.
        """
        taken = self._content[self.place : self.place + count]
        if len(taken) < count:
            raise Damaged("it ends too early")
        self.place += count
        return taken

    def take_to(self, place: int) -> bytes:
        """Read the bytes up to a place, counted from the beginning of the file."""
        return self.take(place - self.place)


def largest(sizes: list[Size]) -> Size:
    """Return the width and height within which all sizes fit.

    Raises:
        Damaged: there is no size.
    """
    if not sizes:
        raise Damaged("it has no image")
    widths, heights = zip(*sizes, strict=True)
    return Size(max(widths), max(heights))
