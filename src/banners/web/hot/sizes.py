"""The sizes of the banners' images, known without looking at a file."""

from banners.core.images import USUAL_SIZE, Size


class Sizes:
    """The sizes of images, as far as their files have been looked at."""

    def __init__(self) -> None:
        self._known: dict[int, Size] = {}
        self.version = 0
        """Another number after each change."""

    def of(self, banner_id: int) -> Size:
        """Return the size of a banner's image; that of the placeholder if it is not known."""
        return self._known.get(banner_id, USUAL_SIZE)

    def note(self, banner_id: int, size: Size) -> None:
        """Record the size of a banner's image; the usual one if it has none."""
        if self.of(banner_id) != size:
            self._known[banner_id] = size
            self.version += 1
