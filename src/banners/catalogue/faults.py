"""The faults of a catalogue's files, as values."""

from dataclasses import dataclass, field

MOST_FAULTS = 100
"""Maximum number of faults that are reported one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a file that a catalogue cannot hold.

    Args:
        file: the name of the file.
        line: the number of the line, 1 for the header; None if it is the file itself.
        column: the name of the column; empty if it is the line itself.
        reason: what was found and what was expected.
    """

    file: str
    line: int | None
    column: str
    reason: str

    def __str__(self) -> str:
        """Return the fault as one line for people."""
        place = [self.file]
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column:
            place.append(self.column)
        return f"{', '.join(place)}: {self.reason}."


@dataclass(slots=True)
class Faults:
    """Collects faults: the first ``MOST_FAULTS``, and the number of all."""

    listed: list[Fault] = field(default_factory=list)
    total: int = 0

    def add(self, file: str, line: int | None, column: str, reason: str) -> None:
        """Add a fault; see :class:`Fault`."""
        self.total += 1
        if len(self.listed) < MOST_FAULTS:
            self.listed.append(Fault(file, line, column, reason))
