"""Records for one worker of the web application that banners were seen and clicked."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple, Protocol, Self

from banners.collect.token import Tokens
from banners.core.slots import SLOT_SECONDS, slot_at
from banners.core.views import Traffic, View, event_id
from banners.serve.catalogue import Catalogue
from banners.web.recording.counts import Outcome, RecordingCounts
from banners.web.recording.judging import Asked, Judge, Subject, Verdict, everything_counts
from banners.web.recording.landing import LandingPages
from banners.web.recording.turns import Turns
from banners.web.recording.view_tokens import ViewTokens

OLDEST_SLOTS = 96
"""Number of slots after which a view no longer counts: 24 hours."""


class HeldCatalogue(Protocol):
    """Where the catalogue of this worker is."""

    held: Catalogue | None


class Click(NamedTuple):
    """What becomes of a click.

    Args:
        address: where it leads; empty if the visitor is asked again.
        is_recorded: whether it was recorded, so that its answer has to wait.
    """

    address: bytes
    is_recorded: bool


ASKED_AGAIN = Click(b"", is_recorded=False)


class Recorder:
    """Gives views their tokens, and records what happens to these views.

    Args:
        turns: where the event log is, and what waits for it.
        catalogue: where the catalogue is, for the landing pages.
        random_bits: returns a random number of as many bits.
        judge: decides what counts.
        tokens: makes and reads tokens; None if the keys could not be read yet. Until then nothing
            is recorded.
    """

    def __init__(
        self,
        turns: Turns,
        catalogue: HeldCatalogue,
        random_bits: Callable[[int], int],
        *,
        judge: Judge = everything_counts,
        tokens: Tokens | None = None,
    ) -> None:
        self.turns = turns
        self.counts = turns.counts
        self.judge = judge
        self.tokens = tokens
        self._catalogue = catalogue
        self._random_bits = random_bits
        self._landing_pages = LandingPages()
        self._begins = self._ends = 0.0
        self._views: tuple[ViewTokens, ViewTokens] | None = None

    async def __aenter__(self) -> Self:
        """Begin to record, in the running event loop."""
        self.turns.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Send the answers that wait, and seal the segment."""
        await self.turns.close()

    def views(self, asked: Asked, second: float) -> ViewTokens | None:
        """Return what makes the token of a view; None if nothing can be recorded now.

        Args:
            asked: the request. A view that is asked for by HEAD gets a token as well, so that the
                answer has the length that GET would have; it is not counted as served.
            second: the time, in seconds since 1970 in UTC.
        """
        if not self._begins <= second < self._ends:
            self._begin(second)
        views = self._views
        if views is None or not self.turns.is_open:
            return None
        return views[asked.method == "HEAD"]

    def seen(self, token: bytes, asked: Asked, second: float) -> bool:
        """Record that the banners of a view were seen; return whether it was recorded.

        Args:
            token: the token of the view, as the request has it.
            asked: the request.
            second: the time, in seconds since 1970 in UTC.
        """
        view = self._read(token)
        if view is None:
            self.counts.impressions[Outcome.BAD_TOKEN] += 1
            return False
        verdict = self.judge(Subject.SEEN, asked, second)
        traffic = self._counted(view, verdict, second, self.counts.impressions)
        if traffic is None:
            return False
        if not self.turns.log.impressions(view, traffic):
            self.counts.impressions[Outcome.NOT_KEPT] += 1
            return False
        return True

    def click(self, token: bytes, position: int, asked: Asked, second: float) -> Click | None:
        """Record a click, and return where it leads; None if it leads nowhere.

        It leads nowhere if the token is bad, or if the catalogue has no landing page for the banner
        any more; this is counted by :meth:`click_failed`. The token of the click is filled in only
        if the click counts.

        Args:
            token: the token of the view, as the request has it.
            position: the place of the banner, from 1.
            asked: the request.
            second: the time, in seconds since 1970 in UTC.
        """
        view = self._view_at(token, position)
        catalogue = self._catalogue.held
        if view is None or catalogue is None:
            return None
        owner = view.owner(position)
        landing = self._landing_pages.find(catalogue, owner, view.banner_ids[position - 1])
        if not landing:
            return None
        verdict = self.judge(Subject.CLICK, asked, second)
        if verdict.asks_again:
            self.counts.clicks[Outcome.UNCOUNTED] += 1
            return ASKED_AGAIN
        traffic = self._counted(view, verdict, second, self.counts.clicks)
        if traffic is not None and not self.turns.log.click(view, position, traffic):
            self.counts.clicks[Outcome.NOT_KEPT] += 1
            traffic = None
        filled = b""
        if traffic is Traffic.CLEAN and self.tokens is not None and len(landing) > 1:
            click_id = event_id(view.view_id, position)
            filled = self.tokens.click_token(view.slot, click_id, owner)
        return Click(filled.join(landing), traffic is not None)

    def click_failed(self, token: bytes, position: int) -> None:
        """Count a request for which :meth:`click` returned None; it is called more than once."""
        if self._view_at(token, position) is None:
            self.counts.clicks[Outcome.BAD_TOKEN] += 1
        else:
            self.counts.clicks[Outcome.NOWHERE] += 1

    def _begin(self, second: float) -> None:
        """Begin a slot."""
        tokens = self.tokens
        if tokens is None:
            return
        slot = slot_at(second)
        self._begins = slot * SLOT_SECONDS
        self._ends = self._begins + SLOT_SECONDS
        self._views = (
            ViewTokens(slot, tokens, self._random_bits, self.counts),
            ViewTokens(slot, tokens, self._random_bits, RecordingCounts()),
        )

    def _read(self, token: bytes) -> View | None:
        return self.tokens.read_view(token) if self.tokens is not None else None

    def _view_at(self, token: bytes, position: int) -> View | None:
        """Return the view that a token describes if it has a place."""
        view = self._read(token)
        return view if view and 0 < position <= len(view.banner_ids) else None

    def _counted(
        self, view: View, verdict: Verdict, second: float, counts: "Counter[str]"
    ) -> Traffic | None:
        """Return as what an event of a view is recorded; None if it is not, which is counted."""
        if slot_at(second) - view.slot > OLDEST_SLOTS:
            counts[Outcome.TOO_OLD] += 1
        elif verdict.traffic is None:
            counts[Outcome.UNCOUNTED] += 1
        elif self.turns.is_open:
            return verdict.traffic
        else:
            counts[Outcome.NOT_KEPT] += 1
        return None
