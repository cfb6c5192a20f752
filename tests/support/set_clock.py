"""A clock that a test sets by hand."""


class SetClock:
    """A clock that stands still until it is set.

    Args:
        now: its time at first, in seconds.
    """

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
