"""Redis during a publish: a wrong setting is reported first, and a failure does no harm."""

import sys
from contextlib import closing
from pathlib import Path

import pytest

from banners import wiring
from banners.core.model import Quarter
from banners.errors import SettingsError
from banners.settings import Settings, load_settings
from banners.store.connect import open_database
from support.deliveries import small_quarter
from support.publishing import publish


@pytest.fixture
def folder(no_settings: Path) -> Path:
    small_quarter(no_settings, 2)
    return no_settings


def settings_of(folder: Path, redis_url: str) -> Settings:
    return load_settings(
        {"database_url": f"sqlite:///{folder / 'banners.db'}"},
        environment={"BANNERS_REDIS_URL": redis_url},
    )


def served(settings: Settings) -> dict[Quarter, int]:
    with closing(wiring.reader(settings)) as reader:
        return {quarter: each.number for quarter, each in reader.active().items()}


def test_without_redis_client_a_rollback_changes_nothing_and_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(folder, "redis://localhost:6379/0")
    for first in (100, 200):
        publish(open_database(settings.database_url, create=True), first, Quarter.FIRST)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(SettingsError, match=r"pip install 'redis>=7\.2'"):
        wiring.roll_back(settings, [], None)
    assert served(settings) == {Quarter.FIRST: 2}


def test_without_redis_client_nothing_is_crunched(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(folder, "redis://localhost:6379/0")
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(SettingsError, match=r"pip install 'redis>=7\.2'"):
        wiring.crunch(settings, folder / "events", (), lambda *_: None)


@pytest.mark.parametrize("url", ["redis://localhost:1/0", "redis://redis..svc:6379/0"])
def test_what_was_crunched_is_served_though_redis_cannot_be_filled(
    folder: Path, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    settings = settings_of(folder, url)
    wiring.crunch(settings, folder / "events", (), lambda *_: None)
    assert served(settings) == {Quarter.SECOND: 1}
    assert "Redis could not be filled with quarter 2" in caplog.text
