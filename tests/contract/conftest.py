"""The databases that the suite of the store is run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from banners.store.connect import open_database


@pytest.fixture(params=["sqlite", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind that nobody has published to yet."""
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
