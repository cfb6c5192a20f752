"""The event files, totals and accounts of slots are put into place together, and archived."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from banners.collect.close.account import ClosedSlot
from banners.collect.close.files import TOTALS, EventFolder, accounts_in, slot_file
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import slot_name, slot_named
from banners.errors import CollectError

NAME = "20261126T1445Z"
SLOT = slot_named(NAME)
# If the time zone was changed meanwhile, a slot has events of two quarters.
CLOSED = ClosedSlot(slot=SLOT, quarters=(Quarter.SECOND, Quarter.FOURTH), segments={"main/a": 2})
FILES = {f"{quarter}/{kind}_{quarter}-{NAME}.csv" for quarter in (2, 4) for kind in Kind}


def staged(folder: EventFolder, closed: ClosedSlot, content: str = "new") -> Path:
    """Stage all event files and the totals of a slot."""
    path = folder.staged(closed.slot)
    for quarter in closed.quarters:
        for kind in Kind:
            (path / slot_file(kind, quarter, closed.slot)).write_text(f"{content} {kind} {quarter}")
    (path / TOTALS).write_text(content)
    return path


def close(events: Path, closed: ClosedSlot, content: str = "new") -> EventFolder:
    folder = EventFolder(events)
    folder.put_into_place(staged(folder, closed, content), closed)
    return folder


def files_in(events: Path) -> set[str]:
    return {str(path.relative_to(events)) for path in events.rglob("*") if path.is_file()}


def die_after(steps: int, patched: pytest.MonkeyPatch) -> None:
    """Let a run die when it has put so many files into place."""
    done: list[Path] = []
    replace_file = Path.replace

    def replace_or_die(path: Path, target: Path) -> Path:
        if len(done) == steps:
            raise KeyboardInterrupt
        done.append(path)
        return replace_file(path, target)

    patched.setattr(Path, "replace", replace_or_die)


@pytest.mark.parametrize(
    ("make", "name"), [(lambda folder: folder.staged(SLOT), NAME), (EventFolder.scratch, "scratch")]
)
def test_a_folder_for_files_is_empty_even_if_a_run_died_in_it(
    tmp_path: Path, make: Callable[[EventFolder], Path], name: str
) -> None:
    path = make(EventFolder(tmp_path))
    assert path == tmp_path / "closing" / name
    (path / "of a run that died").mkdir()
    assert make(EventFolder(tmp_path)) == path
    assert list(path.iterdir()) == []


def test_all_files_of_a_slot_are_put_into_place(tmp_path: Path) -> None:
    folder = close(tmp_path, CLOSED)
    assert files_in(tmp_path) == {*FILES, f"closed/{NAME}.json", f"closed/{NAME}.parquet"}
    for quarter in (2, 4):
        for kind in Kind:
            path = tmp_path / f"{quarter}" / f"{kind}_{quarter}-{NAME}.csv"
            assert path.read_text() == f"new {kind} {quarter}"
    assert folder.totals(SLOT).read_text() == "new"
    assert folder.closed(SLOT) == CLOSED
    assert not folder.has_archived(SLOT)
    assert list((tmp_path / "closing").iterdir()) == []


def test_files_of_a_slot_that_is_closed_again_replace_those_before(tmp_path: Path) -> None:
    close(tmp_path, CLOSED, "old")
    close(tmp_path, replace(CLOSED, missing=("web-2",)))
    folder = close(tmp_path, replace(CLOSED, slot=SLOT + 1))
    assert (tmp_path / "4" / f"clicks_4-{NAME}.csv").read_text() == "new clicks 4"
    assert folder.closed(SLOT) == replace(CLOSED, missing=("web-2",))
    assert folder.closed_slots() == [SLOT, SLOT + 1]


def test_a_slot_that_is_counted_again_has_new_totals_and_the_same_files(tmp_path: Path) -> None:
    folder = close(tmp_path, CLOSED, "old")
    path = folder.staged(SLOT)
    (path / TOTALS).write_text("new")
    folder.put_into_place(path, replace(CLOSED, totals="5e"))
    assert (tmp_path / "4" / f"clicks_4-{NAME}.csv").read_text() == "old clicks 4"
    assert folder.totals(SLOT).read_text() == "new"
    assert folder.closed(SLOT) == replace(CLOSED, totals="5e")


def test_files_of_a_slot_that_comes_too_late_are_put_into_the_archive(tmp_path: Path) -> None:
    folder = close(tmp_path, replace(CLOSED, archived=True))
    assert files_in(tmp_path) - {f"closed/{NAME}.json", f"closed/{NAME}.parquet"} == {
        f"archive/{name}" for name in FILES
    }
    assert folder.has_archived(SLOT)
    assert not folder.has_archived(SLOT + 1)


def test_files_that_are_archived_leave_their_folders(tmp_path: Path) -> None:
    folder = close(tmp_path, CLOSED)
    (tmp_path / "2" / f"clicks_2-{NAME}.csv").unlink()
    close(tmp_path, replace(CLOSED, slot=SLOT + 1))
    folder.archive(replace(CLOSED, archived=True))
    folder.archive(replace(CLOSED, slot=SLOT + 1, archived=True))
    assert {path for path in files_in(tmp_path) if NAME in path} == {
        *(f"archive/{name}" for name in FILES - {f"2/clicks_2-{NAME}.csv"}),
        *(f"closed/{NAME}.json", f"closed/{NAME}.parquet"),
    }
    assert folder.has_archived(SLOT)
    assert (tmp_path / "archive" / "4" / f"clicks_4-{NAME}.csv").read_text() == "new clicks 4"
    assert folder.closed(SLOT) == replace(CLOSED, archived=True)


def test_an_account_that_was_written_in_part_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = close(tmp_path, CLOSED)
    before = files_in(tmp_path)
    with monkeypatch.context() as patched:
        die_after(0, patched)
        with pytest.raises(KeyboardInterrupt):
            folder.keep_account(replace(CLOSED, totals="5e"))
    # docs/operations.md says so of copies that were made meanwhile.
    assert files_in(tmp_path) - before == {f"closed/{NAME}.part"}
    assert folder.closed(SLOT) == CLOSED
    assert folder.closed_slots() == [SLOT]


@pytest.mark.parametrize("steps", range(len(FILES) + 2))
def test_what_a_killed_run_had_decided_is_finished_and_the_rest_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    folder = EventFolder(tmp_path)
    folder.recover()
    assert files_in(tmp_path) == set()
    decided = staged(folder, CLOSED)
    with monkeypatch.context() as patched:
        die_after(steps, patched)
        with pytest.raises(KeyboardInterrupt):
            folder.put_into_place(decided, CLOSED)
    assert [path.name for path in (tmp_path / "closing").iterdir()] == [f"{NAME}.ready"]
    staged(folder, replace(CLOSED, slot=SLOT + 1))
    (tmp_path / "closing" / "notes").touch()
    # It ended after its last step.
    (tmp_path / "closing" / f"{slot_name(SLOT + 2)}.ready").mkdir()
    EventFolder(tmp_path).recover()
    assert files_in(tmp_path) == {
        *FILES,
        *(f"closed/{NAME}.json", f"closed/{NAME}.parquet", "closing/notes"),
    }
    assert [path.name for path in (tmp_path / "closing").iterdir()] == ["notes"]


def test_slots_that_are_forgotten_have_neither_account_nor_totals(tmp_path: Path) -> None:
    folder = close(tmp_path, CLOSED)
    close(tmp_path, replace(CLOSED, slot=SLOT + 1))
    folder.forget([SLOT, SLOT + 2])
    assert folder.closed_slots() == [SLOT + 1]
    assert folder.closed(SLOT) is None
    assert [path.stem for path in (tmp_path / "closed").iterdir()] == [slot_name(SLOT + 1)] * 2


def test_accounts_are_listed_by_the_names_of_their_files(tmp_path: Path) -> None:
    assert accounts_in(tmp_path) == {}
    close(tmp_path, CLOSED)
    for name in ("notes.json", "20261126T1446Z.json", f"{NAME}.txt"):
        (tmp_path / "closed" / name).touch()
    assert accounts_in(tmp_path) == {SLOT: tmp_path / "closed" / f"{NAME}.json"}


def test_a_damaged_account_is_named_with_what_to_do(tmp_path: Path) -> None:
    folder = close(tmp_path, CLOSED)
    path = tmp_path / "closed" / f"{NAME}.json"
    path.write_bytes(b"\xff")
    with pytest.raises(CollectError) as raised:
        folder.closed(SLOT)
    assert str(raised.value) == (
        f"{path} is not the account of a slot. Remove it, and close the slot again with: "
        f"banners close {NAME}"
    )
