"""What this worker holds in memory of campaigns and banners, for pages that only mention them."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from banners.core.model import Quarter
from banners.serve.reader import HeldQuarter
from banners.web.hot.answering import HeldCatalogue
from banners.web.http.form import MOST_OFFERED


@dataclass(frozen=True, slots=True)
class Known:
    """What can be said without waiting.

    Args:
        held: returns what is held of a quarter in memory.
        catalogue: where the catalogue is.
    """

    held: Callable[[Quarter], HeldQuarter | None]
    catalogue: HeldCatalogue

    def campaigns(self, quarter: Quarter) -> Sequence[int]:
        """Return the ids of campaigns to suggest: with a catalogue, the first of it."""
        catalogue = self.catalogue.held
        if catalogue is not None and catalogue.exists:
            return list(islice(catalogue.records, MOST_OFFERED))
        here = self.held(quarter)
        return here.campaigns if here else ()

    def can_show(self, banner_id: int) -> bool:
        """Return whether a banner can be shown, in whatever campaign and quarter."""
        catalogue = self.catalogue.held
        if catalogue is not None and catalogue.exists:
            return catalogue.image_of(banner_id) is not None
        quarters = [here for here in map(self.held, Quarter) if here]
        return any(_holds(here.inventory, banner_id) for here in quarters)


def _holds(numbers: Sequence[int], number: int) -> bool:
    """Return whether a sorted sequence has a number."""
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number
