"""Lists what lies in a folder of event files: what is read, and what is left out.

Source: docs/event-files.md, "Where they are": ``DIR/<q>/impressions_<q>*.csv[.gz]`` or
``.parquet``, or a folder of such a name with ``part-*`` files, as Spark writes it; likewise
``clicks_`` and ``conversions_``, for q = 1 to 4.
"""

from typing import TypeVar

from banners.core.events import Kind, kind_meant, kind_of
from banners.core.model import Quarter
from banners.crunch.files.formats import meaning_of
from banners.crunch.files.place import Place
from banners.errors import SourceError, readable

P = TypeVar("P", bound=Place)

_PART = "part-"
# Files that systems and Spark add to folders; they hold no events, and are not mentioned.
_MARKERS = ("_success", ".ds_store", "thumbs.db", "desktop.ini")
_CHECKSUM = ".crc"
# In a folder that Spark is still writing to, or in which it failed.
_UNFINISHED = "_temporary"
_MOST_NAMED = 12


def event_files(folder: P, quarter: Quarter) -> dict[Kind, list[P]]:
    """List the event files of a quarter by kind, sorted by name.

    A folder whose part files cannot be read as one is listed itself; reading it raises an error.

    Raises:
        SourceError: the quarter's folder is not a folder, or cannot be read.
    """
    paths: dict[Kind, list[P]] = {kind: [] for kind in Kind}
    for path in _listed(_folder_of(folder, quarter)):
        if kind := _kind_of(path, quarter):
            paths[kind] += _parts(path) if path.is_dir() else [path]
    return paths


def left_out(folder: Place, quarter: Quarter) -> list[str]:
    """Name everything in a quarter's folder that is not read, with what it is if that is known.

    Raises:
        SourceError: the quarter's folder is not a folder, or cannot be read.
    """
    here = _folder_of(folder, quarter)
    unread = []
    for path in _listed(here):
        if not _kind_of(path, quarter):
            unread.append(path)
        elif path.is_dir():
            unread += [other for other in _listed(path) if not other.name.startswith(_PART)]
    return [_described(path, here) for path in unread if not _is_marker(path)]


def found_instead(folder: Place) -> list[str]:
    """Name what a folder without event files holds, and what the quarters' folders in it hold."""
    quarters = [_folder_of(folder, quarter) for quarter in Quarter]
    found: list[Place] = []
    for here in (folder, *quarters):
        try:
            found += [path for path in _listed(here) if path not in quarters]
        except SourceError:
            continue
    found = [path for path in found if not _is_marker(path)]
    more = len(found) - _MOST_NAMED
    named = [_described(path, folder) for path in found[:_MOST_NAMED]]
    return [*named, f"{more} more"] if more > 0 else named


def _folder_of(folder: P, quarter: Quarter) -> P:
    return folder / str(int(quarter))


def _listed(folder: P) -> list[P]:
    """List the content of a folder by name; empty if there is no such folder."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not folder.is_symlink():
            return []
        raise SourceError(
            f"{folder} cannot be read: {error.strerror}. Make it a readable folder, or remove it."
        ) from error


def _kind_of(path: Place, quarter: Quarter) -> Kind | None:
    """Return the kind of an event file or of a folder of part files; None if it is neither."""
    return kind_meant(path.name, quarter) if path.is_dir() else kind_of(path.name, quarter)


def _parts(folder: P) -> list[P]:
    """Return the part files of a folder, or the folder itself if it is not complete."""
    try:
        content = _listed(folder)
    except SourceError:
        return [folder]
    parts = [path for path in content if path.name.startswith(_PART) and not _is_marker(path)]
    return [folder] if any(path.name == _UNFINISHED for path in content) or not parts else parts


def _described(path: P, folder: P) -> str:
    """Return the path of a file below a folder, and what the file is if that is known."""
    meaning = meaning_of(path)
    return readable(path.relative_to(folder)) + (f" ({meaning})" if meaning else "")


def _is_marker(path: Place) -> bool:
    name = path.name.lower()
    return name in _MARKERS or name.endswith(_CHECKSUM)
