"""The random quarters of events keep their promises, and contain every fault."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis.strategies import SearchStrategy

import reference.events
from reference.events import QuarterReference, Refused
from reference.files import read_rows
from reference.rule import by_revenue
from strategies.files import cut_last_line
from strategies.values import Events, clean_quarters, dirty_quarters, refused_quarters, write


def read_events(events: Events) -> QuarterReference:
    with tempfile.TemporaryDirectory() as folder:
        write(events, Path(folder))
        return reference.events.read_quarter(Path(folder), 1)


@given(clean_quarters())
def test_everything_in_a_clean_quarter_is_accepted(events: Events) -> None:
    accounts = read_events(events).accounts.values()
    assert all(account.accepted == account.rows for account in accounts)


@given(dirty_quarters())
def test_every_row_of_a_dirty_quarter_has_one_outcome(events: Events) -> None:
    for account in read_events(events).accounts.values():
        faulty = sum(account.rejected.values()) + sum(account.quarantined.values())
        assert account.rows == account.accepted + account.duplicate + faulty


@given(dirty_quarters())
def test_the_revenues_of_a_dirty_quarter_fit_into_64_bits(events: Events) -> None:
    result = read_events(events)
    accepted = sum(banner.revenue for banner in result.performance.values())
    assert accepted + result.orphan_revenue < 9 * 10**12


@given(refused_quarters())
def test_a_refused_quarter_is_refused(events: Events) -> None:
    with pytest.raises(Refused):
        read_events(events)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r\n", b"\r"])
def test_the_last_line_of_a_file_can_be_cut_whatever_ends_its_lines(
    tmp_path: Path, end: bytes
) -> None:
    lines = [b'"two\nlines",click_id,banner_id,campaign_id', b'"a\nb",1,2,3']
    (tmp_path / "clicks_1.csv").write_bytes(cut_last_line(end.join(lines), b"click_id"))
    with pytest.raises(Refused):
        read_rows(tmp_path / "clicks_1.csv", "clicks")


# What comes up


def comes_up(events: SearchStrategy[Events], shows: Callable[[QuarterReference], bool]) -> bool:
    """Return whether it occurs in the first few hundred examples, which are always the same."""
    always_the_same = settings(
        derandomize=True, database=None, max_examples=500, phases=[Phase.generate]
    )
    return bool(find(events, lambda found: shows(read_events(found)), settings=always_the_same))


@pytest.mark.parametrize(
    ("rule", "converting"),
    [
        *[("top_revenue", 11), ("top_revenue", 10), ("all_converting", 9), ("all_converting", 5)],
        *[("revenue_then_clicks", 4), ("revenue_then_clicks", 1), ("most_clicks", 0)],
    ],
)
def test_clean_quarters_are_on_both_sides_of_each_boundary(rule: str, converting: int) -> None:
    assert comes_up(
        clean_quarters(),
        lambda result: (
            (rule, converting)
            in {(lineup.rule, lineup.converting) for lineup in result.lineups.values()}
        ),
    )


@pytest.mark.parametrize("slots", [10, 5])
def test_in_clean_quarters_the_id_decides_about_the_last_place(slots: int) -> None:
    def has_tie(result: QuarterReference) -> bool:
        for campaign_id in result.lineups:
            ranked = by_revenue(
                figures for place, figures in result.performance.items() if place[0] == campaign_id
            )
            edge = [(one.revenue, one.clicks) for one in ranked[slots - 1 : slots + 1]]
            if result.lineups[campaign_id].slots == slots and len(edge) == 2 and edge[0][1]:
                return edge[0] == edge[1]
        return False

    assert comes_up(clean_quarters(), has_tie)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        *[("impressions", "bad_id"), ("impressions", "bad_width")],
        *[("clicks", "bad_id"), ("clicks", "bad_width"), ("clicks", "conflicting_id")],
        *[("conversions", "bad_id"), ("conversions", "bad_width"), ("conversions", "bad_revenue")],
        *[("conversions", "conflicting_id"), ("conversions", "refund")],
        ("conversions", "orphan_conversion"),
    ],
)
def test_dirty_quarters_hold_every_fault(kind: str, reason: str) -> None:
    assert comes_up(
        dirty_quarters(),
        lambda result: reason in result.accounts[kind].rejected | result.accounts[kind].quarantined,
    )


@pytest.mark.parametrize("kind", ["clicks", "conversions"])
def test_dirty_quarters_hold_duplicates(kind: str) -> None:
    assert comes_up(dirty_quarters(), lambda result: result.accounts[kind].duplicate > 0)


def test_dirty_quarters_hold_files_given_twice() -> None:
    assert comes_up(dirty_quarters(), lambda result: len(result.skipped) > 0)
