"""What Python programs get is what the reference works out, and what is published."""

import random
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import banners
from banners.errors import (
    CrunchError,
    FiguresError,
    InvalidCampaignId,
    InvalidQuarter,
    NothingPublished,
    NotInQuarter,
    SettingsError,
    SourceError,
    StoreUnavailable,
    UnknownGeneration,
)
from banners.store.read.reports import DatabaseReports
from reference.events import Lineup, Performance, QuarterReference, read_quarter
from reference.rule import line_up_all
from strategies.rows import BANNERS, CAMPAIGNS, seeds
from strategies.values import Events, dirty_quarters, write
from support.deliveries import small_quarter
from support.running import Workplace

pytestmark = pytest.mark.usefixtures("no_settings")

SAMPLE_QUARTERS = [1, 2, 3, 4]


def figures_of(table: pa.Table) -> dict[tuple[int, int], Performance]:
    """The rows of a table as the reference has them, by campaign and banner."""
    names = ["campaign_id", "banner_id", "impressions", "clicks", "conversions", "revenue"]
    rows = zip(*table.select(names).to_pydict().values(), strict=True)
    return {(row[0], row[1]): Performance(*row[1:]) for row in rows}


def lineups_of(table: pa.Table) -> dict[int, tuple[Any, ...]]:
    return {
        row["campaign_id"]: (
            *(row["rule"], row["converting"], row["slots"]),
            *(row["banner_ids"], row["others"]),
        )
        for row in table.to_pylist()
    }


def expected_lineups(lineups: dict[int, Lineup]) -> dict[int, tuple[Any, ...]]:
    return {
        campaign_id: (
            *(lineup.rule, lineup.converting, lineup.slots),
            *([banner.banner_id for banner in lineup.banners], list(lineup.others)),
        )
        for campaign_id, lineup in lineups.items()
    }


def assert_positions(performance: pa.Table, lineups: dict[int, Lineup]) -> None:
    """Each banner has its place in the lineup, and the rows stand in its order, then by id."""
    rows = performance.select(["campaign_id", "banner_id", "position"]).to_pylist()
    for campaign_id, lineup in lineups.items():
        own = [row for row in rows if row["campaign_id"] == campaign_id]
        picked = [banner.banner_id for banner in lineup.banners]
        others = sorted(row["banner_id"] for row in own if row["banner_id"] not in picked)
        assert [row["banner_id"] for row in own] == [*picked, *others]
        assert [row["position"] for row in own] == [
            *range(1, len(picked) + 1),
            *[None] * len(others),
        ]
    assert [row["campaign_id"] for row in rows] == sorted(row["campaign_id"] for row in rows)


def assert_as_reference(crunched: banners.Crunched, reference: QuarterReference) -> None:
    of_quarter = pa.compute.field("quarter") == reference.quarter
    performance = crunched.performance.filter(of_quarter)
    assert figures_of(performance) == reference.performance
    assert_positions(performance, reference.lineups)
    lineups = crunched.lineups.filter(of_quarter)
    assert lineups_of(lineups) == expected_lineups(reference.lineups)
    accounting = crunched.accounting[reference.quarter]
    assert sorted(each.kind for each in accounting.accounts) == sorted(reference.accounts)
    for account in accounting.accounts:
        told = (account.rows, account.accepted, account.duplicate)
        wanted = reference.accounts[account.kind]
        assert told == (wanted.rows, wanted.accepted, wanted.duplicate)
        assert account.rejected == wanted.rejected
        assert account.quarantined == wanted.quarantined


def test_the_default_sample_is_crunched_as_the_reference_works_it_out(
    published: Workplace, worked_out: Callable[[int], QuarterReference]
) -> None:
    crunched = banners.crunch_folder(published.folder / "events")
    assert sorted(crunched.accounting) == SAMPLE_QUARTERS
    for quarter in SAMPLE_QUARTERS:
        assert_as_reference(crunched, worked_out(quarter))


