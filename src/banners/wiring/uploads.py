"""Opens the place where uploaded images are kept."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from banners.settings import Settings
from banners.settings.values import IN_DATABASE

if TYPE_CHECKING:
    from banners.images.store import ImageStore
    from banners.serve.breaker import Breaker


def image_store(settings: Settings, breaker: "Breaker | None" = None) -> "ImageStore":
    """Open the place where uploaded images are kept; the caller closes it.

    Args:
        settings: say whether it is a folder or the database.
        breaker: for a web application, whose visitors do not wait for a server that hangs.

    Raises:
        SettingsError: the URL of the database is invalid or unsupported.
        StoreUnavailable: the folder of an SQLite file cannot be created.
    """
    if settings.uploads != IN_DATABASE:
        from banners.images.folder import FolderImages

        return FolderImages(Path(settings.uploads))
    from banners.store.connect import open_database
    from banners.store.images import DatabaseImages
    from banners.store.read.queries import Queries

    hurry = breaker is not None
    reading = open_database(settings.database_url, create=False, hurry=hurry)
    writing = open_database(settings.database_url, create=True, hurry=hurry)
    return DatabaseImages(Queries(reading, breaker), writing, partial(datetime.now, UTC))
