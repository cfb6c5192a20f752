"""A recorder whose turns end when a test says so."""

from pathlib import Path
from random import Random

from banners.collect.segments.log import EventLog
from banners.collect.token import Tokens
from banners.web.recording.counts import RecordingCounts
from banners.web.recording.judging import Judge, everything_counts
from banners.web.recording.recorder import Recorder
from banners.web.recording.turns import Answer, Turns
from support.event_logs import HOST
from support.held_catalogues import Holder

KEY = b"a key of thirty-two characters.."


class HeldTurns(Turns):
    """Turns that need no event loop: they keep what waits."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log, RecordingCounts())
        self.waiting: list[Answer] = []
        self.opened = True

    @property
    def is_open(self) -> bool:
        return self.opened

    def seen(self, answer: Answer) -> None:
        self.waiting.append(answer)

    clicked = seen


def recorder_over(
    events: Path,
    catalogue: Holder,
    *,
    judge: Judge = everything_counts,
    tokens: Tokens | None = Tokens([KEY]),  # noqa: B008  # it never changes
    most_buffered: int = 4 << 20,
) -> Recorder:
    """Return a recorder over a catalogue, always with the same randomness."""
    log = EventLog(events, HOST, clock=lambda: 0.0, most_buffered=most_buffered)
    return Recorder(HeldTurns(log), catalogue, Random(1).getrandbits, judge=judge, tokens=tokens)
