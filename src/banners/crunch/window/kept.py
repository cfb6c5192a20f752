"""Keeps the performance of closed slots, so that each is crunched once.

For each slot and quarter there are a Parquet file with the figures and a JSON file with the account
beside it. Both are bound to the digest of the slot's event files; if these change, the slot is
crunched again. Whatever is missing or damaged is made again, so the folder can be removed at any
time.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.core.account import Accounting
from banners.core.digest import digest_of_files
from banners.core.model import Quarter
from banners.core.outcome import accounting_as_json, parse_accounting
from banners.core.slots import slot_name, slot_named
from banners.crunch.files.content import digest_of
from banners.crunch.scratch import locked_folder, put_in_place, writing_to_scratch
from banners.crunch.window.slots import Files
from banners.errors import InvalidSlot, SourceError

if TYPE_CHECKING:
    import pyarrow as pa

_FORMAT = 1
_DIGEST = b"banners.digest"
# What reading an account raises if there is none, or it is damaged.
_NOT_KEPT = (OSError, KeyError, TypeError, ValueError, AttributeError)

Stamps = Mapping[str, tuple[int, int, int]]
"""Size, time of change in nanoseconds and inode of each event file, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSlot:
    """A slot that was crunched.

    Args:
        slot: the slot; None for the event files of a quarter that are of no slot.
        digest: the digest of its event files.
        files: these files, by kind.
        stamps: what they looked like when they were read.
        accounting: what became of their rows.
        skipped: those that were left out, because another has the same content.
        rejects: the file with the rows that were not accepted; None if there are none.
        path: the Parquet file with its figures.
    """

    slot: int | None
    digest: str
    files: Files
    stamps: Stamps
    accounting: Accounting
    skipped: tuple[str, ...]
    rejects: str | None
    path: Path

    def changed_file(self) -> Path | None:
        """Return an event file that was changed or removed since; None if there is none."""
        for paths in self.files.values():
            for path in paths:
                try:
                    changed = _stamp(path) != self.stamps[_name(path)]
                except OSError:
                    changed = True
                if changed:
                    return path
        return None


