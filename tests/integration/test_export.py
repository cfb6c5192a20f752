"""``banners export``: all figures of what is live, as Parquet or CSV."""

import csv
import io
import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from banners.core.model import Quarter
from reference.events import QuarterReference
from reference.rule import by_revenue
from support.reported import SERVED
from support.running import Workplace

COLUMNS = [
    *("generation", "quarter", "campaign_id", "banner_id"),
    *("impressions", "clicks", "conversions", "revenue", "position"),
    *("campaign_name", "banner_name", "of_64"),
]
Row = tuple[Any, ...]


def expected(reference: QuarterReference, generation: int, quarter: int) -> list[Row]:
    """The rows of a quarter, by the reference: by campaign, best first."""
    rows: list[Row] = []
    for campaign_id, lineup in sorted(reference.lineups.items()):
        figures = [each for key, each in reference.performance.items() if key[0] == campaign_id]
        places = {each.banner_id: place for place, each in enumerate(lineup.banners, start=1)}
        rows += [
            (
                *(generation, quarter, campaign_id, each.banner_id, each.impressions),
                *(each.clicks, each.conversions, each.revenue, places.get(each.banner_id)),
                *(None, None, None),
            )
            for each in by_revenue(figures)
        ]
    return rows


def of_csv(text: str) -> list[Row]:
    head, *lines = csv.reader(io.StringIO(text))
    assert head == COLUMNS
    return [
        (
            *(*map(int, line[:7]), Decimal(line[7]), int(line[8]) if line[8] else None),
            *(name or None for name in line[9:11]),
            int(line[11]) if line[11] else None,
        )
        for line in lines
    ]


def of_parquet(path: Path) -> list[Row]:
    table = pq.read_table(path)
    assert table.column_names == COLUMNS
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.fixture(scope="module")
def whole(worked_out: Any) -> list[Row]:
    return [row for each in Quarter for row in expected(worked_out(int(each)), 1, int(each))]


def test_csv_has_every_banner_of_every_quarter(
    published: Workplace, whole: list[Row], tmp_path: Path
) -> None:
    file = tmp_path / "figures.csv"
    ended = published.run("export", str(file))
    assert "quarter 2: " in ended.stderr
    assert of_csv(file.read_text("utf-8")) == whole
    assert ended.stdout == f"{len(whole):,} rows are in {file}.\n"


def test_parquet_has_the_same_with_exact_decimals(
    published: Workplace, whole: list[Row], tmp_path: Path
) -> None:
    file = tmp_path / "figures.parquet"
    published.run("export", str(file))
    assert of_parquet(file) == whole
    assert str(pq.read_schema(file).field("revenue").type) == "decimal128(19, 6)"


def test_some_quarters_go_to_standard_output_as_csv(published: Workplace, whole: list[Row]) -> None:
    ended = published.run("export", "-", "--quarter", "2", "4")
    assert of_csv(ended.stdout) == [row for row in whole if row[1] in {2, 4}]
    assert ended.stderr == ""


def test_each_quarter_has_the_generation_that_is_live(
    two_generations: Workplace, tmp_path: Path
) -> None:
    file = tmp_path / "figures.dat"
    two_generations.run("export", str(file), "--format", "csv")
    assert {row[1]: row[0] for row in of_csv(file.read_text("utf-8"))} == SERVED


def test_the_format_can_be_chosen_against_the_name(published: Workplace, tmp_path: Path) -> None:
    file = tmp_path / "figures.csv"
    published.run("export", str(file), "--format", "parquet", "--quarter", "1")
    assert {row[1] for row in of_parquet(file)} == {1}


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(
    published: Workplace, tmp_path: Path
) -> None:
    ended = published.run("export", str(tmp_path / "none" / "figures.csv"))
    assert ended.returncode == 1
    assert "figures.csv cannot be written: No such file or directory" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("files_of_50_kilobytes")
@pytest.mark.parametrize("name", ["figures.csv", "figures.parquet"])
def test_a_full_disk_keeps_the_file_that_was_there(
    published: Workplace, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_text("before")
    # So that the limit of this process is that of the command.
    ended = published.run_in_shell("export", str(file))
    assert ended.returncode == 1
    assert "cannot be written: " in ended.stderr
    assert [(each, each.read_text()) for each in tmp_path.iterdir()] == [(file, "before")]


def test_a_pipe_is_written_to_and_stays(
    published: Workplace, whole: list[Row], tmp_path: Path
) -> None:
    pipe = tmp_path / "figures.csv"
    os.mkfifo(pipe)
    # Opened for both, it has a reader before the command writes, and no end that is waited for.
    held = os.open(pipe, os.O_RDWR)
    with ThreadPoolExecutor(1) as pool:
        text = pool.submit(pipe.read_text, "utf-8")
        ended = published.run("export", str(pipe))
        os.close(held)
        assert (ended.returncode, pipe.is_fifo()) == (0, True)
        assert of_csv(text.result()) == whole


def test_a_device_that_is_full_is_an_error_and_stays(published: Workplace, tmp_path: Path) -> None:
    # By a link: were it replaced, then no more than the link.
    device = tmp_path / "figures.csv"
    device.symlink_to("/dev/full")
    ended = published.run("export", str(device))
    assert ended.returncode == 1
    assert "figures.csv cannot be written: No space left" in ended.stderr
    assert [(each, each.is_char_device()) for each in tmp_path.iterdir()] == [(device, True)]


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_replaced(
    published: Workplace, whole: list[Row], tmp_path: Path, exists: bool
) -> None:
    (tmp_path / "elsewhere").mkdir()
    file, link = tmp_path / "elsewhere" / "file.csv", tmp_path / "figures.csv"
    if exists:
        file.write_text("before")
    link.symlink_to(file)
    assert published.run("export", str(link)).returncode == 0
    assert link.is_symlink()
    assert of_csv(file.read_text("utf-8")) == whole


def test_nothing_published_is_an_error_and_writes_no_file(workplace: Workplace) -> None:
    ended = workplace.run("export", "figures.csv")
    assert ended.returncode == 1
    assert "Nothing is published yet" in ended.stderr
    assert not (workplace.folder / "figures.csv").exists()


def test_a_quarter_that_is_not_published_is_named(workplace: Workplace) -> None:
    workplace.run("sample", "events", "--impressions", "500", "--quarter", "1")
    workplace.run("crunch", "events")
    ended = workplace.run("export", "figures.csv", "--quarter", "3")
    assert "of quarter 3" in ended.stderr
    assert not (workplace.folder / "figures.csv").exists()


def test_parquet_is_not_written_to_a_terminal(published: Workplace) -> None:
    ended = published.run_on_terminal("export", "-", "--format", "parquet", term="dumb")
    assert ended.returncode == 2
    assert "A terminal cannot show Parquet" in ended.stdout
