"""Results wait in a spool: in memory while they are small, and otherwise in a file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from banners.errors import CrunchError
from banners.job import spool
from banners.job.spool import spooled
from support.publishing import batches, campaign, many


@pytest.mark.parametrize("memory_bytes", [1, 2**30])
def test_the_batches_come_back_as_they_were(
    monkeypatch: pytest.MonkeyPatch, memory_bytes: int
) -> None:
    monkeypatch.setattr(spool, "MEMORY_BYTES", memory_bytes)
    given = batches(*campaign(5, 100), *campaign(6, 200))
    with spooled(given) as kept:
        assert list(kept) == given


def test_no_batches_come_back_as_none() -> None:
    with spooled(iter(())) as kept:
        assert list(kept) == []


def test_a_large_spool_is_a_file_without_a_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(spool, "MEMORY_BYTES", 1)
    with spooled(many(10_000, 1_000)) as kept:
        assert list(tmp_path.iterdir()) == []
        assert sum(batch.num_rows for batch in kept) == 10_000


def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    monkeypatch.setattr(spool, "MEMORY_BYTES", 1)
    with (
        pytest.raises(CrunchError, match=r"Temporary files cannot be written.*TMPDIR"),
        spooled(many(10, 10)),
    ):
        pass


def test_an_error_of_the_engine_is_passed_on() -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from many(10, 10)
        raise FileNotFoundError("events.csv")

    with pytest.raises(FileNotFoundError, match="events"), spooled(failing()):
        pass
