"""What ``sample.json`` says: which event files of a folder are a sample's, and how it was made.

It is what makes it safe to write into a folder a second time: only files that it names, and that
still have the size that it gives, are ever replaced.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from banners.errors import SampleError
from banners.model import Quarter

_NAME = "sample.json"

# Raised whenever the same parameters give other events than before.
_FORMAT = "banners sample 1"


@dataclass(frozen=True, slots=True)
class Record:
    """The record of the sample in a folder.

    Args:
        folder: where the sample is.
        parameters: what it was made from, but for its quarters.
        files: size in bytes of each event file, by its path below the folder. A file is named
            here just before it gets its name, so one that is named and there is complete.
    """

    folder: Path
    parameters: Mapping[str, int]
    files: Mapping[str, int]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read the record of a folder; it is empty where there is none.

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
            # A sample of another version is one of ours, and no parameters make it again.
            return cls(folder, parameters if content["format"] == _FORMAT else {}, files)
        except (ValueError, TypeError, LookupError) as error:
            raise SampleError(
                f"{path} is not the record of a sample. Name a folder that is empty or new, "
                "or that holds a sample."
            ) from error

    def naming(self, name: str, size: int) -> Self:
        """Give this record with one more file in it."""
        return replace(self, files={**self.files, name: size})

    def write(self) -> None:
        """Write the record in place of the one before, whole or not at all.

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
        """Tell whether the files are all there and complete."""
        return all(name in self.files and (self.folder / name).is_file() for name in names)

    def check_nothing_else_is_there(self) -> None:
        """Make sure that every event file in the folder is the sample's, as it was written.

        Raises:
            SampleError: there is one that may be somebody's data.
        """
        for name in self.event_files():
            size = (self.folder / name).stat().st_size
            if self.files.get(name) != size:
                raise SampleError(
                    f"{self.folder / name} is not a file that a sample wrote, or it was changed "
                    "since. Nothing was written, so that no data is lost. Name a folder that is "
                    "empty or new, or move that file away."
                )

    def event_files(self) -> Iterator[str]:
        """Find the event files in the folder, whosever they are, by their paths below it."""
        for quarter in Quarter:
            for path in sorted((self.folder / str(int(quarter))).glob("*.csv*")):
                yield path.relative_to(self.folder).as_posix()
