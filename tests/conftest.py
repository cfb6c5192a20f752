"""What all tests share: how hypothesis looks for examples, and folders to work in."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings

from banners.settings import table
from reference.events import QuarterReference, read_quarter
from support import servers
from support.running import Workplace

# Commands inherit which signals are ignored. nohup and shells ignore these, which tests send.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test depends on the speed of the machine.
settings.register_profile(
    "banners",
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile("many", settings.get_profile("banners"), max_examples=1_000)
# The same examples in every run, and no search for the smallest one that fails: make mutants.
settings.register_profile(
    "mutants",
    settings.get_profile("banners"),
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("banners")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one more than there are cores: while tests wait for servers, their core is idle."""
    return min(4, (os.cpu_count() or 1) + 1)


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """An empty folder with the command ``banners``."""
    return Workplace(tmp_path)


@pytest.fixture
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the working folder, where all settings have their defaults."""
    for row in table():
        monkeypatch.delenv(row.variable, raising=False)
        monkeypatch.delenv(f"{row.variable}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def files_of_50_kilobytes() -> Iterator[None]:
    """A disk on which a file cannot grow any further, as on a full one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """The default sample, made and crunched by the commands; tests must not change it."""
    workplace = Workplace(tmp_path_factory.mktemp("published"))
    for words in (("sample", "events"), ("crunch", "events")):
        ended = workplace.run(*words)
        assert ended.returncode == 0, ended.stderr
    return workplace


@pytest.fixture(scope="session")
def worked_out(published: Workplace) -> Callable[[int], QuarterReference]:
    """What the reference works out for a quarter of the default sample, which takes a while."""
    return cache(lambda quarter: read_quarter(published.folder / "events", quarter))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[servers.MariaDB]:
    """A MariaDB server for the tests; a test that stops it need not start it again."""
    with servers.mariadb() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb: servers.MariaDB) -> Iterator[str]:
    """An empty database on that server."""
    with mariadb.database(f"test_{uuid4().hex}") as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.RedisServer]:
    """A Redis server for the tests; a test that stops it must start it again."""
    with servers.redis_server() as server:
        yield server
