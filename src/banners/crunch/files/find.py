"""Finds the event files of each quarter in a folder, and checks that a quarter is complete.

Source: docs/event-files.md.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from banners.core.digest import digest_of_files
from banners.core.events import Kind, slot_meant
from banners.core.model import Quarter
from banners.crunch.files.content import digest_of, stamp_of
from banners.crunch.files.lines import Line
from banners.crunch.files.listing import event_files, found_instead
from banners.crunch.files.place import Place
from banners.crunch.files.plain import PlainFile, make_plain
from banners.crunch.files.suspects import suspect_rows
from banners.errors import CrunchError, SourceError

if TYPE_CHECKING:
    import pyarrow as pa

P = TypeVar("P", bound=Place)


class Suspect(NamedTuple):
    """A row that is perhaps rejected or quarantined.

    Args:
        path: the file that has it.
        read: the columns that are read from the file.
        line: the row.
        values: its values in plain form, in the order of the columns; None if the plain form leaves
            the row out.
    """

    path: Place
    read: tuple[str, ...]
    line: Line
    values: list[bytes] | None


@dataclass(frozen=True, slots=True)
class QuarterSources:
    """The event files of one quarter, checked and ready for an engine.

    Args:
        quarter: the quarter of the hour.
        files: the files in plain form; each kind has one or more.
        skipped: files left out because another of the same kind has the same content.
        digest: SHA-256 of the contents, independent of the files' names, forms and order: the same
            digest means the same result.
    """

    quarter: Quarter
    files: tuple[PlainFile, ...]
    skipped: tuple[Place, ...]
    digest: str

    @property
    def tagged(self) -> bool:
        """Whether any file has further columns, such as the group of a row."""
        return any(file.has_further for file in self.files)

    def of(self, kind: Kind) -> Iterator[PlainFile]:
        """List the files of one kind."""
        return (file for file in self.files if file.kind is kind)

    def rows(self, kind: Kind) -> int:
        """Return the number of rows of one kind, counted without an engine."""
        return sum(file.rows for file in self.of(kind))

    def bad_width(self, kind: Kind) -> int:
        """Return the number of rows of one kind that do not reach an engine."""
        return sum(file.bad_width for file in self.of(kind))

    def suspects(self, kind: Kind, ids: "pa.Array | None") -> Iterator[Suspect]:
        """Read the files of one kind again, and yield the rows that are perhaps not accepted.

        These are all rows that are rejected, all rows with one of the ids, and possibly others.

        Args:
            kind: the kind.
            ids: quarantined ids of the kind, such as click ids; None if there are none.

        Raises:
            SourceError: a file has changed, and cannot be read any more.
        """
        for file in self.of(kind):
            for line, values in suspect_rows(file, ids):
                yield Suspect(file.path, file.read, line, values)

    def changed_file(self) -> Place | None:
        """Return a file that was changed or removed since it was read; None if there is none."""
        return next((file.path for file in self.files if not file.is_unchanged()), None)


def check_folder(folder: Place) -> None:
    """Check that the folder of the quarters is a folder and can be read.

    Raises:
        SourceError: it is not a folder, or it cannot be read.
    """
    try:
        is_folder = folder.is_dir()
    except OSError as error:
        raise SourceError(
            f"{folder} cannot be read: {error.strerror}. Give the folder that holds the quarters."
        ) from error
    if not is_folder:
        raise SourceError(f"{folder} is not a folder. Give the folder that holds the quarters.")
    if isinstance(folder, Path) and not os.access(folder, os.X_OK):
        raise SourceError(
            f"{folder} cannot be read: Permission denied. Give this user access to the folder."
        )


Stamps = frozenset[tuple[str, object]]
"""The names of event files with sizes and times of change; it differs if any file changed."""


def find_quarters(folder: P) -> dict[Quarter, dict[Kind, list[P]]]:
    """Find the event files of each quarter.

    Args:
        folder: the folder with a subfolder ``1`` to ``4`` for each quarter given.

    Returns:
        The files by quarter and kind, sorted by name. A quarter without files is left out; a kind
        without files has an empty list. A quarter whose folder cannot be read has no kinds, and
        :func:`~banners.crunch.files.listing.left_out` raises the error for it.

    Raises:
        SourceError: the folder does not exist, or holds no event file at all.
    """
    check_folder(folder)
    found: dict[Quarter, dict[Kind, list[P]]] = {}
    for quarter in Quarter:
        try:
            paths = event_files(folder, quarter)
        except SourceError:
            found[quarter] = {}
            continue
        if any(paths.values()):
            found[quarter] = paths
    if not found:
        instead = found_instead(folder)
        raise SourceError(
            f"{folder} holds no event files; expected at least one of {folder}/1 to {folder}/4 "
            "with impressions_1.csv, clicks_1.csv and conversions_1.csv (or _2 to _4)."
            + (f" Found instead: {', '.join(instead)}." if instead else "")
        )
    return found


def check_quarter(
    quarter: Quarter, paths: Mapping[Kind, Iterable[Path]], scratch: Path
) -> QuarterSources:
    """Check the files of one quarter, and make them ready for an engine.

    Args:
        quarter: the quarter of the files.
        paths: its files by kind.
        scratch: an existing folder for temporary files.

    Raises:
        SourceError: a kind is missing, or a file cannot be used.
    """
    check_kinds(quarter, paths)
    files: dict[tuple[Kind, str, str | None], PlainFile] = {}
    sizes: set[tuple[Kind, int]] = set()
    skipped = []
    for kind in Kind:
        for path in paths[kind]:
            # Two slots may have the same content, and are two deliveries.
            slot = slot_meant(path)
            # A copy of the same size costs only its digest, and is not converted.
            size, _ = stamp_of(path)
            if (kind, size) in sizes and (kind, digest_of(path), slot) in files:
                skipped.append(path)
                continue
            file = make_plain(kind, path, scratch)
            if (kind, file.sha256, slot) in files:
                # The same content in another form.
                file.remove_plain()
                skipped.append(path)
                continue
            files[kind, file.sha256, slot] = file
            sizes.add((kind, size))
    digest = digest_of_files((kind, sha) for kind, sha, _ in files)
    return QuarterSources(quarter, tuple(files.values()), tuple(skipped), digest)


def check_kinds(quarter: Quarter, paths: Mapping[Kind, Iterable[Place]]) -> None:
    """Check that a quarter has files of every kind.

    Raises:
        SourceError: a kind is missing.
    """
    missing = [kind for kind in Kind if not list(paths.get(kind, ()))]
    if missing:
        raise SourceError(
            f"There is no file of {' and '.join(missing)}; expected "
            f"{', '.join(kind.path(quarter) for kind in missing)}."
        )


def stamps_by_quarter(folder: Path) -> dict[Quarter, Stamps]:
    """Return the names, sizes and times of change of each quarter's event files.

    Args:
        folder: the folder that holds the quarters; the result is empty if it is not a folder.
    """
    try:
        found = find_quarters(folder)
    except SourceError:
        return {}
    return {
        quarter: frozenset(
            (str(path), _stamp_or_error(path)) for paths in kinds.values() for path in paths
        )
        for quarter, kinds in found.items()
    }


def check_unchanged(sources: QuarterSources) -> None:
    """Check that the files are still those that were read.

    Raises:
        CrunchError: a file was changed or removed since.
    """
    if changed := sources.changed_file():
        raise CrunchError(
            f"{changed} changed while it was read, so this run publishes nothing. Run again when "
            "the file is complete."
        )


def _stamp_or_error(path: Path) -> object:
    try:
        return stamp_of(path)
    except SourceError as error:
        return str(error)
