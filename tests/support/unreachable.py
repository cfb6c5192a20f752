"""Readers that fail."""

from banners.core.candidates import Candidates
from banners.core.model import Generation, Quarter
from banners.errors import StoreError, StoreUnavailable


class Unreachable:
    """A reader whose database is unreachable, and whose error names the host."""

    def active(self) -> dict[Quarter, Generation]:
        raise StoreUnavailable("The database mysql://root@secret-host cannot be used.")

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        raise NotImplementedError

    def records_of(self, *_key: object) -> dict[int, bytes | StoreError]:
        raise NotImplementedError

    def inventory(self, generation: Generation, quarter: Quarter) -> list[int]:
        raise NotImplementedError

    def campaigns(self, generation: Generation, quarter: Quarter) -> list[int]:
        raise NotImplementedError

    def records(self, generation: Generation, quarter: Quarter) -> list[tuple[int, bytes]]:
        raise NotImplementedError

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


class Broken(Unreachable):
    """A reader with a bug."""

    def active(self) -> dict[Quarter, Generation]:
        raise ZeroDivisionError("secret-host")
