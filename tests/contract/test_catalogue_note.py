"""What Redis remembers of the catalogue for workers that start without the database."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.errors import StoreUnavailable
from banners.serve.breaker import Breaker
from banners.serve.catalogue_note import NOTE_SECONDS
from banners.serve.redis import RedisReader
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.read.lineups import DatabaseReader
from banners.web.metrics import Metrics
from banners.wiring.catalogue import catalogue, catalogue_writer
from banners.wiring.served import Served
from support.catalogues import campaign
from support.publishing import publish
from support.servers import RedisServer
from support.tiers import Asked, redis_reader


class Setting:
    """A published database behind an empty Redis."""

    def __init__(self, server: RedisServer, url: str, database: Engine) -> None:
        self.server = server
        self.settings = load_settings({"database_url": url, "redis_url": server.url})
        self.source = Asked(DatabaseReader(database))
        self.reader: RedisReader = redis_reader(server, self.source, seconds=0.2)
        self.reader.active()

    def make(self, number: int) -> None:
        with closing(catalogue_writer(self.settings)) as writer:
            writer.replace([campaign(number)], by="ada", what="Imported")

    def served(self) -> Served:
        return Served(self.settings, Breaker("The database", time.monotonic), Metrics())


@pytest.fixture
def setting(redis_server: RedisServer, tmp_path: Path) -> Iterator[Setting]:
    redis_server.start()
    redis_server.client().flushall()
    url = f"sqlite:///{tmp_path / 'banners.db'}"
    database = open_database(url, create=True)
    publish(database, 100, Quarter.FIRST)
    yield Setting(redis_server, url, database)
    redis_server.start()


def test_redis_remembers_for_a_minute_that_there_is_no_catalogue(setting: Setting) -> None:
    reader, client = setting.reader, setting.server.client()
    assert not reader.remembers_no_catalogue()
    reader.note_catalogue(0)
    assert reader.remembers_no_catalogue()
    assert 0 < client.ttl("banners:catalogue") <= NOTE_SECONDS
    client.expire("banners:catalogue", 1)
    reader.note_catalogue(0)
    assert client.ttl("banners:catalogue") > 1
    reader.note_catalogue(3)
    assert not reader.remembers_no_catalogue()


def test_that_there_is_no_catalogue_is_not_noted_over_a_version(setting: Setting) -> None:
    setting.reader.note_catalogue(3)
    setting.reader.note_catalogue(0)
    assert not setting.reader.remembers_no_catalogue()
    setting.server.client().set("banners:catalogue", "nonsense")
    setting.reader.note_catalogue(0)
    assert setting.reader.remembers_no_catalogue()


def test_what_is_live_is_kept_without_a_word_of_the_catalogue(setting: Setting) -> None:
    setting.reader.note_catalogue(3)
    setting.source.gone = True
    with pytest.raises(StoreUnavailable):
        setting.reader.active()
    assert setting.server.client().get("banners:catalogue") == b"3"


def test_nothing_is_remembered_while_redis_is_gone(setting: Setting) -> None:
    setting.reader.note_catalogue(0)
    setting.server.stop()
    assert not setting.reader.remembers_no_catalogue()


def test_a_look_that_finds_no_catalogue_notes_it_and_one_that_fails_notes_nothing(
    setting: Setting,
) -> None:
    served = setting.served()
    served.look()
    assert setting.reader.remembers_no_catalogue()
    setting.server.client().delete("banners:catalogue")
    with patch.object(DatabaseCatalogue, "in_force", side_effect=StoreUnavailable("It is gone.")):
        served.look()
    assert not setting.reader.remembers_no_catalogue()
    served.look()
    assert setting.reader.remembers_no_catalogue()


def test_whoever_makes_a_version_of_the_catalogue_tells_redis(setting: Setting) -> None:
    setting.reader.note_catalogue(0)
    setting.make(1)
    assert setting.server.client().get("banners:catalogue") == b"1"


def test_a_version_is_made_without_redis_too(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    setting.server.stop()
    setting.make(1)
    assert "Redis could not be told of version 1 of the catalogue" in caplog.text
    with closing(catalogue(setting.settings)) as reader:
        assert reader.in_force() is not None
