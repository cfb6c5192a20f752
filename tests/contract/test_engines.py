"""One suite for every engine: the result and the accounting, compared with the reference."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings

from banners.core.account import Accounting
from banners.core.candidates import COLUMNS, Candidates
from banners.core.events import Reason
from banners.core.model import Generation, Quarter
from banners.core.rule import line_up
from banners.crunch.accounting import settle
from banners.crunch.engines.engine import CrunchedQuarter
from banners.crunch.files.find import QuarterSources, check_quarter, find_quarters
from banners.crunch.files.scan import LONGEST_LINE
from banners.crunch.rejects import UnacceptedRow, unaccepted_rows
from banners.errors import SourceError
from banners.reports.arrow import lineups_table, performance_table
from reference.events import QuarterReference, Refused, read_quarter
from strategies.values import Events, clean_quarters, dirty_quarters, refused_quarters, write
from support.engines import ENGINES, Tried, engine_named
from support.written_forms import in_every_form

FIRST = Quarter.FIRST


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Tried]:
    with engine_named(request.param) as opened:
        yield opened


@contextmanager
def crunched(
    engine: Tried, events: Events, *, below: str = "events"
) -> Iterator[tuple[QuarterSources, CrunchedQuarter, QuarterReference]]:
    """Crunch the files of a quarter, and read them with the reference too."""
    with TemporaryDirectory() as scratch, TemporaryDirectory() as outer:
        folder = Path(outer) / below
        write(events, folder)
        sources = check_quarter(FIRST, find_quarters(folder)[FIRST], Path(scratch))
        with engine.crunch(sources, Path(scratch)) as result:
            yield sources, result, read_quarter(folder, int(FIRST))


def rows_of(result: CrunchedQuarter) -> list[dict[str, Any]]:
    return [row for batch in result.candidates() for row in batch.to_pylist()]


def assert_same_result(result: CrunchedQuarter, reference: QuarterReference) -> None:
    rows = rows_of(result)
    figures = {
        (row["campaign_id"], row["banner_id"]): (
            row["impressions"],
            row["clicks"],
            row["conversions"],
            Decimal(row["revenue_micros"]).scaleb(-6),
        )
        for row in rows
    }
    assert figures == {
        key: (each.impressions, each.clicks, each.conversions, each.revenue)
        for key, each in reference.performance.items()
    }
    for campaign_id in reference.lineups:
        expected: dict[str, Any] = reference.lineup_json(campaign_id, generation=1)
        own = [[row[name] for name in COLUMNS] for row in rows if row["campaign_id"] == campaign_id]
        candidates = Candidates(campaign_id, FIRST, Generation(1, ""), *zip(*own, strict=True))
        lineup = line_up(candidates)
        assert [each.banner_id for each in lineup.banners] == [
            banner["banner_id"] for banner in expected["lineup"]
        ]
        assert list(lineup.others) == expected["fill"]["campaign"]
        assert (lineup.rule, lineup.converting, lineup.slots) == (
            expected["rule"],
            expected["converting"],
            expected["slots"],
        )
    inventory = [row["banner_id"] for batch in result.inventory() for row in batch.to_pylist()]
    assert tuple(inventory) == reference.inventory


def test_clean_events_give_the_figures_and_lineups_of_the_reference(engine: Tried) -> None:
    def check(events: Events) -> None:
        with crunched(engine, events) as (_, result, reference):
            assert_same_result(result, reference)

    engine.hold(clean_quarters(), check)


def test_dirty_events_give_the_result_the_accounting_and_the_rejects_of_the_reference(
    engine: Tried,
) -> None:
    def check(events: Events) -> None:
        with crunched(engine, events) as (sources, result, reference):
            assert_same_result(result, reference)
            accounting = settle(sources, result)
            assert_same_accounting(accounting, reference)
            assert_same_rejects(list(unaccepted_rows(sources, accounting, result)), reference)

    engine.hold(dirty_quarters(), check)


def assert_same_accounting(accounting: Accounting, reference: QuarterReference) -> None:
    assert sorted(each.kind for each in accounting.accounts) == sorted(reference.accounts)
    for account in accounting.accounts:
        expected = reference.accounts[account.kind]
        assert (account.rows, account.accepted, account.duplicate) == (
            expected.rows,
            expected.accepted,
            expected.duplicate,
        )
        assert account.rejected == expected.rejected
        assert account.quarantined == expected.quarantined
    assert accounting.remarks.unseen_clicks == reference.unseen_clicks
    orphans = Decimal(accounting.remarks.orphan_revenue_micros).scaleb(-6)
    assert orphans == reference.orphan_revenue


def assert_same_rejects(rows: list[UnacceptedRow], reference: QuarterReference) -> None:
    found = Counter((row.kind.value, row.reason.value) for row in rows)
    assert found == {
        (kind, reason): affected
        for kind, account in reference.accounts.items()
        for reason, affected in (account.rejected | account.quarantined).items()
    }
    assert len({(row.path, row.line) for row in rows}) == len(rows)


@settings(max_examples=60)
@given(refused_quarters())
def test_what_the_reference_refuses_is_refused(events: Events) -> None:
    with TemporaryDirectory() as folder, TemporaryDirectory() as scratch:
        write(events, Path(folder))
        with pytest.raises(Refused):
            read_quarter(Path(folder), int(FIRST))
        paths = find_quarters(Path(folder))[FIRST]
        with pytest.raises(SourceError):
            check_quarter(FIRST, paths, Path(scratch))


def test_a_total_beyond_64_bits_ends_in_an_error_that_says_so(engine: Tried) -> None:
    most = "999999999999.999999"
    conversions = "".join(f"{n},1,{most}\n" for n in range(1, 11))
    events = {
        "1/impressions_1.csv": b"banner_id,campaign_id\n1,1\n",
        "1/clicks_1.csv": b"click_id,banner_id,campaign_id\n1,1,1\n",
        "1/conversions_1.csv": f"conversion_id,click_id,revenue\n{conversions}".encode(),
    }
    with pytest.raises(SourceError, match="add up to more than"), crunched(engine, events):
        pass


# The last is as long as an id may be, so that the file is read directly as numbers.
@pytest.mark.parametrize("numbers", [("9" * 19, "9223372036854775808", "9" * 40), ("1" * 18,)])
def test_a_number_too_large_for_an_id_is_a_bad_id_in_a_file_of_only_numbers(
    engine: Tried, numbers: tuple[str, ...]
) -> None:
    impressions = "".join(f"{number},1\n" for number in numbers)
    clicks = "".join(f"{place},1,{number}\n" for place, number in enumerate(numbers, 2))
    events = {
        "1/impressions_1.csv": f"banner_id,campaign_id\n1,1\n{impressions}".encode(),
        "1/clicks_1.csv": f"click_id,banner_id,campaign_id\n1,1,1\n{clicks}".encode(),
        "1/conversions_1.csv": b"conversion_id,click_id,revenue\n1,1,1\n",
    }
    with crunched(engine, events) as (sources, result, reference):
        assert_same_result(result, reference)
        assert_same_accounting(settle(sources, result), reference)


WRITTEN_FORMS = (
    *(
        "",
        " ",
        "1 ",
        " 1",
        "\t",
        "1\x0b",
        "\x00",
        "\x001",
        "1\x00",
        "\x1a",
        "\x7f",
        "+1",
        "-0",
        "1e1",
    ),
    *("NULL", "null", "NaN", "\\N", "\\", "\\1", "#1", "//", "'1'", "''", "`", "$1", "%", ";"),
    *(
        "1\x85",
        "1\u2028",
        "1\u2029",
        "\ufeff1",
        "\ufeff",
        "\u00a01",
        "\u200b1",
        "\uffff",
        "\u0661",
        "²",
    ),
    *("é", "e\u0301", "\U0001d7cf", "😀", "x" * 30_000),
)


def test_the_content_of_a_field_is_read_unchanged(engine: Tried) -> None:
    header = "banner_id,campaign_id\n"
    pairs = [(written, "1") for written in WRITTEN_FORMS] + [
        ("1", written) for written in WRITTEN_FORMS
    ]
    pairs += [("", ""), ("banner_id", "campaign_id")]
    rows = "".join(f"{one},{two}\n" for one, two in pairs)
    events = {
        "1/impressions_1.csv": (header + rows).encode(),
        "1/impressions_1b.csv": (header + rows + "7,7").encode(),
        "1/clicks_1.csv": b"click_id,banner_id,campaign_id\n",
        "1/conversions_1.csv": b"conversion_id,click_id,revenue\n",
    }
    with crunched(engine, events) as (sources, result, _):
        found = list(unaccepted_rows(sources, settle(sources, result), result))
        assert [row.text for row in found] == [f"{one},{two}" for one, two in pairs] * 2
        assert {row.reason for row in found} == {Reason.BAD_ID}
        assert [row["banner_id"] for row in rows_of(result)] == [7]


def test_a_line_break_in_a_note_makes_no_conversion(engine: Tried) -> None:
    conversions = (
        "conversion_id,click_id,revenue,note\n"
        '5001,900,1.50,"ok"\n'
        '5002,902,0.75,"please\n5009,905,99999.00,call"\n'
        '5003,901,2.25,ok,"too\n5010,905,99999.00,wide"\n'
        '5004,901,"2\n5011,905,99999.00",bad\n'
    )
    events = {
        "1/impressions_1.csv": b"banner_id,campaign_id\n" + b"11,7\n15,7\n" * 100,
        "1/clicks_1.csv": b"click_id,banner_id,campaign_id\n"
        b"900,11,7\n901,11,7\n902,11,7\n905,15,7\n",
        "1/conversions_1.csv": conversions.encode(),
    }
    with crunched(engine, events) as (sources, result, reference):
        assert_same_result(result, reference)
        accounting = settle(sources, result)
        assert_same_accounting(accounting, reference)
        found = list(unaccepted_rows(sources, accounting, result))
    assert [(row.line, row.reason) for row in found] == [
        (5, Reason.BAD_WIDTH),
        (7, Reason.BAD_REVENUE),
    ]
    figures = reference.performance
    assert (figures[7, 11].revenue, figures[7, 15].revenue) == (Decimal("2.25"), Decimal(0))


def test_every_form_of_file_gives_the_same_account(engine: Tried) -> None:
    told = []
    for events in in_every_form().values():
        with crunched(engine, events) as (sources, result, reference):
            assert_same_result(result, reference)
            accounting = settle(sources, result)
            assert_same_accounting(accounting, reference)
            assert_same_rejects(list(unaccepted_rows(sources, accounting, result)), reference)
            told.append((accounting, rows_of(result)))
    assert [each == told[0] for each in told] == [True] * 4
    assert told[0][0].accounts[1].duplicate == 1
    assert {reason for account in told[0][0].accounts for reason in account.rejected} == {
        Reason.BAD_ID,
        Reason.BAD_REVENUE,
    }


def test_the_same_rows_as_csv_gzip_and_parquet_count_once(engine: Tried) -> None:
    forms = in_every_form()
    with crunched(engine, forms["csv"] | forms["gzip"] | forms["parquet"]) as (
        sources,
        result,
        reference,
    ):
        assert len(sources.skipped) == len(reference.skipped) == 6
        assert_same_accounting(settle(sources, result), reference)
        assert_same_result(result, reference)


def test_a_path_may_hold_odd_characters(engine: Tried) -> None:
    names = (
        "a b%20c%2Fd#e&f=g;'h:i$j@k!~(l)^`m",
        "ü*b?c[d]e{f,g}h",
        os.fsdecode(b"not \xff UTF-8"),
    )
    clicks = {
        f"1/clicks_1{name}.csv": f"click_id,banner_id,campaign_id\n{place},2,3\n".encode()
        for place, name in enumerate(names, 1)
    }
    events = clicks | {
        "1/impressions_1.csv": b"banner_id,campaign_id\n2,3\n",
        "1/conversions_1.csv": b"conversion_id,click_id,revenue\n1,1,1\n2,2,1\n3,3,1\n",
    }
    with crunched(engine, events, below="/".join(names)) as (_, result, _):
        assert [(row["banner_id"], row["conversions"]) for row in rows_of(result)] == [(2, 3)]


def test_a_line_is_read_however_long_it_is(engine: Tried) -> None:
    # The longest line that does not fill one of the blocks in which files are scanned.
    count, rest = divmod(LONGEST_LINE // 2 + 1, 5)
    events = {
        "1/clicks_1.csv": b"click_id,banner_id,campaign_id\n",
        "1/conversions_1.csv": b"conversion_id,click_id,revenue\n",
    }
    lengths = (LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 90_000)
    for length in lengths:
        rows = "2,3,\n" * (count - 1) + f"2,3,{'x' * rest}\n" + f"4,3,{'x' * (length - 5)}\n"
        file = f"banner_id,campaign_id,note\n{rows}".encode()
        events[f"1/impressions_1_{length}.csv"] = file
    with crunched(engine, events) as (_, result, _):
        found = [(row["banner_id"], row["impressions"]) for row in rows_of(result)]
    assert found == [(2, count * len(lengths)), (4, len(lengths))]


def test_a_large_result_comes_in_order_and_in_small_batches(engine: Tried) -> None:
    pairs = [(banner, 10**6 + campaign) for banner in range(1, 51) for campaign in range(4000)]
    rows = "".join(f"{banner},{campaign}\n" for banner, campaign in pairs)
    events = {
        "1/impressions_1.csv": f"banner_id,campaign_id\n{rows}".encode(),
        "1/clicks_1.csv": b"click_id,banner_id,campaign_id\n",
        "1/conversions_1.csv": b"conversion_id,click_id,revenue\n",
    }
    with TemporaryDirectory() as folder:
        write(events, Path(folder))
        sources = check_quarter(FIRST, find_quarters(Path(folder))[FIRST], Path(folder))
        with engine.crunch(sources, Path(folder)) as result:
            batches = list(result.candidates())
    assert max(batch.num_rows for batch in batches) <= 20_000
    found = [
        pair
        for batch in batches
        for pair in zip(
            *batch.select(["campaign_id", "banner_id"]).to_pydict().values(), strict=True
        )
    ]
    assert found == sorted((campaign, banner) for banner, campaign in pairs)


def test_the_result_makes_the_same_tables(engine: Tried) -> None:
    events = {
        "1/impressions_1.csv": b"banner_id,campaign_id\n3,1\n1,1\n2,1\n7,2\n",
        "1/clicks_1.csv": b"click_id,banner_id,campaign_id\n1,2,1\n2,3,1\n",
        "1/conversions_1.csv": b"conversion_id,click_id,revenue\n1,2,0.1\n",
    }
    with crunched(engine, events) as (_, result, _):
        batches = list(result.candidates())
    figures = ("campaign_id", "banner_id", "clicks", "revenue", "position")
    assert performance_table(batches, FIRST).select(figures).to_pylist() == [
        dict(zip(figures, row, strict=True))
        for row in (
            (1, 3, 1, Decimal("0.1"), 1),
            (1, 2, 1, Decimal(0), 2),
            (1, 1, 0, Decimal(0), None),
            (2, 7, 0, Decimal(0), None),
        )
    ]
    lineups = ("rule", "converting", "slots", "banner_ids", "others")
    assert lineups_table(batches, FIRST).select(lineups).to_pylist() == [
        dict(zip(lineups, row, strict=True))
        for row in (
            ("revenue_then_clicks", 1, 5, [3, 2], [1]),
            ("most_clicks", 0, 5, [], [7]),
        )
    ]


def test_a_result_can_be_read_again_while_it_is_read(engine: Tried) -> None:
    events = {
        "1/impressions_1.csv": b"banner_id,campaign_id\n3,1\n1,1\n2,1\n",
        "1/clicks_1.csv": b"click_id,banner_id,campaign_id\n1,2,1\n",
        "1/conversions_1.csv": b"conversion_id,click_id,revenue\n1,1,1\n",
    }
    with crunched(engine, events) as (_, result, _):
        first = result.candidates()
        beginning = next(first).to_pylist()
        again = rows_of(result)
        assert beginning + [row for batch in first for row in batch.to_pylist()] == again
