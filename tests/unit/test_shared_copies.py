"""Copies that the workers of a host share: who makes them, and what becomes of damaged ones."""

import fcntl
import gc
import os
import signal
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from banners.core.model import Generation, Quarter
from banners.errors import DamagedRecord, StoreUnavailable
from banners.settings import Settings
from banners.wiring.tiers import shared_copies
from support.copied import (
    CAMPAIGNS,
    FIRST,
    NEW,
    OLD,
    Source,
    copies,
    files,
    held,
    ids_of,
    worker,
)
from support.tiers import Asked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shared"


def test_a_copy_has_the_records_and_the_inventory_of_its_source(folder: Path) -> None:
    memory = worker(folder, Source())
    assert held(memory).copy is not None
    assert ids_of(memory) == [[70, 71]] * 4
    assert list(held(memory).campaigns) == list(CAMPAIGNS)
    assert list(held(memory).inventory) == [1, 2, 2**40]
    assert held(memory).inventory[-2:] == [2, 2**40]
    assert [each in held(memory) for each in (2, 3, 4, 5, 2**63)] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert len(held(memory).records or ()) == 4
    with pytest.raises(IndexError):
        held(memory).inventory[3]


def test_the_records_of_a_copy_are_a_mapping_of_those_of_its_source(folder: Path) -> None:
    copy = copies(folder).copy_of(OLD, FIRST, Source())
    assert copy
    assert dict(copy.records) == dict(Source().records(OLD, FIRST))
    assert [copy.records.get(each) for each in (2, 4, 2**63)] == [None] * 3
    others: list[object] = ["3", None]
    assert not any(each in copy.records for each in others)


def test_the_second_worker_reads_nothing_from_the_tier_behind(folder: Path) -> None:
    worker(folder, Source())
    source = Asked(Source())
    memory = worker(folder, source)
    assert ids_of(memory) == [[70, 71]] * 4
    assert list(held(memory).inventory) == [1, 2, 2**40]
    assert set(source.asked) == {"active"}


def test_nobody_else_can_read_or_write_a_copy(folder: Path) -> None:
    worker(folder, Source())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}


def test_a_new_generation_replaces_the_old_one_which_its_readers_can_still_read(
    folder: Path,
) -> None:
    memory, other = worker(folder, Source()), worker(folder, Source(NEW))
    assert len(files(folder)) == 2
    assert ids_of(memory) == [[70, 71]] * 4
    assert list(held(memory).inventory) == [1, 2, 2**40]
    assert ids_of(other, NEW) == [[80, 81]] * 4
    # A rollback.
    assert ids_of(worker(folder, Source())) == [[70, 71]] * 4


def test_files_of_the_previous_generation_are_closed_at_the_switch(folder: Path) -> None:
    source = Source()
    memory = worker(folder, source)
    opened = open_in(folder)
    assert len(opened) == 2
    # Their disk space is free only when they are closed. A worker creates so few objects that the
    # garbage collector of Python seldom runs.
    gc.disable()
    try:
        source.generation = NEW
        memory.load()
        assert ids_of(memory, NEW) == [[80, 81]] * 4
        assert len(open_in(folder)) == 2
        assert not open_in(folder) & opened
    finally:
        gc.enable()


def open_in(folder: Path) -> set[str]:
    """The files of a folder that this process has open."""
    targets = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile, as the list itself is
            targets.add(f"{link.readlink()}")
    return {each for each in targets if each.startswith(f"{folder}/")}


def test_databases_have_copies_of_their_own(folder: Path) -> None:
    first, second = (copies(folder, name) for name in ("one", "other"))
    assert first.copy_of(OLD, FIRST, Source())
    source = Asked(Source())
    assert second.copy_of(OLD, FIRST, source)
    assert source.asked.count("records") == 1
    assert len(files(folder)) == 4


def test_a_database_made_again_does_not_use_copies_of_the_former_one(folder: Path) -> None:
    worker(folder, Source())
    source = Asked(Source(Generation(OLD.number, NEW.stamp)))
    worker(folder, source)
    assert source.asked.count("records") == 1


