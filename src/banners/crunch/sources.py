"""Finds the event files of each quarter in a folder and checks them as a whole.

Source: docs/event-files.md, "Where they are": ``DIR/<q>/impressions_<q>*.csv[.gz]``,
likewise ``clicks_`` and ``conversions_``, for q = 1 to 4.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from banners.crunch.kinds import Kind
from banners.crunch.plain import PlainFile, digest_of, make_plain, stamp_of
from banners.errors import CrunchError, SourceError, readable
from banners.model import Quarter


@dataclass(frozen=True, slots=True)
class QuarterSources:
    """The event files of one quarter, each found fit to be read.

    Args:
        quarter: the quarter of the hour that they are of.
        files: the files in plain form; each kind has one or more.
        skipped: files left out because another of the same kind has the same content.
        digest: SHA-256 over the contents, whatever the files' names and order: the same digest
            means the same result.
    """

    quarter: Quarter
    files: tuple[PlainFile, ...]
    skipped: tuple[Path, ...]
    digest: str

    def of(self, kind: Kind) -> Iterator[PlainFile]:
        """List the files of one kind."""
        return (file for file in self.files if file.kind is kind)

    def rows(self, kind: Kind) -> int:
        """Count the rows of one kind, as counted without an engine."""
        return sum(file.rows for file in self.of(kind))


def check_folder(folder: Path) -> None:
    """Make sure that what is to hold the quarters is a folder.

    Raises:
        SourceError: it is none, or it cannot be reached.
    """
    try:
        is_folder = folder.is_dir()
    except OSError as error:
        raise SourceError(
            f"{folder} cannot be read: {error.strerror}. Give the folder that holds the quarters."
        ) from error
    if not is_folder:
        raise SourceError(f"{folder} is not a folder. Give the folder that holds the quarters.")
    if not os.access(folder, os.X_OK):
        raise SourceError(f"{folder} cannot be read: Permission denied. Let this user enter it.")


Look = frozenset[tuple[str, object]]
"""The names of event files with their sizes and times of change, to tell whether any changed."""


def find_quarters(folder: Path) -> dict[Quarter, dict[Kind, list[Path]]]:
    """Find which quarters have event files, and which.

    Args:
        folder: the folder with a subfolder ``1`` to ``4`` for each quarter given.

    Returns:
        The files by quarter and kind, sorted by name; a quarter without any is not there, a kind
        without any has an empty list. A quarter whose folder cannot be read is there without
        files: it is given, and :func:`unknown_files` says what is wrong with it.

    Raises:
        SourceError: the folder is not there, or holds no event file at all.
    """
    check_folder(folder)
    found: dict[Quarter, dict[Kind, list[Path]]] = {}
    for quarter in Quarter:
        try:
            listing = _listing(folder, quarter)
        except SourceError:
            found[quarter] = {}
            continue
        paths = {
            kind: [path for path in listing if _kind_of(path.name, quarter) is kind]
            for kind in Kind
        }
        if any(paths.values()):
            found[quarter] = paths
    if not found:
        raise SourceError(
            f"{folder} holds no event files; expected at least one of {folder}/1 to {folder}/4 "
            "with impressions_1.csv, clicks_1.csv and conversions_1.csv (or _2 to _4)."
        )
    return found


def check_quarter(
    quarter: Quarter, paths: Mapping[Kind, Iterable[Path]], scratch: Path
) -> QuarterSources:
    """Check the files of one quarter as a whole and make them ready for an engine.

    Args:
        quarter: the quarter that they are of.
        paths: its files by kind.
        scratch: an existing folder for what has to be written on the way.

    Raises:
        SourceError: a kind is missing, or a file is refused whole.
    """
    missing = [kind.value for kind in Kind if not list(paths.get(kind, ()))]
    if missing:
        raise SourceError(
            f"There is no file of {' and '.join(missing)}; expected "
            f"{', '.join(f'{int(quarter)}/{kind}_{int(quarter)}.csv' for kind in missing)}."
        )
    files: dict[tuple[Kind, str], PlainFile] = {}
    sizes: set[tuple[Kind, int]] = set()
    skipped = []
    for kind in Kind:
        for path in paths[kind]:
            # A copy is to cost no more than its digest, and another file no digest besides.
            size, _ = stamp_of(path)
            if (kind, size) in sizes and (kind, digest_of(path)) in files:
                skipped.append(path)
                continue
            file = make_plain(kind, path, scratch)
            files[kind, file.sha256] = file
            sizes.add((kind, size))
    digest = hashlib.sha256("".join(f"{kind} {sha}\n" for kind, sha in sorted(files)).encode())
    return QuarterSources(quarter, tuple(files.values()), tuple(skipped), digest.hexdigest())


def unknown_files(folder: Path, quarter: Quarter) -> list[str]:
    """Name the CSV files in a quarter's folder that are not read, since they are named otherwise.

    Raises:
        SourceError: the quarter's folder is no folder, or cannot be read.
    """
    return [
        readable(path.name)
        for path in _listing(folder, quarter)
        if ".csv" in path.name.lower() and not _kind_of(path.name, quarter)
    ]


def looks(folder: Path) -> dict[Quarter, Look]:
    """Tell what the event files of each quarter given look like from outside.

    Args:
        folder: the folder that holds the quarters; nothing is given where it is none.
    """
    try:
        found = find_quarters(folder)
    except SourceError:
        return {}
    return {
        quarter: frozenset(
            (path.name, _stamp_or_fault(path)) for paths in kinds.values() for path in paths
        )
        for quarter, kinds in found.items()
    }


def check_unchanged(sources: QuarterSources) -> None:
    """Make sure that the files are still those that were checked.

    Raises:
        CrunchError: a file was changed or taken away while the quarter was crunched.
    """
    for file in sources.files:
        if not file.is_unchanged():
            raise CrunchError(
                f"{file.path} changed while it was read. Nothing is published of this run; run "
                "again when the file is whole."
            )


def _listing(folder: Path, quarter: Quarter) -> list[Path]:
    """List what is in a quarter's folder, by name; nothing where there is no such folder."""
    here = folder / str(int(quarter))
    try:
        return sorted(here.iterdir())
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not here.is_symlink():
            return []
        raise SourceError(
            f"{here} cannot be read: {error.strerror}. Make it a folder that can be, or remove it."
        ) from error


def _stamp_or_fault(path: Path) -> object:
    try:
        return stamp_of(path)
    except SourceError as error:
        return str(error)


def _kind_of(name: str, quarter: Quarter) -> Kind | None:
    """Tell the kind of an event file of a quarter by its name; None for any other file."""
    for kind in Kind:
        if name.startswith(f"{kind}_{int(quarter)}") and name.endswith((".csv", ".csv.gz")):
            return kind
    return None
