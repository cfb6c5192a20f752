"""What became of a run of the job."""

from dataclasses import dataclass

from banners.core.outcome import QuarterOutcome


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What became of a run, and of each of its quarters.

    Args:
        generation: the number of the generation that it published; None if nothing was.
        quarters: the outcome of each quarter of the hour.
    """

    generation: int | None
    quarters: tuple[QuarterOutcome, ...]

    @property
    def refused(self) -> bool:
        """Whether any quarter was refused, or a closed slot left out."""
        return any(each.refused or (each.slots and each.slots.left_out) for each in self.quarters)
