"""Keeps uploaded images in the database, where several hosts find them."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.schema import CreateTable

from banners.core.images import Size
from banners.images.store import UploadedImage, digest_of
from banners.store.connect import translated
from banners.store.read.queries import Queries
from banners.store.schema import CATALOGUE_IMAGES

_LOG = logging.getLogger(__name__)

_TABLE = CATALOGUE_IMAGES.c
_CONTENT = sa.select(_TABLE.content).where(_TABLE.digest == sa.bindparam("digest"))
_SIZES = sa.select(_TABLE.digest, _TABLE.width, _TABLE.height).where(
    _TABLE.digest.in_(sa.bindparam("digests", expanding=True))
)
_KEPT = sa.select(_TABLE.digest).where(_TABLE.digest == sa.bindparam("digest"))

DIGESTS_AT_ONCE = 500
"""Maximum number of images whose sizes a query asks for."""


class DatabaseImages:
    """An ImageStore in the database.

    Args:
        queries: read from the database; closed with this.
        database: the same database, open to write; closed with this.
        now: returns the time in UTC.
    """

    def __init__(self, queries: Queries, database: Engine, now: Callable[[], datetime]) -> None:
        self._queries = queries
        self._database = database
        self._now = now

    def write(self, image: UploadedImage) -> None:
        """Keep an image; it may be there already.

        Raises:
            StoreError: the database cannot be written, or its disk is full.
        """
        row = {
            "digest": image.digest,
            "width": image.size.width,
            "height": image.size.height,
            "content": image.content,
            "written_at": self._now().isoformat(),
        }
        with translated(self._database):
            # Whoever writes the first image may have no right to make other tables.
            try:
                with self._database.begin() as connection:
                    connection.execute(CreateTable(CATALOGUE_IMAGES, if_not_exists=True))
                    if not connection.execute(_KEPT, {"digest": image.digest}).first():
                        connection.execute(sa.insert(CATALOGUE_IMAGES), row)
            except sa.exc.IntegrityError:
                # Another process has written the same content since we looked.
                _LOG.debug("The image %s has been written by another process.", image.digest)

    def read(self, digest: str) -> bytes | None:
        """Return the content of an image; None if it is not kept, or is damaged.

        Raises:
            StoreError: the database cannot be read.
        """
        rows = self._queries.rows(_CONTENT, {"digest": digest})
        if not rows:
            return None
        content = bytes(rows[0].content)
        return content if digest_of(content) == digest else None

    def sizes(self, digests: Iterable[str]) -> Mapping[str, Size]:
        """Return the sizes of those of the images that are kept.

        Raises:
            StoreError: the database cannot be read.
        """
        found: dict[str, Size] = {}
        wanted = list(digests)
        for start in range(0, len(wanted), DIGESTS_AT_ONCE):
            some = wanted[start : start + DIGESTS_AT_ONCE]
            rows = self._queries.rows(_SIZES, {"digests": some})
            found |= {row.digest: Size(row.width, row.height) for row in rows}
        return found

    def close(self) -> None:
        """Close the database."""
        self._queries.close()
        self._database.dispose()
