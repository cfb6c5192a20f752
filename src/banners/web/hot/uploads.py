"""Uploaded images as the web application answers with them."""

import logging
from collections.abc import Callable, Iterable, Mapping

from fastapi.responses import Response

from banners.core.images import Size, media_type_of
from banners.errors import StoreError
from banners.images.store import ImageStore
from banners.web.hot.replies import Reply, headers_of, joined, respond
from banners.web.http.files import is_known
from banners.web.http.security import IMAGE_SECURITY

_LOG = logging.getLogger(__name__)

_MISSING = (
    "is missing or damaged in the place that BANNERS_UPLOADS names; where several hosts serve, it "
    "must be the same for all of them."
)

KEPT_SHORT = {"Cache-Control": "public, max-age=60"}
"""Header of an image that people may replace at any time, so that they see the new one soon."""


class Uploads:
    """Which banners have uploaded images, and these images.

    Args:
        store: where they are kept; None if there are none.
        digest_of: returns the SHA-256 of a banner's uploaded image in hexadecimal. Without one, it
            returns an empty text if the catalogue has the banner, and None if it has not. It is
            called for each request for an image, and must not wait for anything.
    """

    def __init__(
        self,
        store: ImageStore | None = None,
        digest_of: Callable[[int], str | None] = lambda _banner_id: None,
    ) -> None:
        self._store = store
        self.digest_of = digest_of
        self._unread: dict[str, str] = {}

    def reply(self, digest: str) -> Reply | None:
        """Return the answer whose body is an image; None if it cannot be read, which is logged."""
        try:
            content = self._store.read(digest) if self._store else None
        except StoreError as error:
            self._warn_once(digest, f"cannot be read: {error}")
            return None
        kind = media_type_of(content) if content else None
        if not content or not kind:
            self._warn_once(digest, _MISSING)
            return None
        self._unread.pop(digest, None)
        headers = {
            "content-type": kind,
            "content-length": str(len(content)),
            "etag": _tag(digest),
            **{name.lower(): value for name, value in KEPT_SHORT.items()},
        }
        written = [(name.encode(), value.encode()) for name, value in headers.items()]
        return 200, joined([*written, *IMAGE_SECURITY]), content

    def sizes(self, digests: Iterable[str]) -> Mapping[str, Size]:
        """Return the sizes of images, as far as they can be read now."""
        try:
            return self._store.sizes(digests) if self._store else {}
        except StoreError as error:
            _LOG.warning("The sizes of uploaded images cannot be read: %s", error)
            return {}

    def _warn_once(self, digest: str, found: str) -> None:
        """Log once that an image cannot be read; a line for each request would fill the disk.

        It is logged again for another reason, or if the image has been read meanwhile.

        Args:
            digest: the digest of the image.
            found: the rest of the sentence: why it cannot be read, with a full stop.
        """
        if self._unread.get(digest) != found:
            self._unread[digest] = found
            _LOG.warning(
                "The uploaded image %s %s Another image or a placeholder is shown.", digest, found
            )

    def close(self) -> None:
        """Close the place where they are kept."""
        if self._store:
            self._store.close()


def answer_uploaded(reply: Reply, known: str) -> Response:
    """Return an uploaded image as a response of the framework; 304 if the client has it.

    Args:
        reply: the answer whose body is the image.
        known: the tags of the versions that the client has, as in ``If-None-Match``.
    """
    headers = headers_of(reply)
    if is_known(dict(headers)[b"etag"].decode(), known):
        kept = [each for each in headers if each[0] not in {b"content-length", b"content-type"}]
        return respond((304, joined(kept), b""))
    return respond(reply)


def _tag(digest: str) -> str:
    return f'"{digest}"'
