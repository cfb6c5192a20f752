"""Closing goes on after damage, failures of the disk and runs that died."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from banners.collect.close import records
from banners.collect.close.account import ClosedSlot
from banners.collect.close.closer import OpenCloser, other_form, quarters_of
from banners.collect.close.duckdb_engine import DuckDBCloser, duckdb_closer
from banners.collect.close.files import EventFolder
from banners.collect.close.run import close_slots, forget_host
from banners.collect.segments.names import log_folder
from banners.collect.segments.record import framed
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.errors import CollectError
from reference.closing import (
    Converted,
    Event,
    Seen,
)
from support.closings import CLEAN, CLICK, EVENTS, LATER, NAME, expected_files, keep, totals_in
from support.event_logs import (
    SLOT,
    Clock,
    closing_of,
    files_in,
    open_log,
    record,
    view_of,
)


def test_damaged_bytes_are_counted_and_what_comes_before_them_is_kept(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    (path,) = log_folder(tmp_path).rglob("*.segment")
    first, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(first + b"\n" + rest.replace(b"clean", b"cleam"))
    closed = close_slots(closing_of(tmp_path), LATER)
    assert closed.torn == len(rest)
    assert files_in(tmp_path) == expected_files(EVENTS[:1], [SLOT])


def test_the_end_of_a_segment_that_is_being_written_is_not_damaged(tmp_path: Path) -> None:
    log = open_log(tmp_path, Clock())
    record(log, EVENTS[0])
    assert log.flush()
    (path,) = log_folder(tmp_path).rglob("*.open")
    with path.open("ab") as file:
        file.write(b"0000")
    closed = close_slots(closing_of(tmp_path), Clock().now)
    assert closed.torn == 0
    assert files_in(tmp_path) == expected_files(EVENTS[:1], [SLOT])
    assert log.close()


def test_what_a_killed_worker_had_written_in_part_is_damaged(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    (path,) = log_folder(tmp_path).rglob("*.segment")
    first, _ = path.read_bytes().split(b"\n", 1)
    path.with_suffix(".open").write_bytes(first + b"\n0000")
    path.unlink()
    closed = close_slots(closing_of(tmp_path), LATER)
    assert closed.torn == 4
    assert files_in(tmp_path) == expected_files(EVENTS[:1], [SLOT])


@pytest.mark.parametrize("step", range(14))
def test_whenever_a_run_dies_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    closing = closing_of(tmp_path, window=2)
    keep(tmp_path, [Seen(view_of(1, slot=SLOT - 8), CLEAN)], SLOT - 8)
    close_slots(closing, Clock(SLOT - 7).now)
    keep(tmp_path, EVENTS)
    whole = files_in(tmp_path)
    steps = step

    def dying(patched: pytest.MonkeyPatch, name: str) -> None:
        original = getattr(Path, name)

        def step_or_die(*words: object) -> object:
            nonlocal steps
            steps -= 1
            if steps < 0:
                raise KeyboardInterrupt
            return original(*words)

        patched.setattr(Path, name, step_or_die)

    with monkeypatch.context() as patched:
        dying(patched, "rename")
        dying(patched, "replace")
        try:
            close_slots(closing, LATER)
        except KeyboardInterrupt:
            half = {name for name in files_in(tmp_path) if "closing" not in name}
            assert {name for name in half if NAME in name} in (
                set(),
                *({f"4/{kind}_4-{NAME}.csv" for kind in list(Kind)[: n + 1]} for n in range(3)),
            )
    close_slots(closing, LATER)
    close_slots(closing, LATER)
    made = files_in(tmp_path)
    assert not any("closing" in name for name in made)
    assert {name: content for name, content in made.items() if NAME in name} == expected_files(
        EVENTS, [SLOT]
    )
    for name, content in whole.items():
        if slot_name(SLOT - 8) in name:
            assert made[f"archive/{name}"] == content


def test_temporary_files_of_a_run_that_died_are_removed(tmp_path: Path) -> None:
    folder = EventFolder(tmp_path)
    (folder.staged(SLOT) / "impressions.csv").touch()
    (folder.scratch() / "clicks.csv").touch()
    (tmp_path / "closing" / "file").touch()
    close_slots(closing_of(tmp_path), LATER)
    assert files_in(tmp_path) == {}


def test_two_processes_do_not_close_at_the_same_time(tmp_path: Path) -> None:
    with FileLock(tmp_path / "closing.lock"), pytest.raises(CollectError, match="Another process"):
        close_slots(closing_of(tmp_path), LATER)
    assert close_slots(closing_of(tmp_path), LATER).slots == []


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="is not a folder"):
        close_slots(closing_of(tmp_path / "none"), LATER)


def test_an_error_of_the_disk_names_the_file(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    (tmp_path / "4").touch()
    with pytest.raises(CollectError, match=r"/4 cannot be used: File exists"):
        close_slots(closing_of(tmp_path), LATER)
    (tmp_path / "4").unlink()
    close_slots(closing_of(tmp_path), LATER)
    assert files_in(tmp_path) == expected_files(EVENTS, [SLOT])


OTHER_FIELDS = {
    "too few": b"v,%d,5",
    "too many": b"v,%d,5,1233,0.5,54,7",
    "a word in place of a revenue": b"v,%d,5,1233,much,54",
    "a word in place of a number": b"c,%d,clean,4,54,3,rule,click,414,0,2",
    "a word in place of a banner": b"i,%d,clean,4,54,3,rule,78,0,414;none,",
    "no quarter": b"i,%d,clean,9,54,3,rule,78,0,414,",
    "a view that no token has": b"i,%d,clean,4,54,3,rule,9223372036854775807,0,414,",
}


@pytest.mark.parametrize("content", OTHER_FIELDS.values(), ids=OTHER_FIELDS)
def test_fields_of_another_form_are_an_error_and_no_lack_of_memory(
    tmp_path: Path, content: bytes
) -> None:
    keep(tmp_path, EVENTS)
    (path,) = log_folder(tmp_path).rglob("*.segment")
    with path.open("ab") as file:
        file.write(framed(content % SLOT))
    with pytest.raises(CollectError) as raised:
        close_slots(closing_of(tmp_path), LATER)
    assert str(raised.value).startswith(
        f"Slot {NAME} is not closed. {path} has a record of another form: found “"
    )
    assert "expected the fields that this release writes" in str(raised.value)


def test_of_several_segments_an_error_names_the_one_that_has_the_record(tmp_path: Path) -> None:
    for host in ("web-1", "web-2", "web-3"):
        keep(tmp_path, EVENTS, host=host)
    (path,) = log_folder(tmp_path).rglob("web-2/*.segment")
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([first, framed(b"v,%d,5" % SLOT), *rest]))
    with pytest.raises(CollectError, match=f"closed. {path} has a record of another form"):
        close_slots(closing_of(tmp_path), LATER)


def failing(error: CollectError) -> OpenCloser:
    """Return what opens an engine that closes no slot."""

    class Failing(DuckDBCloser):
        def close(self, *_: object) -> ClosedSlot:
            raise error

    @contextmanager
    def opened(scratch: Path) -> Iterator[Failing]:
        with duckdb.connect() as connection:
            yield Failing(connection, scratch)

    return opened


def test_the_engine_is_quoted_where_no_record_of_another_form_is_found(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    keep(tmp_path, [Seen(view_of(1, slot=SLOT - 1), CLEAN)], SLOT, "web-2")
    error = other_form("What the engine says.")
    with pytest.raises(CollectError) as raised:
        close_slots(closing_of(tmp_path, opened=failing(error)), LATER, [SLOT])
    assert str(raised.value) == f"Slot {NAME} is not closed. {error}"


def test_another_error_is_told_though_a_record_has_another_form(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    with next(log_folder(tmp_path).rglob("*.segment")).open("ab") as file:
        file.write(framed(b"v,%d,5" % SLOT))
    error = CollectError("What the engine says.")
    with pytest.raises(CollectError) as raised:
        close_slots(closing_of(tmp_path, opened=failing(error)), LATER, [SLOT])
    assert str(raised.value) == f"Slot {NAME} is not closed. What the engine says."


def test_the_error_for_other_fields_quotes_200_characters_of_what_the_engine_says() -> None:
    said = str(other_form("x" * 300))
    assert "fields than this release writes: “" + "x" * 200 + "…”. If a newer" in said
    assert said.endswith(
        " If a newer release of Banners wrote it, upgrade this one; otherwise move the segment "
        "that has it out of the event log. Then close again."
    )


def test_a_quarter_that_is_none_is_quoted() -> None:
    with pytest.raises(CollectError, match="writes: “9 is not a valid Quarter”"):
        quarters_of(Quarter.FIRST, [(9,)])


def test_an_engine_that_cannot_write_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    nowhere = {(kind, quarter): tmp_path / "none" / "x" for kind in Kind for quarter in Quarter}
    with pytest.raises(CollectError) as raised, duckdb_closer(tmp_path, "512MB") as closer:
        closer.close(SLOT, Quarter.FOURTH, nowhere, tmp_path / "totals")
    said = str(raised.value)
    assert said.startswith("DuckDB failed: IO Error: ")
    assert said.endswith("Free memory and disk space, or raise BANNERS_MEMORY, and close again.")


def test_an_error_without_a_file_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing_to_list(_: Path) -> list[str]:
        raise OSError(5, "Input/output error")

    for each in ("hosts_of", "index_of"):
        monkeypatch.setattr(f"banners.collect.close.run.{each}", failing_to_list)
    for use in (
        partial(forget_host, tmp_path, "web-1"),
        partial(close_slots, closing_of(tmp_path), LATER),
    ):
        with pytest.raises(CollectError, match=f"^{tmp_path} cannot be used: Input/output error"):
            use()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"slot":1}', '"text"'])
def test_a_damaged_account_is_named(tmp_path: Path, text: str) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), LATER)
    path = tmp_path / "closed" / f"{NAME}.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CollectError, match=f"banners close {NAME}"):
        close_slots(closing_of(tmp_path), LATER)


def test_an_account_is_read_back(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    (closed,) = close_slots(closing_of(tmp_path), LATER).slots
    assert ClosedSlot.from_json(closed.as_json()) == closed
    assert json.loads(closed.as_json())["slot"] == NAME
    (tmp_path / "closed" / "notes.txt").touch()
    assert EventFolder(tmp_path).closed_slots() == [SLOT]


def test_a_segment_that_is_sealed_while_it_is_read_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, EVENTS)
    (path,) = log_folder(tmp_path).rglob("*.segment")
    listed = Path.iterdir

    def before_sealing(folder: Path) -> Iterable[Path]:
        return [each.with_suffix(".open") if each == path else each for each in listed(folder)]

    monkeypatch.setattr(Path, "iterdir", before_sealing)
    close_slots(closing_of(tmp_path), LATER)
    monkeypatch.undo()
    assert files_in(tmp_path) == expected_files(EVENTS, [SLOT])


def test_many_records_are_divided_without_holding_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_MOST_HELD", 1_000)
    kept: list[Event] = [
        Seen(view_of(number, slot=SLOT - number % 3), CLEAN) for number in range(300)
    ]
    keep(tmp_path, kept)
    close_slots(closing_of(tmp_path), LATER)
    assert files_in(tmp_path) == expected_files(kept, range(SLOT - 2, SLOT + 1))


def test_a_run_that_died_after_its_last_step_has_left_nothing_to_do(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), LATER)
    made = files_in(tmp_path)
    (tmp_path / "closing" / f"{NAME}.ready").mkdir()
    close_slots(closing_of(tmp_path), LATER)
    assert files_in(tmp_path) == made
    assert list((tmp_path / "closing").iterdir()) == []


def test_a_conversion_of_another_revenue_is_left_to_the_crunch(tmp_path: Path) -> None:
    keep(tmp_path, [*EVENTS, Converted(SLOT, 5, CLICK, "7", 0)])
    close_slots(closing_of(tmp_path), LATER)
    made = files_in(tmp_path)[f"4/conversions_4-{NAME}.csv"]
    assert made == f"conversion_id,click_id,revenue\n5,{CLICK},0.675\n5,{CLICK},7\n"
    assert totals_in(tmp_path)[0].totals.net.conversions == 0
