"""Makes the tokens of views."""

from collections.abc import Callable, Sequence

from banners.collect.token import Tokens
from banners.core.model import Quarter
from banners.core.views import VIEW_BITS, Group, View
from banners.web.recording.counts import RecordingCounts


class ViewTokens:
    """Makes the tokens of the views that are served in one slot.

    Args:
        slot: the slot.
        tokens: makes tokens.
        random_bits: returns a random number of as many bits.
        counts: counts the views.
    """

    __slots__ = ("_counts", "_random_bits", "_slot", "_tokens")

    def __init__(
        self,
        slot: int,
        tokens: Tokens,
        random_bits: Callable[[int], int],
        counts: RecordingCounts,
    ) -> None:
        self._slot = slot
        self._tokens = tokens
        self._random_bits = random_bits
        self._counts = counts

    def count_bare(self) -> None:
        """Count a redirect to the image of one banner, which is no view."""
        self._counts.bare += 1

    def make(
        self,
        quarter: Quarter,
        campaign_id: int,
        generation: int,
        group: Group,
        banner_ids: Sequence[int],
        fill: tuple[int, ...] = (),
        *,
        paused: bool,
    ) -> bytes:
        """Return the token of a view that is served now; see :class:`banners.core.views.View`."""
        self._counts.served += 1
        view_id = self._random_bits(VIEW_BITS)
        return self._tokens.view_token(
            View(
                self._slot,
                quarter,
                campaign_id,
                generation,
                group,
                view_id,
                tuple(banner_ids),
                fill,
                paused,
            )
        )