class Kept:
    """The folder in which the performance of slots is kept.

    Args:
        folder: the folder, with a subfolder for each quarter; it is made if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, quarter: Quarter, slot: int, files: Files) -> KeptSlot | None:
        """Return a slot as it was crunched from its event files; None if it must be crunched.

        Args:
            quarter: the quarter of the files.
            slot: the slot.
            files: its event files as they are now.
        """
        path = self._path(quarter, slot)
        try:
            kept = _parsed(
                slot, files, path, json.loads(path.with_suffix(".json").read_text("utf-8"))
            )
            now = stamps_of(files)
        except _NOT_KEPT:
            return None
        if not _is_complete(path, kept.digest):
            return None
        if now == kept.stamps:
            return kept
        return self._copied(kept, files, now)

    def write(
        self, quarter: Quarter, kept: KeptSlot, figures: "Iterable[pa.RecordBatch]"
    ) -> KeptSlot:
        """Keep a slot; the Parquet file and then the account are replaced atomically.

        Args:
            quarter: the quarter of its event files.
            kept: the slot; its path does not matter.
            figures: the columns of ``crunch/sql/kept.sql``.

        Returns:
            The slot with its path.

        Raises:
            CrunchError: a file cannot be written.
        """
        path = self._path(quarter, kept.slot)
        with writing_to_scratch():
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked_folder(path.parent) as folder:
                made = folder / path.name
                _write_figures(made, quarter, kept.digest, figures)
                put_in_place(made, path)
        return self._described(path, kept)

    def rows(self, quarter: Quarter, slot: int, files: Files) -> int | None:
        """Return the number of rows of a slot whose event files may be gone; None if unknown.

        Args:
            quarter: the quarter.
            slot: the slot.
            files: its event files where there are any, to notice that they have changed since.
        """
        path = self._path(quarter, slot).with_suffix(".json")
        try:
            content = json.loads(path.read_text("utf-8"))
            if any(files.values()) and stamps_of(files) != _stamps_in(content):
                return None
            return int(content["rows"])
        except _NOT_KEPT:
            return None

    def keep_rows(self, quarter: Quarter, slot: int, files: Files, rows: int) -> None:
        """Keep the number of rows of a slot whose figures are not needed.

        Raises:
            CrunchError: the file cannot be written.
        """
        content = {"format": _FORMAT, "files": stamps_of(files), "rows": rows}
        self._write_json(self._path(quarter, slot), content)

    def sweep(self, quarter: Quarter, used: Collection[int], accounts_since: int) -> None:
        """Remove what is kept of slots that are no longer used.

        Args:
            quarter: the quarter.
            used: the slots whose figures are still needed.
            accounts_since: accounts of older slots are removed, too.
        """
        for path in self._of_quarter(quarter):
            with suppress(InvalidSlot, OSError):
                slot = slot_named(path.stem)
                if slot in used or (path.suffix == ".json" and slot >= accounts_since):
                    continue
                path.unlink()

    def _copied(self, kept: KeptSlot, files: Files, now: Stamps) -> KeptSlot | None:
        """Return a slot if its files have the same content as before, although they look changed.

        That is so after the folder was copied.
        """
        with suppress(SourceError):
            contents = {(kind, digest_of(path)) for kind, paths in files.items() for path in paths}
            if digest_of_files(contents) == kept.digest:
                return self._described(kept.path, replace(kept, stamps=now))
        return None

    def _described(self, path: Path, kept: KeptSlot) -> KeptSlot:
        self._write_json(path, _content(kept))
        return replace(kept, path=path)

    def _write_json(self, path: Path, content: Mapping[str, Any]) -> None:
        with writing_to_scratch():
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked_folder(path.parent) as folder:
                made = folder / path.with_suffix(".json").name
                made.write_text(json.dumps(content, separators=(",", ":")) + "\n", "utf-8")
                put_in_place(made, path.with_suffix(".json"))

    def _path(self, quarter: Quarter, slot: int | None) -> Path:
        name = "no-slot" if slot is None else slot_name(slot)
        return self._folder / str(int(quarter)) / f"{name}.parquet"

    def _of_quarter(self, quarter: Quarter) -> Iterator[Path]:
        with suppress(FileNotFoundError):
            yield from sorted((self._folder / str(int(quarter))).iterdir())


def stamps_of(files: Files) -> Stamps:
    """Return what event files look like now.

    Raises:
        OSError: a file is gone, or cannot be read.
    """
    return {_name(path): _stamp(path) for paths in files.values() for path in paths}


def _name(path: Path) -> str:
    # Part files of several folders have the same names.
    return f"{path.parent.name}/{path.name}"


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _content(kept: KeptSlot) -> Mapping[str, Any]:
    return {
        "format": _FORMAT,
        "digest": kept.digest,
        "files": kept.stamps,
        "rows": kept.accounting.rows,
        "skipped": kept.skipped,
        "rejects": kept.rejects,
        **accounting_as_json(kept.accounting),
    }


def _parsed(slot: int, files: Files, path: Path, content: Mapping[str, Any]) -> KeptSlot:
    if content["format"] != _FORMAT:
        raise ValueError("the account of another version of Banners")
    return KeptSlot(
        slot=slot,
        digest=content["digest"],
        files=files,
        stamps=_stamps_in(content),
        accounting=parse_accounting(content),
        skipped=tuple(content["skipped"]),
        rejects=content["rejects"],
        path=path,
    )


def _stamps_in(content: Mapping[str, Any]) -> Stamps:
    return {
        name: (int(size), int(changed), int(inode))
        for name, (size, changed, inode) in content["files"].items()
    }


def _is_complete(path: Path, digest: str) -> bool:
    """Return whether a Parquet file can be read, and was made from event files of this digest."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return bool((parquet.read_metadata(path).metadata or {}).get(_DIGEST) == digest.encode())
    except (OSError, pa.ArrowException):
        return False


def _write_figures(
    path: Path, quarter: Quarter, digest: str, batches: "Iterable[pa.RecordBatch]"
) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    schema = figures_schema().with_metadata({_DIGEST: digest.encode()})
    with ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        for batch in batches:
            quarters = pa.nulls(batch.num_rows, pa.int8()).fill_null(int(quarter))
            columns = [quarters, *batch.columns]
            arrays = [column.cast(each.type) for column, each in zip(columns, schema, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def figures_schema() -> "pa.Schema":
    """Return the columns of the Parquet files."""
    import pyarrow as pa

    return pa.schema(
        {
            "quarter": pa.int8(),
            "campaign_id": pa.int64(),
            "banner_id": pa.int64(),
            "group": pa.string(),
            "fill": pa.bool_(),
            "impressions": pa.int64(),
            "clicks": pa.int64(),
            "conversions": pa.int64(),
            "revenue_micros": pa.int64(),
        }
    )
