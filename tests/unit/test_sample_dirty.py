"""What a dirty sample holds, and that its truth is the truth."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from banners.errors import SampleError
from banners.model import Quarter
from banners.sample.events import SampleSpec, event_files, is_made, write_events
from reference import Refused, read_quarter
from reference_quality import files_of, read_rows, read_text

KINDS = ("impressions", "clicks", "conversions")
EXTRA = ("country", "comment")
FIRST = (Quarter.FIRST,)
CLEAN = SampleSpec(impressions=2_000)
DIRTY = SampleSpec(impressions=2_000, dirty=True)

Row = dict[str, str] | None
Values = tuple[tuple[str, str], ...]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def truth(folder: Path) -> dict[str, Any]:
    quarters: dict[str, Any] = json.loads((folder / "truth.json").read_text())["quarters"]
    return quarters


def rows(folder: Path, kind: str) -> list[Row]:
    """The rows of the first quarter, in whatever file, but for the file that is there twice."""
    files = [path for path in files_of(folder, 1, kind) if "_again" not in path.name]
    return [row for path in files for row in read_rows(path, kind)]


def values_of(several: list[Row]) -> list[Values]:
    """The values of whole rows, whatever the order of their columns, and no extra ones."""
    return [
        tuple(sorted((name, text) for name, text in row.items() if name not in EXTRA))
        for row in several
        if row
    ]


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dirty")
    write_events(folder, DIRTY)
    return folder


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    write_events(folder, CLEAN)
    return folder


# The truth


@pytest.mark.parametrize(
    "spec",
    [
        *(SampleSpec(impressions=500, seed=seed, dirty=True) for seed in range(6)),
        SampleSpec(impressions=20_000, seed=20_261_123, dirty=True),
        # Hardly any rows; as many as there are ids before those of the next quarter; banners of
        # each campaign's own.
        SampleSpec(impressions=1, campaigns=1, dirty=True),
        SampleSpec(impressions=8_999, dirty=True),
        SampleSpec(impressions=600, campaigns=70, dirty=True),
    ],
    ids=lambda spec: f"{spec.impressions}-{spec.campaigns}-{spec.seed}",
)
def test_the_truth_is_what_the_reference_finds(tmp_path: Path, spec: SampleSpec) -> None:
    write_events(tmp_path, spec)
    for quarter in list(Quarter)[:3]:
        found = read_quarter(tmp_path, int(quarter))
        assert truth(tmp_path)[str(int(quarter))] == {
            "accounts": {kind: vars(account) for kind, account in found.accounts.items()},
            "unseen_clicks": found.unseen_clicks,
            "orphan_revenue": str(found.orphan_revenue),
            "skipped": sorted(f"{quarter:d}/{name}" for name in found.skipped),
            "refused": None,
        }


@pytest.mark.parametrize("seed", range(18))
def test_the_last_quarter_is_refused_for_what_the_truth_names(tmp_path: Path, seed: int) -> None:
    write_events(tmp_path, SampleSpec(100, seed=seed, quarters=(Quarter.FOURTH,), dirty=True))
    with pytest.raises(Refused) as found:
        read_quarter(tmp_path, 4)
    refused = truth(tmp_path)["4"]["refused"]
    assert refused["reason"] == found.value.reason
    if found.value.reason == "missing_kind":
        assert (refused["kind"], refused["file"]) == (found.value.name, None)
    else:
        assert refused["file"] == f"4/{found.value.name}"
        assert refused["kind"] in refused["file"]


def test_six_seeds_in_a_row_refuse_the_last_quarter_for_six_reasons(tmp_path: Path) -> None:
    reasons = set()
    for seed in range(6):
        write_events(tmp_path, SampleSpec(100, seed=seed, quarters=(Quarter.FOURTH,), dirty=True))
        reasons.add(truth(tmp_path)["4"]["refused"]["reason"])
    assert reasons == {
        *("empty", "cut", "not_utf8", "missing_column", "damaged_gzip", "missing_kind")
    }


@pytest.mark.parametrize("quarter", ["1", "2", "3"])
def test_every_reason_occurs_ten_times_or_more_in_every_kind_that_can_have_it(
    dirty: Path, quarter: str
) -> None:
    often = {
        kind: {
            reason
            for reason, affected in (account["rejected"] | account["quarantined"]).items()
            if affected >= 10
        }
        for kind, account in truth(dirty)[quarter]["accounts"].items()
    }
    assert often == {
        "impressions": {"bad_width", "bad_id"},
        "clicks": {"bad_width", "bad_id", "conflicting_id"},
        "conversions": {
            *("bad_width", "bad_id", "bad_revenue"),
            *("conflicting_id", "refund", "orphan_conversion"),
        },
    }


@pytest.mark.parametrize("quarter", ["1", "2", "3"])
def test_there_are_copies_unseen_clicks_and_revenue_of_orphans(dirty: Path, quarter: str) -> None:
    told = truth(dirty)[quarter]
    assert told["accounts"]["clicks"]["duplicate"] >= 10
    assert told["accounts"]["conversions"]["duplicate"] >= 10
    assert told["unseen_clicks"] >= 10
    assert float(told["orphan_revenue"]) > 1


# The rows


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        *(("impressions", "banner_id"), ("impressions", "campaign_id")),
        *(("clicks", "click_id"), ("clicks", "banner_id"), ("clicks", "campaign_id")),
        *(("conversions", "conversion_id"), ("conversions", "click_id")),
    ],
)
def test_every_sort_of_bad_id_occurs_in_every_column(dirty: Path, kind: str, column: str) -> None:
    found = {row[column] for row in rows(dirty, kind) if row}
    assert {"", "ten", "²", "٣", "0", "-7", "1234567890123456789", " 7", "1.5", "+3"} <= found


def test_every_sort_of_bad_revenue_occurs(dirty: Path) -> None:
    found = {row["revenue"] for row in rows(dirty, "conversions") if row}
    assert {"", "NaN", "Inf", "1e3", "0.1234567", "1234567890123", "1,5", " 1.5", "0"} <= found


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_too_short_too_long_and_without_a_closing_quote(dirty: Path, kind: str) -> None:
    header, *lines = read_text(dirty / "1" / f"{kind}_1.csv").splitlines()
    few = [line for line in lines if line and line.count(",") < header.count(",")]
    many = [line for line in lines if '"' not in line and line.count(",") > header.count(",")]
    unclosed = [line for line in lines if line.count('"') == 1]
    assert few
    assert many
    assert unclosed


@pytest.mark.parametrize("kind", ["clicks", "conversions"])
def test_some_conflicting_ids_have_exact_copies_too(dirty: Path, kind: str) -> None:
    versions: dict[str, Counter[Values]] = {}
    for values in values_of(rows(dirty, kind)):
        identity = dict(values)["click_id" if kind == "clicks" else "conversion_id"]
        versions.setdefault(identity, Counter())[values] += 1
    assert any(len(each) > 1 and max(each.values()) > 1 for each in versions.values())


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_of_the_clean_sample_is_there(dirty: Path, clean: Path, kind: str) -> None:
    assert Counter(values_of(rows(clean, kind))) <= Counter(values_of(rows(dirty, kind)))


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_every_campaign_has_the_lineup_of_the_clean_sample(
    dirty: Path, clean: Path, quarter: int
) -> None:
    expected = read_quarter(clean, quarter).lineups
    found = read_quarter(dirty, quarter).lineups
    assert {key: found[key] for key in expected} == expected
    assert len(found) == len(expected) + 1


# The files


@pytest.mark.parametrize("kind", KINDS)
def test_a_spreadsheet_has_a_byte_order_mark_crlf_quotes_and_blank_lines(
    dirty: Path, kind: str
) -> None:
    content = (dirty / "1" / f"{kind}_1_spreadsheet.csv").read_bytes()
    lines = content.split(b"\n")
    assert content.startswith(b'\xef\xbb\xbf"')
    assert all(line.endswith(b"\r") for line in lines[:-1])
    assert lines[-2:] == [b"\r", b""]
    assert b"\r" in lines[:-2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_warehouse_zips_its_file_with_more_columns_in_another_order(
    dirty: Path, kind: str
) -> None:
    content = gzip.decompress((dirty / "1" / f"{kind}_1_warehouse.csv.gz").read_bytes())
    usual = (dirty / "1" / f"{kind}_1.csv").read_text().split("\n")[0].split(",")
    assert content.decode().split("\n")[0].split(",") == ["country", *reversed(usual), "comment"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_usual_file_has_blank_lines_between_and_at_the_end(dirty: Path, kind: str) -> None:
    content = (dirty / "1" / f"{kind}_1.csv").read_bytes()
    assert b"\n\n" in content[:-2]
    assert content.endswith(b"\n\n")


def test_faults_stand_in_every_part_of_the_usual_file(dirty: Path) -> None:
    _, *lines = (dirty / "1" / "impressions_1.csv").read_text().split("\n")
    faulty = [place for place, line in enumerate(lines) if line.count(",") != 1]
    assert {3 * place // len(lines) for place in faulty} == {0, 1, 2}


def test_each_event_file_is_told_when_it_is_done(tmp_path: Path) -> None:
    told: list[tuple[str, bool]] = []
    write_events(
        tmp_path,
        DIRTY,
        lambda path: told.append((path.relative_to(tmp_path).as_posix(), path.exists())),
    )
    assert told == [(name, True) for name in event_files(DIRTY)]


# The same again


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_threads(
    tmp_path: Path, dirty: Path
) -> None:
    write_events(tmp_path, DIRTY, threads=1)
    assert contents(tmp_path) == contents(dirty)


def test_quarters_made_one_after_the_other_give_the_same_bytes(tmp_path: Path, dirty: Path) -> None:
    for quarter in reversed(Quarter):
        write_events(tmp_path, SampleSpec(impressions=2_000, quarters=(quarter,), dirty=True))
    assert contents(tmp_path) == contents(dirty)


def test_another_seed_gives_other_faults(tmp_path: Path) -> None:
    name = "1/clicks_1_spreadsheet.csv"
    for seed in (1, 2):
        spec = SampleSpec(impressions=2_000, seed=seed, quarters=FIRST, dirty=True)
        write_events(tmp_path / str(seed), spec)
    assert (tmp_path / "1" / name).read_bytes() != (tmp_path / "2" / name).read_bytes()


def test_a_dirty_sample_is_known_as_made(dirty: Path) -> None:
    assert is_made(dirty, DIRTY)


def test_a_dirty_sample_is_not_the_clean_one(dirty: Path) -> None:
    assert not is_made(dirty, CLEAN)


def test_a_clean_sample_is_not_the_dirty_one(clean: Path) -> None:
    assert not is_made(clean, DIRTY)


def test_a_clean_sample_is_recorded_as_before_there_were_dirty_ones(clean: Path) -> None:
    record = json.loads((clean / "sample.json").read_text())
    assert record["format"] == "banners sample 1"
    assert record["parameters"] == {"impressions": 2_000, "campaigns": 50, "seed": 1}


def test_a_clean_sample_in_place_of_a_dirty_one_leaves_nothing_of_it(
    tmp_path: Path, clean: Path
) -> None:
    write_events(tmp_path, DIRTY)
    write_events(tmp_path, CLEAN)
    assert contents(tmp_path) == contents(clean)


def test_a_dirty_sample_in_place_of_a_clean_one_leaves_nothing_of_it(
    tmp_path: Path, dirty: Path
) -> None:
    write_events(tmp_path, CLEAN)
    write_events(tmp_path, DIRTY)
    assert contents(tmp_path) == contents(dirty)


# Somebody else's, and broken off


def lose_truth(folder: Path) -> None:
    (folder / "truth.json").unlink()


def lose_quarter(folder: Path) -> None:
    content = json.loads((folder / "truth.json").read_text())
    del content["quarters"]["2"]
    (folder / "truth.json").write_text(json.dumps(content))


def lose_part_file(folder: Path) -> None:
    (folder / "2" / "clicks_2_warehouse.csv.gz").unlink()


@pytest.mark.parametrize("lose", [lose_truth, lose_quarter, lose_part_file])
def test_a_dirty_sample_of_which_something_is_missing_is_made_again(
    tmp_path: Path, dirty: Path, lose: Callable[[Path], None]
) -> None:
    write_events(tmp_path, DIRTY)
    lose(tmp_path)
    assert not is_made(tmp_path, DIRTY)
    write_events(tmp_path, DIRTY)
    assert contents(tmp_path) == contents(dirty)


@pytest.mark.parametrize("content", ["", "[]", '{"whole": true}'])
def test_a_truth_that_is_not_ours_is_never_overwritten(tmp_path: Path, content: str) -> None:
    (tmp_path / "truth.json").write_text(content)
    with pytest.raises(SampleError, match=r"truth\.json is not the truth about a sample"):
        write_events(tmp_path, DIRTY)
    assert contents(tmp_path) == {"truth.json": content.encode()}


class Stopped(Exception):
    pass


def test_a_dirty_sample_that_was_broken_off_can_be_made_again(tmp_path: Path, dirty: Path) -> None:
    def stop(path: Path) -> None:
        if path.name == "conversions_2_warehouse.csv.gz":
            raise Stopped

    with pytest.raises(Stopped):
        write_events(tmp_path, DIRTY, stop)
    assert list(truth(tmp_path)) == ["1"]
    assert not is_made(tmp_path, DIRTY)
    write_events(tmp_path, DIRTY)
    assert contents(tmp_path) == contents(dirty)
