"""The databases on which the contract suite of the store runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from banners.store.connect import open_database
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.read.totals import DatabaseTotals
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogue_versions import NOON


@pytest.fixture(params=["sqlite", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind, with nothing published yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'banners.db'}"
    return str(request.getfixturevalue("mariadb_url"))


@pytest.fixture
def database(url: str) -> Iterator[Engine]:
    opened = open_database(url, create=True)
    yield opened
    opened.dispose()


@pytest.fixture
def other(url: str) -> Iterator[Engine]:
    """The same database, as another process would open it to read."""
    opened = open_database(url, create=False)
    yield opened
    opened.dispose()


@pytest.fixture
def another(url: str) -> Iterator[Engine]:
    """The same database, as another run would open it."""
    opened = open_database(url, create=True)
    yield opened
    opened.dispose()


@pytest.fixture
def writer(database: Engine) -> Iterator[DatabaseCatalogueWriter]:
    """What changes the catalogue of the database, always at noon."""
    opened = DatabaseCatalogueWriter(database, now=lambda: NOON, wait_seconds=10)
    yield opened
    opened.close()


@pytest.fixture
def reader(other: Engine) -> Iterator[DatabaseCatalogue]:
    """What reads the catalogue of the database."""
    opened = DatabaseCatalogue(other)
    yield opened
    opened.close()


@pytest.fixture
def totals(other: Engine) -> Iterator[DatabaseTotals]:
    """What reads totals, as another process would."""
    opened = DatabaseTotals(other)
    yield opened
    opened.close()
