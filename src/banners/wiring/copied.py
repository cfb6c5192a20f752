"""Copies everything to another database."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from banners.errors import SettingsError, StoreError
from banners.settings import Settings

if TYPE_CHECKING:
    from banners.store.write.copied import Copied


def copy_from(
    settings: Settings, url: str, uploads: Path | None, on_table: Callable[[str], None]
) -> "Copied":
    """Copy another database to that of the settings: see ``store.write.copied.copy_everything``.

    Args:
        settings: name the database to copy to.
        url: the database to copy from.
        uploads: a folder of uploaded images to copy into the database too.
        on_table: called with the name of each table before it is copied.

    Raises:
        SettingsError: one of the two URLs is invalid or unsupported.
        StoreError: there is no database to copy from.
    """
    from banners.images.folder import FolderImages
    from banners.store.connect import dialect_of, named, open_database
    from banners.store.dialects.dialect import URL_SETTING
    from banners.store.write.copied import copy_everything

    try:
        source = open_database(url, create=False)
    except SettingsError as error:
        told = str(error).replace(URL_SETTING, "URL, the database to copy from,")
        raise SettingsError(told) from error
    try:
        if dialect_of(source).is_missing(source.url):
            raise StoreError(
                f"{named(source)} does not exist, so there is nothing to copy. Name the database "
                "to copy from, or run the command in the folder in which Banners was started"
            )
        target = open_database(settings.database_url, create=True)
        try:
            return copy_everything(
                source,
                target,
                FolderImages(uploads) if uploads else None,
                now=partial(datetime.now, UTC),
                wait_seconds=settings.wait_seconds,
                on_table=on_table,
            )
        finally:
            target.dispose()
    finally:
        source.dispose()
