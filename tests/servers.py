"""Starts servers of the tests' own, which a test may stop, kill and start again."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import pytest
import redis
import sqlalchemy as sa
from sqlalchemy import exc

from running import required

PATIENCE_SECONDS = 60
USER = "banners"
PASSWORD = "s3cret"  # noqa: S105  # of a server that lives as long as the tests

_ACCOUNT = f"""\
CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL PRIVILEGES ON *.* TO {USER}@'%' WITH GRANT OPTION;
"""

# Small, since it is started anew for every run of the tests, and with as much trust in the disk as
# a test needs that kills processes but not the machine.
_OPTIONS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=32M",
    "--innodb-flush-log-at-trx-commit=2",
    "--performance-schema=OFF",
    "--lock-wait-timeout=30",
)

_Server = TypeVar("_Server", bound="Server")


class Server:
    """A server on a free port, which a test may stop, kill, let hang, and start again.

    Args:
        folder: an empty folder for its data, which whoever runs it may enter.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def command(self) -> list[str | Path]:
        """Tell how it is started."""
        raise NotImplementedError

    def lets_in(self) -> bool:
        """Tell whether it answers."""
        raise NotImplementedError

    def start(self, *, wait: bool = True) -> None:
        """Start it, or let it go on from where it hangs, and wait until it lets somebody in."""
        if self._process is None or self._process.poll() is not None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self.command(), cwd=self._folder, **_ordinarily(), stdout=log, stderr=log
                )
        self.resume()
        if wait:
            until(self._answers)

    def stop(self) -> None:
        """Let it end in good order, as an administrator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on from where it hangs."""
        self._signal(signal.SIGCONT)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            pytest.fail(f"{self} has ended: {self._log.read_text(errors='replace')[-2000:]}")
        return self.lets_in()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._signal(number)
            self._signal(signal.SIGCONT)
            self._process.wait(PATIENCE_SECONDS)
            self._process = None


class MariaDB(Server):
    """A MariaDB server; see :func:`mariadb`."""

    def install(self) -> None:
        """Make its data folder and the account that the tests use."""
        self._account.write_text(_ACCOUNT)
        self._account.chmod(0o644)
        installed = subprocess.run(
            [
                required("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={self._folder / 'data'}",
                f"--tmpdir={self._folder}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            cwd=self._folder,
            **_ordinarily(),
            capture_output=True,
            text=True,
            check=False,
        )
        if installed.returncode != 0:
            pytest.fail(f"mariadb-install-db failed: {installed.stdout}{installed.stderr}")

    def command(self) -> list[str | Path]:
        return [
            required("mariadbd", "/usr/sbin/mariadbd"),
            "--no-defaults",
            f"--datadir={self._folder / 'data'}",
            # A server that starts clears away what it takes for its own of an earlier start.
            f"--tmpdir={self._folder}",
            f"--socket={self._folder / 'socket'}",
            f"--pid-file={self._folder / 'pid'}",
            f"--init-file={self._account}",
            f"--port={self.port}",
            *_OPTIONS,
        ]

    def lets_in(self) -> bool:
        try:
            self.execute("SELECT 1")
        except exc.OperationalError:
            return False
        return True

    def url(self, database: str, *, password: str = PASSWORD) -> str:
        """Name a database, as BANNERS_DATABASE_URL does."""
        return f"mysql+pymysql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run a statement."""
        engine = sa.create_engine(self.url(""), poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """Make an empty database, name its URL, and drop it at the end."""
        self.start()
        self.execute(f"CREATE DATABASE {name}")
        yield self.url(name)
        self.start()
        self.execute(f"DROP DATABASE {name}")

    @property
    def _account(self) -> Path:
        return self._folder / "account.sql"


class RedisServer(Server):
    """A Redis server, which keeps nothing on disk; see :func:`redis_server`."""

    def command(self) -> list[str | Path]:
        words = f"--bind 127.0.0.1 --port {self.port} --appendonly no --save".split()
        return [required("redis-server"), *words, ""]

    def lets_in(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    @property
    def url(self) -> str:
        """Name it, as BANNERS_REDIS_URL does."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """Connect to it, as somebody else who may write to it."""
        return redis.Redis.from_url(self.url)


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """Run a MariaDB server with a data folder of its own, which is gone at the end."""
    required("mariadbd", "/usr/sbin/mariadbd")
    with _running(MariaDB) as server:
        server.install()
        server.start()
        yield server


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Run a Redis server, whose data are gone at the end."""
    required("redis-server")
    with _running(RedisServer) as server:
        server.start()
        yield server


@contextmanager
def _running(kind: type[_Server]) -> Iterator[_Server]:
    # Not in a folder of pytest's, which only the user of the tests may enter.
    with tempfile.TemporaryDirectory(prefix="banners-server-") as folder:
        shutil.chown(folder, _ordinarily().get("user", os.geteuid()))
        server = kind(Path(folder))
        try:
            yield server
        finally:
            server.kill()


def until(condition: Callable[[], bool]) -> None:
    """Wait for something to become true, a minute at most."""
    pause, end = Event(), time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"After {PATIENCE_SECONDS} seconds it is not yet true: {condition}")
        pause.wait(0.05)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ordinarily() -> dict[str, Any]:
    """Run as somebody ordinary: the server refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    known = {account.pw_name: account for account in pwd.getpwall()}
    account = known.get("mysql", known["nobody"])
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
