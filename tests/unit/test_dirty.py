"""What a dirty sample contains, and that its truth is right."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from banners.core.events import Kind
from banners.core.model import Quarter
from banners.sample.events import SampleSpec, write_events
from dirty.sample import Refusal, Truth, write_dirty_sample
from reference.events import Refused, read_quarter
from reference.files import files_of, read_rows, read_text

KINDS = ("impressions", "clicks", "conversions")
SAMPLE = SampleSpec(impressions=2_000)
PUBLISHED = (Quarter.FIRST, Quarter.SECOND, Quarter.THIRD)

Row = dict[str, str] | None
Values = tuple[tuple[str, str], ...]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def rows(folder: Path, kind: str) -> list[Row]:
    """Return the rows of the first quarter from all files, without the repeated file."""
    files = [path for path in files_of(folder, 1, kind) if "_again" not in path.name]
    return [row for path in files for row in read_rows(path, kind)]


def refusal(folder: Path, seed: int) -> Refusal:
    spec = SampleSpec(100, seed=seed, quarters=(Quarter.FOURTH,))
    refused = write_dirty_sample(folder, spec)[Quarter.FOURTH].refused
    assert refused
    return refused


def values_of(several: list[Row]) -> list[Values]:
    """Return the values of complete rows in the same order, without extra columns."""
    return [
        tuple(
            sorted((name, text) for name, text in row.items() if not name.startswith("not needed"))
        )
        for row in several
        if row
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Quarter, Truth]]:
    folder = tmp_path_factory.mktemp("dirty")
    return folder, write_dirty_sample(folder, SAMPLE)


@pytest.fixture(scope="module")
def dirty(made: tuple[Path, dict[Quarter, Truth]]) -> Path:
    return made[0]


@pytest.fixture(scope="module")
def truth(made: tuple[Path, dict[Quarter, Truth]]) -> dict[Quarter, Truth]:
    return made[1]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    write_events(folder, SAMPLE)
    return folder


# The truth


@pytest.mark.parametrize(
    "spec",
    [
        *(SampleSpec(impressions=500, seed=seed) for seed in range(6)),
        SampleSpec(impressions=20_000, seed=20_261_123),
        # Hardly any rows; as many rows as there are ids before those of the next quarter; banners
        # of each campaign's own.
        SampleSpec(impressions=1, campaigns=1),
        SampleSpec(impressions=8_999),
        SampleSpec(impressions=600, campaigns=70),
    ],
    ids=lambda spec: f"{spec.impressions}-{spec.campaigns}-{spec.seed}",
)
def test_the_truth_is_what_the_reference_finds(tmp_path: Path, spec: SampleSpec) -> None:
    truth = write_dirty_sample(tmp_path, spec)
    for quarter in PUBLISHED:
        found = read_quarter(tmp_path, int(quarter))
        assert vars(truth[quarter]) == {
            "accounts": found.accounts,
            "unseen_clicks": found.unseen_clicks,
            "orphan_revenue": found.orphan_revenue,
            "skipped": sorted(f"{quarter:d}/{name}" for name in found.skipped),
            "refused": None,
        }


@pytest.mark.parametrize("seed", range(18))
def test_the_last_quarter_is_refused_for_what_the_truth_names(tmp_path: Path, seed: int) -> None:
    refused = refusal(tmp_path, seed)
    with pytest.raises(Refused) as found:
        read_quarter(tmp_path, 4)
    assert refused.reason == found.value.reason
    if refused.file is None:
        assert (refused.reason, refused.kind) == ("missing_kind", found.value.name)
    else:
        assert refused.file == f"4/{found.value.name}"
        assert refused.kind in refused.file


def test_six_seeds_in_a_row_refuse_the_last_quarter_for_six_reasons(tmp_path: Path) -> None:
    assert {refusal(tmp_path / str(seed), seed).reason for seed in range(6)} == {
        *("empty", "cut", "not_utf8", "missing_column", "damaged_gzip", "missing_kind")
    }


@pytest.mark.parametrize("quarter", PUBLISHED)
def test_every_reason_occurs_ten_times_or_more_in_every_kind_that_can_have_it(
    truth: dict[Quarter, Truth], quarter: Quarter
) -> None:
    often = {
        kind: {
            reason
            for reason, affected in (account.rejected | account.quarantined).items()
            if affected >= 10
        }
        for kind, account in truth[quarter].accounts.items()
    }
    assert often == {
        "impressions": {"bad_width", "bad_id"},
        "clicks": {"bad_width", "bad_id", "conflicting_id"},
        "conversions": {
            *("bad_width", "bad_id", "bad_revenue"),
            *("conflicting_id", "refund", "orphan_conversion"),
        },
    }


@pytest.mark.parametrize("quarter", PUBLISHED)
def test_there_are_copies_unseen_clicks_and_revenue_of_orphans(
    truth: dict[Quarter, Truth], quarter: Quarter
) -> None:
    told = truth[quarter]
    assert told.accounts[Kind.CLICKS].duplicate >= 10
    assert told.accounts[Kind.CONVERSIONS].duplicate >= 10
    assert told.unseen_clicks >= 10
    assert told.orphan_revenue > 1


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
def test_rows_are_too_short_too_long_and_with_text_after_a_closing_quote(
    dirty: Path, kind: str
) -> None:
    header, *lines = read_text(dirty / "1" / f"{kind}_1.csv").splitlines()
    few = [line for line in lines if line and line.count(",") < header.count(",")]
    many = [line for line in lines if '"' not in line and line.count(",") > header.count(",")]
    misquoted = [line for line in lines if line.endswith('"x')]
    assert few
    assert many
    assert misquoted


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


@pytest.mark.parametrize("quarter", PUBLISHED)
def test_every_campaign_has_the_lineup_of_the_clean_sample(
    dirty: Path, clean: Path, quarter: Quarter
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


# The same again


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, dirty: Path) -> None:
    write_dirty_sample(tmp_path, SAMPLE)
    assert contents(tmp_path) == contents(dirty)


def test_quarters_made_one_after_the_other_give_the_same_bytes(tmp_path: Path, dirty: Path) -> None:
    for quarter in reversed(Quarter):
        write_dirty_sample(tmp_path, SampleSpec(impressions=2_000, quarters=(quarter,)))
    assert contents(tmp_path) == contents(dirty)


def test_another_seed_gives_other_faults(tmp_path: Path) -> None:
    name = "1/clicks_1_spreadsheet.csv"
    for seed in (1, 2):
        spec = SampleSpec(impressions=2_000, seed=seed, quarters=(Quarter.FIRST,))
        write_dirty_sample(tmp_path / str(seed), spec)
    assert (tmp_path / "1" / name).read_bytes() != (tmp_path / "2" / name).read_bytes()
