"""What is crunched when files change; the tests supply the system's reports of changes."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from banners.core.model import Quarter
from banners.errors import BannersError, CrunchError, SourceError
from banners.job.outcome import JobOutcome
from banners.job.watch import changes, crunch_on_change

TOLD, QUIET = True, False
Step = tuple[Callable[[], object], bool]


class Job:
    """Stands for the job: notes which quarters it is run for, and may fail."""

    def __init__(self, *failures: BannersError | None) -> None:
        self.failures = list(failures)
        self.runs: list[set[int]] = []

    def run(self, quarters: Collection[Quarter]) -> JobOutcome:
        self.runs.append({int(quarter) for quarter in quarters})
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        return JobOutcome(1, ())


@pytest.fixture
def events(tmp_path: Path) -> Path:
    for quarter in (1, 2, 3):
        (tmp_path / "events" / str(quarter)).mkdir(parents=True)
        (tmp_path / "events" / str(quarter) / f"clicks_{quarter}.csv").touch()
    return tmp_path / "events"


def nothing() -> None:
    pass


def grow(path: Path) -> Callable[[], object]:
    """Write more to a file, or begin it."""
    return lambda: path.write_text(path.read_text() + "1" if path.exists() else "")


def followed(
    events: Path, job: Job, *steps: Step, quarters: Collection[Quarter] = tuple(Quarter)
) -> list[BannersError]:
    """Do each step when the one before has been crunched, and report it or not."""

    def told() -> Iterator[bool]:
        yield True
        for act, tell in steps:
            act()
            yield tell

    failures: list[BannersError] = []
    crunch_on_change(
        events,
        told(),
        quarters=quarters,
        crunch=job.run,
        on_outcome=lambda _: None,
        on_failure=failures.append,
    )
    return failures


def test_everything_given_is_crunched_first(events: Path) -> None:
    job = Job()
    followed(events, job)
    assert job.runs == [{1, 2, 3}]


def test_only_a_quarter_whose_files_changed_is_crunched_again(events: Path) -> None:
    job = Job()
    followed(events, job, (grow(events / "2/clicks_2.csv"), TOLD))
    assert job.runs == [{1, 2, 3}, {2}]


def test_nothing_is_crunched_when_nothing_changed(events: Path) -> None:
    job = Job()
    followed(events, job, (nothing, TOLD), (nothing, QUIET), (nothing, QUIET))
    assert job.runs == [{1, 2, 3}]


@pytest.mark.parametrize("name", ["2/notes.txt", "2/.clicks_2.csv.part", "clicks_2.csv"])
def test_what_is_no_event_file_changes_nothing(events: Path, name: str) -> None:
    job = Job()
    followed(events, job, (grow(events / name), TOLD))
    assert job.runs == [{1, 2, 3}]


def test_a_part_file_and_a_compressed_one_count(events: Path) -> None:
    job = Job()

    def deliver() -> None:
        (events / "1/clicks_1-b.csv.gz").touch()
        (events / "3/conversions_3b.csv").touch()

    followed(events, job, (deliver, TOLD))
    assert job.runs == [{1, 2, 3}, {1, 3}]


def test_a_file_that_is_taken_away_counts(events: Path) -> None:
    (events / "1/clicks_1b.csv").touch()
    job = Job()
    followed(events, job, ((events / "1/clicks_1b.csv").unlink, TOLD))
    assert job.runs == [{1, 2, 3}, {1}]


def test_a_folder_that_takes_the_place_of_another_counts(events: Path) -> None:
    def swap() -> None:
        (events / "2").rename(events / "old")
        (events.parent / "new").rename(events / "2")

    (events.parent / "new").mkdir()
    (events.parent / "new" / "clicks_2.csv").write_text("new")
    job = Job()
    followed(events, job, (swap, TOLD))
    assert job.runs == [{1, 2, 3}, {2}]


def test_a_change_that_the_system_does_not_report_is_seen_once_it_has_settled(events: Path) -> None:
    job = Job()
    more = grow(events / "2/clicks_2.csv")
    followed(events, job, (more, QUIET), (more, QUIET), (nothing, QUIET), (nothing, QUIET))
    assert job.runs == [{1, 2, 3}, {2}]
    assert (events / "2/clicks_2.csv").read_text() == "11"


def test_only_the_quarters_asked_for_are_looked_after(events: Path) -> None:
    job = Job()
    both = [grow(events / "1/clicks_1.csv"), grow(events / "2/clicks_2.csv")]
    followed(events, job, *((act, TOLD) for act in both), quarters=[Quarter.SECOND])
    assert job.runs == [{2}, {2}]


def test_what_failed_is_reported_and_tried_again(events: Path) -> None:
    failure = CrunchError("away")
    job = Job(None, failure, None)
    assert followed(
        events, job, (grow(events / "2/clicks_2.csv"), TOLD), (nothing, QUIET), (nothing, QUIET)
    ) == [failure]
    assert job.runs == [{1, 2, 3}, {2}, {2}]


def test_files_that_go_before_they_are_read_are_no_failure(events: Path) -> None:
    job = Job(None, SourceError("no event files"))
    assert followed(events, job, (grow(events / "2/clicks_2.csv"), TOLD), (nothing, QUIET)) == []


def test_a_folder_without_event_files_is_waited_for(tmp_path: Path) -> None:
    def deliver() -> None:
        (tmp_path / "2").mkdir()
        (tmp_path / "2" / "clicks_2.csv").touch()

    job = Job()
    followed(tmp_path, job, (nothing, QUIET), (deliver, TOLD))
    assert job.runs == [{2}]


def test_a_folder_that_goes_and_comes_back_is_waited_for(events: Path) -> None:
    def come_back() -> None:
        (events.parent / "away").rename(events)

    job = Job()
    followed(
        events,
        job,
        (lambda: events.rename(events.parent / "away"), TOLD),
        (nothing, QUIET),
        (come_back, QUIET),
        (grow(events / "2/clicks_2.csv"), QUIET),
        (nothing, QUIET),
    )
    assert job.runs == [{1, 2, 3}, {2}]


def test_a_quarter_that_cannot_be_read_is_tried_once_and_again_when_it_can(events: Path) -> None:
    loop = events / "4"
    loop.symlink_to("4")

    def fix() -> None:
        loop.unlink()
        loop.mkdir()
        (loop / "clicks_4.csv").touch()

    job = Job()
    followed(events, job, (nothing, QUIET), (nothing, QUIET), (fix, TOLD))
    assert job.runs == [{1, 2, 3, 4}, {4}]


@pytest.mark.parametrize("heard_of", [(TOLD,), (QUIET, QUIET)], ids=["told", "only seen"])
def test_a_quarter_whose_files_have_gone_is_said_to_have_none_once(
    events: Path, caplog: pytest.LogCaptureFixture, heard_of: tuple[bool, ...]
) -> None:
    job = Job()
    gone = events / "2" / "clicks_2.csv"
    steps = [(nothing, tell) for tell in (*heard_of, QUIET, QUIET)]
    followed(events, job, (gone.unlink, QUIET), *steps)
    said = "Quarter 2 no longer has event files; its current generation stays live."
    assert caplog.messages == [said]
    assert job.runs == [{1, 2, 3}]


def test_files_that_are_away_for_a_moment_are_not_said_to_have_gone(
    events: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = events / "2" / "clicks_2.csv"
    followed(events, Job(), (away.unlink, QUIET), (away.touch, TOLD))
    assert caplog.messages == []


def test_a_folder_that_is_none_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not a folder"):
        changes(tmp_path / "nowhere")
