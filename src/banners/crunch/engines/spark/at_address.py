"""Checks the event files of a quarter at an address of Hadoop, on the executors.

The driver does not read the files. From Hadoop it gets their names and sizes; from Spark it gets
counts, hashes, and each distinct header.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.digest import digest_of_files
from banners.core.events import Kind, slot_meant
from banners.core.model import Quarter
from banners.crunch.engines.spark.alike import AlikeFiles, HadoopFile, of_all_kinds
from banners.crunch.engines.spark.errors import explained, translated
from banners.crunch.engines.spark.hadoop import HadoopPath, Status
from banners.crunch.engines.spark.lines import Surveyed, csv_lines, parquet_lines, survey
from banners.crunch.engines.spark.parquet_types import check_types
from banners.crunch.engines.spark.tables import Tables
from banners.crunch.files.find import QuarterSources, Suspect, check_kinds
from banners.crunch.files.formats import Form, check_text, form_of
from banners.crunch.files.header import check_header, without_header
from banners.crunch.files.lines import Line, line_of
from banners.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

# Characters that Spark takes for wildcards.
_ODD_NAME = re.compile(r"[*?\[\]{}\\]")
_UNREAD = re.compile(r"\[FAILED_READ_FILE[^]]*\] Encountered error while reading file (.+?)\. ")
_MOST_HEADER_BYTES = 1 << 16
_BYTE_ORDER_MARK_BYTES = 3


@dataclass(frozen=True, slots=True)
class HadoopSources(QuarterSources):
    """The event files of a quarter at an address, checked on the executors.

    Args:
        session: the session of their tables of lines.
        tables: where executors write what the driver reads.
        alike: the files by kind and header.
    """

    session: "SparkSession"
    tables: Tables
    alike: Mapping[Kind, Sequence[AlikeFiles]]

    @property
    def tagged(self) -> bool:
        """Whether any file has further columns, such as the group of a row."""
        return any(each.read != each.kind.columns for each in of_all_kinds(self.alike))

    def rows(self, kind: Kind) -> int:
        """Return the number of rows of one kind, counted apart from the crunch."""
        return sum(each.rows for each in self.alike[kind])

    def bad_width(self, kind: Kind) -> int:
        """Return the number of rows of one kind that do not reach the crunch."""
        return sum(each.bad_width for each in self.alike[kind])

    def suspects(self, kind: Kind, ids: "pa.Array | None") -> Iterator[Suspect]:
        """Yield the rows that are perhaps not accepted: see :meth:`QuarterSources.suspects`."""
        found = (
            each.suspects(self.session, self.tables, f"suspects_{kind}_{place}", ids)
            for place, each in enumerate(self.alike[kind])
        )
        # In the order of the files, so that the same copy of a repeated row counts each time.
        yield from merge(*found, key=lambda each: (str(each.path), each.line.number))

    def changed_file(self) -> HadoopPath | None:
        """Return a file that was changed or removed since it was read; None if there is none."""
        files = (file for each in of_all_kinds(self.alike) for file in each.files.values())
        return next((file.path for file in files if not file.is_unchanged()), None)


def check_at_address(
    quarter: Quarter,
    paths: Mapping[Kind, Iterable[HadoopPath]],
    *,
    session_for: "Callable[[int], SparkSession]",
    tables: Tables,
) -> HadoopSources:
    """Check the files of one quarter, and make them ready for Spark.

    Args:
        quarter: the quarter of the files.
        paths: its files by kind.
        session_for: called with the number of bytes of all files; opens a session that has the
            functions of the statements and always divides files in the same way.
        tables: where executors write what the driver reads.

    Raises:
        SourceError: a kind is missing, or a file cannot be used.
        CrunchError: Spark failed.
    """
    check_kinds(quarter, paths)
    statuses = {path: _status_of(path) for kind in Kind for path in paths[kind]}
    with translated():
        session = session_for(sum(each.size for each in statuses.values()))
    skipped: list[HadoopPath] = []
    alike: dict[Kind, list[AlikeFiles]] = {}
    contents = []
    with explained(_UNREAD, _unread):
        for kind in Kind:
            checking = _Checking(session, kind, statuses, set(), skipped)
            alike[kind] = [*checking.csv(paths[kind]), *checking.parquet(paths[kind])]
            contents += [(kind, sha) for sha, _ in checking.seen]
    digest = digest_of_files(contents)
    return HadoopSources(quarter, (), tuple(skipped), digest, session, tables, alike)


@dataclass(frozen=True, slots=True)
class _Checking:
    """Checks the files of one kind.

    Args:
        session: the session to check them with.
        kind: the kind.
        statuses: the size and time of change of each file.
        seen: the content and the slot of each file that counts.
        skipped: gets the files that have the same content as another.
    """

    session: "SparkSession"
    kind: Kind
    statuses: Mapping[HadoopPath, Status]
    seen: set[tuple[str, str | None]]
    skipped: list[HadoopPath]

    def csv(self, paths: Iterable[HadoopPath]) -> Iterator[AlikeFiles]:
        named = {
            self.statuses[path].key: path for path in paths if form_of(path) is not Form.PARQUET
        }
        if not named:
            return
        lines = csv_lines(self.session, list(map(str, named.values())))
        surveyed = survey(self.session, lines)
        headers: dict[int, Line] = {}
        alike: dict[int, dict[str, HadoopFile]] = defaultdict(dict)
        for name, path in named.items():
            found = surveyed.get(name)
            if found is None:
                raise without_header(self.kind, path)
            if found.digest_of_first not in headers:
                headers[found.digest_of_first] = self._header(path)
            header = headers[found.digest_of_first]
            columns = check_header(self.kind, path, header)
            _check_lines(path, found, self.statuses[path].size, len(columns))
            if file := self._counted(path, found, header):
                alike[found.digest_of_first][name] = file
        for digest, files in alike.items():
            columns = check_header(self.kind, next(iter(files.values())).path, headers[digest])
            if len(files) < len(named):
                # The places of lines depend on the table, so those of a smaller table are new.
                lines = csv_lines(self.session, [str(each.path) for each in files.values()])
                surveyed = survey(self.session, lines)
            current = {name: replace(file, lines=surveyed[name]) for name, file in files.items()}
            yield AlikeFiles(self.kind, columns, has_header_line=True, files=current, lines=lines)

    def parquet(self, paths: Iterable[HadoopPath]) -> Iterator[AlikeFiles]:
        alike: dict[str, dict[str, HadoopPath]] = defaultdict(dict)
        schemas = {}
        for path in paths:
            if form_of(path) is Form.PARQUET:
                schema = self.session.read.parquet(str(path)).schema
                schemas[schema.json()] = schema
                alike[schema.json()][self.statuses[path].key] = path
        for form, named in alike.items():
            schema, first = schemas[form], next(iter(named.values()))
            names = [each.encode() for each in schema.names]
            header = Line(1, b",".join(names), names, ended=True)
            columns = check_header(self.kind, first, header)
            check_types(first, columns, schema)
            lines = parquet_lines(self.session, list(map(str, named.values())), schema)
            surveyed = survey(self.session, lines)
            files = {
                name: file
                for name, path in named.items()
                if (file := self._counted(path, surveyed.get(name, Surveyed()), header))
            }
            if files:
                lines = parquet_lines(
                    self.session, [str(each.path) for each in files.values()], schema
                )
                yield AlikeFiles(
                    self.kind, columns, has_header_line=False, files=files, lines=lines
                )

    def _header(self, path: HadoopPath) -> Line:
        """Return the first line of a file, which an executor reads."""
        own = self.session.newSession()
        # In one part, so that its first line is found without reading the rest.
        own.conf.set("spark.sql.files.minPartitionNum", "1")
        own.conf.set("spark.sql.files.maxPartitionBytes", str(1 << 60))
        start = f"substring(CAST(text AS BINARY), 1, {_MOST_HEADER_BYTES}) AS start"
        lines = csv_lines(own, [str(path)]).selectExpr(start).limit(1)
        text: bytes = lines.toArrow().column("start")[0].as_py()
        check_text(path, text)
        if b"\r" in text and b'"' not in text:
            raise SourceError(
                f"{path}, line 1: its lines end in CR alone; expected LF or CR LF. Save the file "
                "with such line ends, or crunch it from a folder of this machine."
            )
        return line_of(1, text, ended=True)

    def _counted(self, path: HadoopPath, found: Surveyed, header: Line) -> HadoopFile | None:
        """Return a file, or None if another one has the same content."""
        sums = found.sums if form_of(path) is Form.PARQUET else found.sums_after_first
        rows = found.lines - (form_of(path) is not Form.PARQUET)
        what = (header.text, rows, sums)
        sha256 = hashlib.sha256(repr(what).encode()).hexdigest()
        slot = slot_meant(Path(path.parent.name, path.name))
        if (sha256, slot) in self.seen:
            self.skipped.append(path)
            return None
        self.seen.add((sha256, slot))
        return HadoopFile(path, self.statuses[path], sha256, found)


def _status_of(path: HadoopPath) -> Status:
    if found := _ODD_NAME.search(str(path)):
        raise SourceError(
            f"{path} has {found[0]} in its name, which Spark takes for a wildcard. Rename it."
        )
    try:
        status = path.status()
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}. Check its permissions, or deliver it again."
        ) from error
    if status.is_dir:
        raise SourceError(
            f"{path} is a folder without part-* files, or is still being written. Put the complete "
            "files directly into it (in Spark: without partitionBy)."
        )
    return status


def _check_lines(path: HadoopPath, found: Surveyed, size: int, width: int) -> None:
    """Check the lines of a CSV file."""
    if found.not_utf8:
        raise SourceError(
            f"{path}, line {found.number(*found.not_utf8)}: found a byte that is not UTF-8. "
            "Save the file as UTF-8."
        )
    if found.open_quote:
        raise SourceError(
            f"{path}, line {found.number(*found.open_quote)}: the quote that opens here does not "
            "close on this line; at an address, a row is one line. Close the quote, or double it "
            "if it is part of the text; a file with line breaks in quotes can be crunched from a "
            "folder of this machine."
        )
    if path.suffix.lower() == ".gz":
        return  # its size when decompressed is not known, but gzip reports a missing part
    rest = size - found.bytes - found.lines
    if rest not in (0, -1, _BYTE_ORDER_MARK_BYTES, _BYTE_ORDER_MARK_BYTES - 1):
        raise SourceError(
            f"{path}: {found.bytes + found.lines:,} of {size:,} bytes were read. It changed "
            "meanwhile, is compressed, or has a line of more than 16 MB. Check the file, and "
            "deliver it again."
        )
    ended = rest in (0, _BYTE_ORDER_MARK_BYTES)
    if not ended and found.lines > 1 and found.last_width != width:
        raise SourceError(
            f"{path}, line {found.lines}: the last line is cut off (no line end, and not {width} "
            "fields). Deliver the file again."
        )


def _unread(found: re.Match[str]) -> SourceError:
    return SourceError(f"{found[1]} cannot be read, or is damaged. Deliver the file again.")
