"""The manifest of a sample: ``sample.json``, which names its files and its parameters.

It makes it safe to write into a folder a second time: a file is replaced or removed only if the
manifest names it and it still has the size given there.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from banners.core.catalogue import BANNERS, CAMPAIGNS
from banners.core.model import Quarter
from banners.errors import SampleError

_NAME = "sample.json"

# Raise this whenever the same parameters give other events than before.
_FORMAT = "banners sample 1"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of the sample in a folder.

    Args:
        folder: the folder of the sample.
        parameters: what the sample was made from, without its quarters.
        files: size in bytes of each file of events and of the catalogue, by its path below the
            folder. A file is listed just before it gets its name, so a file that is listed and
            exists is complete.
    """

    folder: Path
    parameters: Mapping[str, int]
    files: Mapping[str, int]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the manifest of a folder, or return an empty one if there is none.

        Raises:
            SampleError: there is a ``sample.json`` that no sample wrote.
            OSError: it cannot be read.
        """
        path = folder / _NAME
        if not path.exists():
            return cls(folder, {}, {})
        try:
            content = json.loads(path.read_bytes())
            parameters, files = content["parameters"], dict(content["files"])
            # Files of another version may be replaced, but no parameters make the same sample.
            return cls(folder, parameters if content["format"] == _FORMAT else {}, files)
        except (ValueError, TypeError, LookupError) as error:
            raise SampleError(
                f"{path} is not the manifest of a sample. Name a folder that is empty or new, "
                "or that holds a sample."
            ) from error

    def with_file(self, name: str, size: int) -> Self:
        """Return this manifest with one more file.

        Args:
            name: the path of the file below the folder.
            size: in bytes.
        """
        return replace(self, files={**self.files, name: size})

    def write(self) -> None:
        """Replace the manifest in the folder by this one, atomically.

        Raises:
            OSError: it cannot be written.
        """
        part = self.folder / "sample.part"
        content = {
            "format": _FORMAT,
            "parameters": self.parameters,
            "files": dict(sorted(self.files.items())),
        }
        part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        part.replace(self.folder / _NAME)

    def has(self, names: Iterable[str]) -> bool:
        """Return whether all of the files are there and complete."""
        return all(name in self.files and (self.folder / name).is_file() for name in names)

    def check_no_other_files(self) -> None:
        """Check that every event file and catalogue in the folder is the sample's, and unchanged.

        Raises:
            SampleError: there is a file that may be the user's data.
        """
        for name in self.found_files():
            size = (self.folder / name).stat().st_size
            if self.files.get(name) != size:
                raise SampleError(
                    f"{self.folder / name} was not written by a sample, or was changed since. "
                    "Nothing was written, so that no data is lost. Name a folder that is empty or "
                    "new, or move that file away."
                )

    def found_files(self) -> Iterator[str]:
        """Find all event files and catalogues in the folder, by their paths below it."""
        yield from (name for name in (CAMPAIGNS, BANNERS) if (self.folder / name).exists())
        for quarter in Quarter:
            for path in sorted((self.folder / str(int(quarter))).glob("*.csv*")):
                yield path.relative_to(self.folder).as_posix()