@settings(max_examples=20)
@given(dirty_quarters())
def test_dirty_events_are_crunched_as_the_reference_works_them_out(events: Events) -> None:
    with TemporaryDirectory() as folder:
        write(events, Path(folder))
        crunched = banners.crunch_folder(folder, 1, accept=True)
        assert_as_reference(crunched, read_quarter(Path(folder), 1))


@st.composite
def some_figures(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Figures of some campaigns, in no order: few that differ, so that ties come up often."""
    clicked = st.tuples(st.integers(1, 3), st.sampled_from(("0", "0.1", "0.10", "0.000001", "7")))
    rows: list[dict[str, Any]] = []
    for campaign_id in draw(st.lists(st.sampled_from(CAMPAIGNS), max_size=3, unique=True)):
        ids = draw(st.lists(st.sampled_from(BANNERS), max_size=16, unique=True))
        for banner_id in ids:
            clicks, revenue = draw(st.just((0, "0")) | clicked)
            rows.append(
                {
                    "campaign_id": campaign_id,
                    "banner_id": banner_id,
                    "impressions": draw(st.integers(0, 2)),
                    "clicks": clicks,
                    "conversions": int(revenue != "0"),
                    "revenue": Decimal(revenue),
                }
            )
    random.Random(draw(seeds)).shuffle(rows)
    return rows


def table_of(rows: Iterable[dict[str, Any]]) -> pa.Table:
    names = ("campaign_id", "banner_id", "impressions", "clicks", "conversions")
    schema = pa.schema({name: pa.int64() for name in names} | {"revenue": pa.decimal128(9, 6)})
    return pa.Table.from_pylist(list(rows), schema=schema)


@settings(max_examples=60)
@given(some_figures())
def test_lineups_are_chosen_from_figures_as_the_reference_rule_has_it(
    rows: list[dict[str, Any]],
) -> None:
    given_figures = table_of(rows)
    expected = line_up_all(figures_of(given_figures))
    chosen = banners.choose_lineups(given_figures)
    assert figures_of(chosen.performance) == figures_of(given_figures)
    assert lineups_of(chosen.lineups) == expected_lineups(expected)
    assert_positions(chosen.performance, expected)


def test_each_quarter_is_chosen_for_by_itself(published: Workplace) -> None:
    crunched = banners.crunch_folder(published.folder / "events")
    assert banners.choose_lineups(crunched.performance) == banners.Chosen(
        crunched.performance, crunched.lineups
    )


def test_a_revenue_without_a_click_is_refused() -> None:
    row = {"campaign_id": 5, "impressions": 1, "conversions": 1, "revenue": Decimal("0.1")}
    figures = table_of([{**row, "banner_id": 7, "clicks": 1}, {**row, "banner_id": 8, "clicks": 0}])
    with pytest.raises(FiguresError, match="Banner 8 of campaign 5 has a revenue and no click"):
        banners.choose_lineups(figures)


def test_figures_in_floats_are_refused() -> None:
    floats = table_of([]).set_column(5, "revenue", pa.array([], pa.float64()))
    with pytest.raises(FiguresError, match="floats"):
        banners.choose_lineups(floats)


def test_too_little_memory_for_the_figures_is_an_error_that_says_so() -> None:
    rows = range(300_000)
    performance = pa.table(
        {
            "campaign_id": [1 + each // 50 for each in rows],
            "banner_id": [1 + each * 7_919 % len(rows) for each in rows],
            **dict.fromkeys(("impressions", "clicks", "conversions"), rows),
            "revenue": [each * 31 % 1_009 if each else 0 for each in rows],
        }
    )
    with pytest.raises(CrunchError, match="Raise BANNERS_MEMORY"):
        banners.choose_lineups(performance, memory="1MB")


# A folder of event files has no catalogue.
NAMES = ["campaign_name", "banner_name"]


def database_of(workplace: Workplace) -> str:
    return f"sqlite:///{workplace.folder / 'var' / 'banners.db'}"


def test_a_generation_is_read_as_it_was_crunched(published: Workplace) -> None:
    crunched = banners.crunch_folder(published.folder / "events")
    database = database_of(published)
    assert banners.read_generation(database=database).drop(NAMES).equals(crunched.performance)
    assert banners.read_generation(1, database=database).drop(NAMES).equals(crunched.performance)


def test_one_quarter_of_a_generation_can_be_read(published: Workplace) -> None:
    crunched = banners.crunch_folder(published.folder / "events", 3)
    read = banners.read_generation(1, quarter=3, database=database_of(published))
    assert read.drop(NAMES).equals(crunched.performance)


def test_a_lineup_is_read_as_it_was_chosen(
    published: Workplace, worked_out: Callable[[int], QuarterReference]
) -> None:
    lineup = banners.read_lineup(54, 1, database=database_of(published))
    expected = worked_out(1).lineups[54]
    assert [(each.banner_id, each.revenue) for each in lineup.banners] == [
        (each.banner_id, each.revenue) for each in expected.banners
    ]


@pytest.fixture(scope="module")
def two_published(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Generation 1 of quarters 2 and 3, and generation 2 of quarter 2, which has more banners."""
    workplace = Workplace(tmp_path_factory.mktemp("two_published"))
    small_quarter(workplace.folder, 2)
    small_quarter(workplace.folder, 3)
    assert workplace.run("crunch", "events").returncode == 0
    small_quarter(workplace.folder, 2, "1,10,5\n2,12,5\n")
    assert workplace.run("crunch", "events", "--quarter", "2").returncode == 0
    return workplace


@pytest.fixture
def database(two_published: Workplace) -> str:
    return database_of(two_published)


@pytest.mark.parametrize(
    ("number", "rows"),
    [
        (None, [(2, 10), (2, 12), (2, 11), (3, 10), (3, 11)]),
        (2, [(2, 10), (2, 12), (2, 11)]),
        (1, [(2, 10), (2, 11), (3, 10), (3, 11)]),
    ],
)
def test_what_is_read_is_of_the_number_given_or_else_what_each_quarter_serves(
    database: str, number: int | None, rows: list[tuple[int, int]]
) -> None:
    read = banners.read_generation(number, database=database)
    found = read.select(["quarter", "banner_id"]).to_pydict().values()
    assert list(zip(*found, strict=True)) == rows


def test_the_generations_are_listed_the_newest_first(database: str) -> None:
    listed = banners.list_generations(database=database)
    assert [(each.generation, each.quarter, each.served) for each in listed] == [
        (2, 2, True),
        (1, 2, False),
        (1, 3, True),
    ]


@pytest.mark.parametrize(
    ("number", "quarter", "error", "told"),
    [
        (9, None, UnknownGeneration, "9 is not kept for any quarter.* Choose generation 2 or 1"),
        (2, 3, UnknownGeneration, "2 is not kept for quarter 3.* Choose generation 1"),
        (2, 4, UnknownGeneration, "2 is not kept for quarter 4.* No generation of it is kept"),
        (None, 4, NothingPublished, "Nothing is published yet in .* of quarter 4"),
        (None, 5, InvalidQuarter, "5"),
    ],
)
def test_a_generation_that_is_not_kept_is_an_error_that_says_which_are(
    database: str, number: int | None, quarter: int | None, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        banners.read_generation(number, quarter=quarter, database=database)


def test_a_generation_that_is_dropped_while_it_is_read_is_not_given_in_part(
    two_published: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace = Workplace(tmp_path)
    shutil.copytree(two_published.folder, workplace.folder, dirs_exist_ok=True)
    stream = DatabaseReports.performance

    def slow(reports: DatabaseReports, *wanted: Any) -> Any:
        for click in (3, 4, 5):
            small_quarter(workplace.folder, 2, f"1,10,5\n{click},10,5\n")
            assert workplace.run("crunch", "events", "--quarter", "2").returncode == 0
        return stream(reports, *wanted)

    monkeypatch.setattr(DatabaseReports, "performance", slow)
    with pytest.raises(StoreUnavailable, match="Generation 1 was dropped while it was read"):
        banners.read_generation(1, quarter=2, database=database_of(workplace))


def test_where_nothing_is_published_the_database_is_named() -> None:
    for read in (lambda: banners.read_generation(1), lambda: banners.read_lineup(27)):
        with pytest.raises(NothingPublished, match="yet in sqlite:///var/banners"):
            read()
    assert banners.list_generations() == []


def test_a_lineup_that_there_is_not_is_an_error(database: str) -> None:
    with pytest.raises(NotInQuarter, match="It has banners in quarters 2 and 3"):
        banners.read_lineup(5, 1, database=database)
    with pytest.raises(InvalidCampaignId):
        banners.read_lineup(-5, database=database)


def test_an_id_that_was_read_as_text_names_the_same_campaign(database: str) -> None:
    read = banners.read_lineup(5, 2, database=database)
    assert banners.read_lineup("05", 2, database=database) == read  # type: ignore[arg-type]


def test_nothing_is_written_anywhere_and_no_database_is_needed(
    no_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANNERS_DATABASE_URL", "sqlite:////nowhere/banners.db")
    small_quarter(no_settings)
    before = sorted(no_settings.rglob("*"))
    assert banners.crunch_folder("events").performance.num_rows == 2
    assert sorted(no_settings.rglob("*")) == before


def test_what_the_gate_refuses_is_an_error_that_names_the_quarter_and_the_rows(
    no_settings: Path,
) -> None:
    small_quarter(no_settings, 2, "1,10,5\n2,ten,5\n")
    small_quarter(no_settings, 3)
    with pytest.raises(SourceError, match=r"(?s)Quarter 2 refused: .*line 3: bad_id.*accept=True"):
        banners.crunch_folder("events")


def test_what_is_accepted_all_the_same_comes_with_what_speaks_against_it(
    no_settings: Path,
) -> None:
    here = small_quarter(no_settings, 2, "1,10,5\n2,ten,5\n")
    (here / "click_2.csv").touch()
    crunched = banners.crunch_folder("events", accept=True)
    assert ["rejected" in each for each in crunched.objections[2]] == [True]
    assert "2,ten,5" in Path(crunched.rejects[2]).read_text()
    assert crunched.unread == {2: ["click_2.csv"]}


@pytest.mark.parametrize(
    ("words", "error", "told"),
    [
        ({"folder": "nowhere"}, SourceError, "nowhere is not a folder"),
        ({"folder": "events", "quarter": 3}, SourceError, "Quarter 3 refused: There is no file"),
        ({"folder": "events", "quarter": 0}, InvalidQuarter, "not a quarter"),
        ({"folder": "events", "engine": "abacus"}, SettingsError, "abacus"),
        ({"folder": "events", "memory": "much"}, SettingsError, "much"),
    ],
)
def test_wrong_use_is_an_error_of_ours(
    no_settings: Path, words: dict[str, Any], error: type[banners.BannersError], told: str
) -> None:
    small_quarter(no_settings)
    with pytest.raises(error, match=told):
        banners.crunch_folder(**words)


def test_two_concurrent_threads_get_what_one_gets(published: Workplace) -> None:
    folder = published.folder / "events"
    alone = banners.crunch_folder(folder, 2)
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda _: banners.crunch_folder(folder, 2), range(2)))
    assert together == [alone, alone]


def test_whatever_is_opened_is_closed(published: Workplace) -> None:
    def use_all() -> int:
        crunched = banners.crunch_folder(published.folder / "events", 1)
        banners.choose_lineups(crunched.performance)
        database = database_of(published)
        banners.read_generation(database=database)
        banners.list_generations(database=database)
        banners.read_lineup(54, 1, database=database)
        return len(list(Path("/dev/fd").iterdir()))

    # Whatever libraries keep open, they opened at the first call.
    first = use_all()
    assert use_all() == first
