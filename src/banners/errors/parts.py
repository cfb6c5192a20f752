"""The errors of settings, files, the database and the commands."""

from collections.abc import Iterable

from banners.errors.root import BannersError
from banners.errors.texts import readable, shorten


class SettingsError(BannersError):
    """A setting has a value that it cannot have."""


class SourceError(BannersError):
    """Event files cannot be used; the message names the file, and the line where it is known."""


class QuarterHeld(SourceError):
    """A rollback holds the quarter on a generation, so that nothing may be published in it."""

    def __init__(self, quarter: int, generation: int) -> None:
        super().__init__(
            f"Quarter {quarter} is held on generation {generation}, to which it was rolled back. "
            f"Release it first: banners rollback --release --quarter {quarter}"
        )


class CrunchError(BannersError):
    """The engine failed, or its result cannot be used."""


class FiguresError(BannersError):
    """Figures given to choose lineups from cannot be used; the message names the column."""


class ExportError(BannersError):
    """Figures cannot be written to a file."""


class SampleError(BannersError):
    """Sample data cannot be made with these parameters or in this folder."""


class CatalogueError(BannersError):
    """Files of a catalogue cannot be read or written, or an edit is impossible."""


class CatalogueFaults(CatalogueError):
    """Files of a catalogue have faults; the message lists them."""


class InvalidValue(CatalogueError):
    """A value of the catalogue is invalid; the message is a reason without a full stop."""


class NotInCatalogue(CatalogueError):
    """A campaign, or a banner of it, is not in the catalogue."""

    def __init__(self, campaign_id: int, banner_id: int | None = None) -> None:
        if banner_id is None:
            super().__init__(
                f"Campaign {campaign_id} is not in the catalogue. To see whether somebody has "
                "removed it, run: banners catalogue versions"
            )
        else:
            super().__init__(
                f"Campaign {campaign_id} has no banner {banner_id} in the catalogue. If somebody "
                "has removed it, the history of the campaign shows who and when."
            )


class UnknownVersion(CatalogueError):
    """There is no such version of the catalogue."""

    def __init__(self, number: int | None) -> None:
        self.number = number
        found = "There is no catalogue yet" if number is None else f"There is no version {number}"
        next_step = (
            "Make one on the page of campaigns, or with: banners catalogue import DIR"
            if number is None
            else "List the versions with: banners catalogue versions"
        )
        super().__init__(f"{found}. {next_step}")


class EditOvertaken(CatalogueError):
    """Somebody else has changed the same thing in the meantime; nothing was changed.

    Args:
        changes: sentences about what was changed since the editor looked.
    """

    def __init__(self, changes: Iterable[str]) -> None:
        self.changes = tuple(changes)
        super().__init__(
            "Somebody else has changed this in the meantime, so nothing was changed. "
            "Look at it again, then repeat your change if you still want it. Their changes:",
            *[f"  {change}" for change in self.changes],
        )


class UploadRefused(BannersError):
    """An uploaded file is not an image that can be shown; the message begins with "The file"."""


class StoreError(BannersError):
    """The database failed or refused a statement."""


class StoreUnavailable(StoreError):
    """The database cannot be reached."""


class StoreClosed(StoreError):
    """The database was used after it was closed."""


class OlderTables(StoreError):
    """The database has the tables of an earlier release."""


class UploadsUnavailable(StoreError):
    """The folder of uploaded images cannot be read or written."""


class DamagedRecord(StoreError):
    """A record in a cache or in the database is damaged."""


class RollbackError(StoreError):
    """There is no generation to roll back to."""


class CatalogueBusy(StoreError):
    """Somebody else is changing the catalogue, or the database is being written."""


class TotalsBusy(StoreError):
    """Another process is writing totals, or the database is being written."""


class PublisherBusy(StoreError):
    """Another job is publishing to the same database."""


class LoopPublishes(StoreError):
    """The loop publishes into the database, so that event files of another folder may not be."""


class LoopBusy(StoreError):
    """Another process of the loop runs for the same events or the same database."""


class StressError(BannersError):
    """The stress test has nothing to request, or cannot reach the server."""


class CollectError(BannersError):
    """The event log cannot be written, read or closed."""


class InvalidSlot(BannersError):
    """The text is not the name of a slot."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(
            f"{shorten(given)} is not a slot. Give the beginning of a quarter of an hour in UTC, "
            "such as 20261126T1445Z."
        )


class SecretMissing(BannersError):
    """A file of a secret, which the first start of a server makes, is not there."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"There is no {readable(path)}, which the first start of the server makes. Run this "
            "command in the folder of the server, or start the server first: banners serve"
        )


class PortTaken(BannersError):
    """The web application cannot listen on its address."""
