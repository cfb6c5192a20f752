"""Where uploaded images are kept, by their content."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from banners.core.images import Size

DIGEST = re.compile("[0-9a-f]{64}")
"""The form of a digest: SHA-256 in hexadecimal."""


@dataclass(frozen=True)
class UploadedImage:
    """An image that has been checked.

    Args:
        size: its size as browsers show it.
        content: the bytes of the file.
    """

    size: Size
    content: bytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its content in hexadecimal."""
        return digest_of(self.content)


class ImageStore(Protocol):
    """Keeps uploaded images where all hosts find them. An image is never changed or deleted."""

    def write(self, image: UploadedImage) -> None:
        """Keep an image, atomically; it may be there already.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    def read(self, digest: str) -> bytes | None:
        """Return the content of an image; None if it is not kept, or is damaged.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    def sizes(self, digests: Iterable[str]) -> Mapping[str, Size]:
        """Return the sizes of those of the images that are kept, without reading their pixels.

        Raises:
            StoreError: they cannot be read.
        """
        ...

    def close(self) -> None:
        """Close what it holds open."""
        ...


def digest_of(content: bytes) -> str:
    """Return SHA-256 of a content in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
