"""Addresses of folders that only Hadoop can open, such as ``hdfs://`` and ``s3a://``."""

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HadoopAddress:
    """The address of a folder in a file system of Hadoop.

    Args:
        text: the address, such as ``hdfs://namenode/events``, without a slash at its end.
    """

    text: str

    def __str__(self) -> str:
        """Return the address."""
        return self.text

    def __fspath__(self) -> str:
        """Return the address, so that it can be compared with folders; it equals none of them."""
        return self.text


def hadoop_address(text: str) -> HadoopAddress | None:
    """Return a text as an address of Hadoop; None if it is a path of this machine."""
    if not _ADDRESS.match(text):
        return None
    bare = text.rstrip("/")
    return HadoopAddress(text if bare.endswith(":") else bare)
