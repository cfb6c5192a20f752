"""What is remembered of what a database keeps, with a clock that is set by hand."""

from collections.abc import Sequence

from banners.core.model import Quarter
from banners.core.outcome import QuarterOutcome
from banners.errors import StoreUnavailable
from banners.reports.reader import KeptQuarter
from banners.reports.remember import LOOK_SECONDS, Remembered

KEPT = KeptQuarter(
    3, 1, True, "2026-01-31T10:00:00+00:00", "duckdb", "events", 5, QuarterOutcome(Quarter.FIRST)
)


class Reports:
    """A database that keeps what the test says, or is gone."""

    def __init__(self) -> None:
        self.keeps: Sequence[KeptQuarter] | None = [KEPT]
        self.looks = 0

    def kept(self) -> Sequence[KeptQuarter]:
        self.looks += 1
        if self.keeps is None:
            raise StoreUnavailable("It is gone.")
        return self.keeps


class Setting:
    def __init__(self) -> None:
        self.reports = Reports()
        self.now = 0.0
        self.remembered = Remembered(self.reports.kept, lambda: self.now)


def test_nothing_is_known_before_the_first_look() -> None:
    assert list(Setting().remembered.last()) == []


def test_the_first_look_finds_what_is_kept_and_asking_looks_no_further() -> None:
    setting = Setting()
    setting.remembered.look(changed=False)
    assert [*setting.remembered.last(), *setting.remembered.last()] == [KEPT, KEPT]
    assert setting.reports.looks == 1


def test_it_is_looked_again_after_some_seconds_or_when_something_has_changed() -> None:
    setting = Setting()
    setting.remembered.look(changed=False)
    setting.now += LOOK_SECONDS / 2
    setting.remembered.look(changed=False)
    assert setting.reports.looks == 1
    setting.remembered.look(changed=True)
    assert setting.reports.looks == 2
    setting.now += LOOK_SECONDS
    setting.remembered.look(changed=False)
    assert setting.reports.looks == 3


def test_what_is_gone_or_lost_is_remembered_as_it_was() -> None:
    setting = Setting()
    setting.remembered.look(changed=True)
    setting.reports.keeps = None
    setting.remembered.look(changed=True)
    assert list(setting.remembered.last()) == [KEPT]
    setting.reports.keeps = []
    setting.remembered.look(changed=True)
    assert list(setting.remembered.last()) == [KEPT]
