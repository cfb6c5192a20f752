"""Where event files lie: what :class:`pathlib.Path` and an address of Hadoop have in common."""

from collections.abc import Iterator
from typing import Protocol, Self


class Place(Protocol):
    """A file or folder that can be listed; ``str`` returns its name for messages."""

    @property
    def name(self) -> str:
        """Its name, without its folder."""
        ...

    @property
    def suffix(self) -> str:
        """The ending of its name, such as ``.csv``."""
        ...

    @property
    def parent(self) -> Self:
        """Its folder."""
        ...

    def __truediv__(self, name: str, /) -> Self:
        """Return the file or folder of this name in the folder."""
        ...

    def __lt__(self, other: Self, /) -> bool:
        """Return whether it comes before another."""
        ...

    def relative_to(self, folder: Self, /) -> object:
        """Return its path relative to a folder."""
        ...

    def is_dir(self) -> bool:
        """Return whether it is a folder."""
        ...

    def is_symlink(self) -> bool:
        """Return whether it is a link to another place."""
        ...

    def iterdir(self) -> Iterator[Self]:
        """List the content of a folder; raises an OSError if it cannot be listed."""
        ...