def test_what_a_worker_killed_while_copying_left_is_removed(folder: Path) -> None:
    child = os.fork()
    if child == 0:
        source = Source()
        source.on_record = lambda: os.kill(os.getpid(), signal.SIGKILL)
        worker(folder, source)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert [each.suffix for each in files(folder)] == [".new"]
    assert ids_of(worker(folder, Source())) == [[70, 71]] * 4
    assert not list(folder.glob("*.new"))


def test_a_worker_waits_only_for_a_limited_time_for_another_that_makes_the_copy(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker(folder, Source())
    for each in files(folder):
        each.unlink()
    with next(folder.glob("*records.lock")).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert copies(folder).copy_of(OLD, FIRST, Source()) is None
        assert "another worker did not finish it within 0 seconds" in caplog.text
        # It has made the part that nobody else was making.
        assert ["inventory" in each.name for each in files(folder)] == [True]
    assert copies(folder).copy_of(OLD, FIRST, Source())


def foreign(file: Path) -> None:
    file.write_bytes(b"something else" * 100)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def cut_off(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def headless(file: Path) -> None:
    file.write_bytes(bytes(64) + file.read_bytes()[64:])


def changed(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def link(file: Path) -> None:
    target = file.with_name("elsewhere")
    file.rename(target)
    os.utime(target, (1, 1))
    file.symlink_to(target)


def link_to_another_file(file: Path) -> None:
    link(file)
    file.with_name("elsewhere").write_bytes(b"something else")
    os.utime(file, (1, 1))


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def with_the_other_part(file: Path) -> None:
    """Both parts are of the same generation and quarter, and only their content differs."""
    (other,) = (each for each in files(file.parent) if part(each) != part(file))
    file.write_bytes(other.read_bytes())


def of_another_generation(file: Path) -> None:
    other = file.parent / "other"
    copies(other, "another database").copy_of(NEW, FIRST, Source(NEW))
    (other / next(each for each in files(other) if part(each) == part(file))).rename(file)


def part(file: Path) -> bool:
    return "records" in file.name


@pytest.mark.parametrize("place", [0, 1], ids=["inventory", "records"])
@pytest.mark.parametrize(
    "harm",
    [
        *(foreign, empty, cut_off, headless, changed, pipe, link, link_to_another_file),
        *(with_the_other_part, of_another_generation),
    ],
)
def test_a_file_that_is_not_ours_is_replaced_or_left_alone(
    folder: Path, harm: Callable[[Path], None], place: int
) -> None:
    worker(folder, Source())
    harm(files(folder)[place])
    linked = linked_to(folder)
    memory = worker(folder, Source())
    assert ids_of(memory) == [[70, 71]] * 4
    assert list(held(memory).inventory) == [1, 2, 2**40]
    assert linked_to(folder) == linked


def linked_to(folder: Path) -> list[tuple[bytes, float]]:
    """What a link leads to, with the time when it was last written or used as a copy."""
    return [(each.read_bytes(), each.stat().st_mtime) for each in folder.glob("elsewhere")]


def open_to_others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def a_link(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    folder.symlink_to(folder.parent / "elsewhere")


def a_file(folder: Path) -> None:
    folder.write_text("")


def a_folder_in_a_file(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    worker(folder, Source())
    for each in files(folder):
        each.unlink()
        each.mkdir()


@pytest.mark.parametrize("harm", [open_to_others, a_link, a_file, a_folder_in_a_file])
def test_without_a_safe_folder_each_worker_works_without_a_copy(
    folder: Path, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    harm(folder)
    memory = worker(folder, Source())
    assert held(memory).copy is None
    assert ids_of(memory) == [[70, 71]] * 4
    assert list(held(memory).inventory) == [1, 2, 2**40]
    assert caplog.text.count("cannot share a copy of quarter 1") == 1
    assert "name another folder in BANNERS_SHARED" in caplog.text
    assert not memory.source_error


def test_where_no_temporary_file_can_be_written_a_worker_starts_without_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    temporary = tmp_path / "no folder"
    temporary.touch()
    monkeypatch.setenv("TMPDIR", f"{temporary}")
    shared = shared_copies(Settings())
    assert shared is not None
    assert shared.copy_of(OLD, FIRST, Source()) is None
    assert f"in {temporary}/banners-{os.geteuid()}: Not a directory" in caplog.text


@pytest.mark.usefixtures("files_of_50_kilobytes")
def test_on_a_full_disk_each_worker_works_without_a_copy(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source()
    source.banner_ids = array("I", range(100_000))
    memory = worker(folder, source)
    assert held(memory).copy is None
    assert held(memory).inventory == source.banner_ids
    assert ids_of(memory) == [[70, 71]] * 4
    assert "cannot share a copy" in caplog.text
    assert not list(folder.glob("*.new"))


def test_a_damaged_quarter_is_not_copied(folder: Path) -> None:
    class Damaged(Source):
        def records(self, *_key: object) -> Iterator[tuple[int, bytes]]:
            for campaign_id, record in super().records(OLD, FIRST):
                yield campaign_id, record[:-1] + bytes([record[-1] ^ 1])

    with pytest.raises(DamagedRecord, match="is not the record of its candidates"):
        copies(folder).copy_of(OLD, FIRST, Damaged())
    assert files(folder) == []


def test_records_in_a_wrong_order_are_not_copied(folder: Path) -> None:
    class Doubled(Source):
        def records(self, *_key: object) -> Iterator[tuple[int, bytes]]:
            for _ in range(2):
                yield from super().records(OLD, FIRST)

    with pytest.raises(DamagedRecord, match="not sorted by campaign"):
        copies(folder).copy_of(OLD, FIRST, Doubled())
    assert files(folder) == []


@pytest.mark.parametrize("lost", ["records", "inventory"])
def test_a_generation_dropped_meanwhile_is_not_copied(folder: Path, lost: str) -> None:
    class Dropped(Source):
        def records(self, *_key: object) -> Iterator[tuple[int, bytes]]:
            self.has_rows = lost != "records"
            return super().records(OLD, FIRST)

        def inventory(self, *_key: object) -> Sequence[int]:
            self.has_rows = False
            return super().inventory(OLD, FIRST)

    with pytest.raises(StoreUnavailable, match="Generation 7 was dropped while it was copied"):
        copies(folder).copy_of(OLD, FIRST, Dropped())
    assert len(files(folder)) == (lost == "inventory")


def damage(folder: Path, name: str, change: Callable[[bytearray], Iterable[int]]) -> None:
    file = next(each for each in files(folder) if name in each.name)
    file.write_bytes(bytes(change(bytearray(file.read_bytes()))))


def test_a_copy_damaged_while_in_use_is_replaced_by_the_tier_behind(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = worker(folder, Source())
    damage(folder, "records", lambda content: content.replace(bytes([70]), bytes([66])))
    assert held(memory).candidates(3) is None
    assert ids_of(memory) == [[70, 71]] * 4
    assert caplog.text.count("share is damaged, and is no longer used") == 1
    memory.load()
    assert held(memory).copy is None
    assert ids_of(memory) == [[70, 71]] * 4
    # A worker that starts afterwards makes another one.
    assert ids_of(worker(folder, Source())) == [[70, 71]] * 4
    assert caplog.text.count("share is damaged") == 1


def test_a_copy_cut_off_while_in_use_is_replaced_by_the_tier_behind(folder: Path) -> None:
    memory = worker(folder, Source())
    for file in files(folder):
        os.truncate(file, 0)
    with pytest.raises(StoreUnavailable, match="the file is cut off"):
        held(memory).inventory[0]
    memory.load()
    assert held(memory).copy is None
    assert list(held(memory).inventory) == [1, 2, 2**40]
    assert ids_of(memory) == [[70, 71]] * 4


def test_a_quarter_without_campaigns_is_shared_too(folder: Path) -> None:
    class Nothing(Source):
        def active(self) -> Mapping[Quarter, Generation]:
            return {FIRST: OLD}

    source = Nothing()
    source.has_rows = False
    for _ in range(2):
        memory = worker(folder, source)
        assert held(memory).copy is not None
        assert (list(held(memory).campaigns), list(held(memory).inventory)) == ([], [])
