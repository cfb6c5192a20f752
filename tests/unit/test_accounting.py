"""The accounting, with an engine that counts wrongly, and with a very large number of rejects."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from banners.core.model import Quarter
from banners.crunch.accounting import settle
from banners.crunch.engines.engine import CrunchedQuarter
from banners.crunch.files.find import QuarterSources, check_quarter, find_quarters
from banners.crunch.gate import Limits
from banners.crunch.rejects import unaccepted_rows, write_rejects
from banners.errors import CrunchError
from banners.job.judgement import Judgement
from banners.job.run import Job
from banners.settings import Settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from support.deliveries import small_quarter
from support.engines import crunch_with_duckdb
from support.publishing import drafting

TRUE_COUNTS = [
    ("impressions", "accepted", 2),
    ("impressions", "rejected", 0),
    ("clicks", "rejected", 0),
    ("clicks", "conflicting_id", 0),
    ("clicks", "duplicate", 0),
    ("clicks", "accepted", 1),
    ("conversions", "duplicate", 0),
    ("conversions", "accepted", 1),
]


def telling(*outcomes: tuple[str, str, int], bad: int = 0) -> CrunchedQuarter:
    """An engine's result with these counts, and with ``bad`` clicks that have a bad id."""
    answers: dict[str, list[tuple[Any, ...]]] = {
        "accounting": list(outcomes),
        "remarks": [(0, 0)],
        "bad_values": [("clicks", "bad_id", bad)],
    }
    return CrunchedQuarter(answers.__getitem__, lambda _: iter(()))


@pytest.fixture
def sources(tmp_path: Path) -> QuarterSources:
    small_quarter(tmp_path, 2)
    paths = find_quarters(tmp_path / "events")[Quarter.SECOND]
    return check_quarter(Quarter.SECOND, paths, tmp_path)


def test_true_counts_balance(sources: QuarterSources) -> None:
    assert settle(sources, telling(*TRUE_COUNTS)).rows == 4


@pytest.mark.parametrize("kind", ["impressions", "clicks", "conversions"])
@pytest.mark.parametrize("more", [-1, 1])
def test_a_row_that_an_engine_loses_or_makes_up_is_an_error(
    sources: QuarterSources, kind: str, more: int
) -> None:
    counts = [
        (name, outcome, affected + more * ((name, outcome) == (kind, "accepted")))
        for name, outcome, affected in TRUE_COUNTS
    ]
    with pytest.raises(CrunchError, match=f"rows of {kind}, but the files have"):
        settle(sources, telling(*counts))


def test_a_rejected_row_that_is_in_no_file_is_an_error(sources: QuarterSources) -> None:
    counts = {(kind, outcome): affected for kind, outcome, affected in TRUE_COUNTS}
    counts |= {("clicks", "accepted"): 0, ("clicks", "rejected"): 1}
    crunched = telling(*((*key, affected) for key, affected in counts.items()), bad=1)
    with pytest.raises(CrunchError, match="Of clicks, the rows that were not accepted"):
        list(unaccepted_rows(sources, settle(sources, crunched), crunched))


def test_an_impossible_folder_for_rejects_is_an_error_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CrunchError, match=r"cannot be written .* folder in BANNERS_REJECTS\.$"):
        write_rejects(tmp_path / "file" / "rejects.csv", [])


def test_nothing_is_published_where_an_engine_loses_a_row(tmp_path: Path) -> None:
    @contextmanager
    def losing(_sources: QuarterSources, _scratch: Path) -> Iterator[CrunchedQuarter]:
        yield telling(*TRUE_COUNTS[1:])

    small_quarter(tmp_path, 2)
    defaults = Settings()
    limits = Limits(defaults.gate_bad_rows, defaults.gate_orphans, defaults.gate_least_rows)
    job = Job(
        engine=losing,
        judgement=Judgement(
            limits=limits,
            accept=True,
            served_rows=lambda _: None,
            rejects=tmp_path / "rejects",
            with_image=lambda: (),
        ),
        served_digest=lambda _: None,
        on_step=lambda *_: None,
    )
    database = open_database(f"sqlite:///{tmp_path / 'banners.db'}", create=True)
    with pytest.raises(CrunchError, match="accounted for 0 rows of impressions"):
        job.run(tmp_path / "events", [], drafting(database))
    assert DatabaseReader(database).active() == {}
    database.dispose()


def memory_to_find(clicks: int, orphans: int, folder: Path) -> int:
    """Find that many rejected clicks and orphans, and return the peak memory in bytes."""
    here = small_quarter(folder, 2, "".join(f"x{number},10,5\n" for number in range(clicks)))
    conversions = "".join(f"{number},{number},1\n" for number in range(1, orphans + 1))
    (here / "conversions_2.csv").write_text("conversion_id,click_id,revenue\n" + conversions)
    paths = find_quarters(folder / "events")[Quarter.SECOND]
    sources = check_quarter(Quarter.SECOND, paths, folder)
    with crunch_with_duckdb(sources, folder) as crunched:
        accounting = settle(sources, crunched)
        tracemalloc.start()
        found = sum(1 for _ in unaccepted_rows(sources, accounting, crunched))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found == clicks + orphans
    return peak


@pytest.mark.parametrize(("clicks", "orphans"), [(10_000, 0), (0, 50_000)])
def test_memory_hardly_grows_with_the_rows_that_are_not_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clicks: int, orphans: int
) -> None:
    # So that files have many blocks though they are small.
    monkeypatch.setattr("banners.crunch.files.content._BYTES", 1 << 14)
    few = memory_to_find(clicks, orphans, tmp_path)
    many = memory_to_find(2 * clicks, 2 * orphans, tmp_path)
    # Nine bytes are kept of an orphan's id; an id or a value as Python holds it takes fifty.
    assert many - few < (clicks + orphans) * 20
