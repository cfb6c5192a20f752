"""Starts servers for the tests, which a test may stop, kill and start again."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import pytest
import redis
import sqlalchemy as sa
from sqlalchemy import exc

from support.running import required

PATIENCE_SECONDS = 60
USER = "banners"
PASSWORD = "s3cret"  # noqa: S105  # of a server that lives as long as the tests

_ACCOUNT = f"""\
CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL PRIVILEGES ON *.* TO {USER}@'%' WITH GRANT OPTION;
"""

# Small, since it is started for every run of the tests. Tests kill processes but never the machine,
# so that the log need not be flushed to the disk at every commit.
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
    """A server on a free port, which a test may stop, kill, suspend, and start again.

    Args:
        folder: an empty folder for its data, which the user that runs it may enter.
        options: further words of its command.
    """

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def command(self) -> list[str | Path]:
        """Return the command that starts it."""
        raise NotImplementedError

    def lets_in(self) -> bool:
        """Return whether it answers."""
        raise NotImplementedError

    def start(self, *, wait: bool = True) -> None:
        """Start or resume it, and wait until it accepts connections."""
        if self._process is None or self._process.poll() is not None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self.command(), cwd=self._folder, **_ordinarily(), stdout=log, stderr=log
                )
        self.resume()
        if wait:
            until(self._answers)

    def stop(self) -> None:
        """Stop it gracefully, as an administrator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Suspend it: connections stay open, and it does not answer."""
        self._signal(signal.SIGSTOP)
        if self._process is not None:
            # The signal stops one thread after the other; the last may answer a query until then.
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Resume it after a pause."""
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
        """Create its data folder and the account that the tests use."""
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
            # Not shared: a server that starts deletes what looks like files of an earlier start.
            f"--tmpdir={self._folder}",
            f"--socket={self.socket}",
            f"--pid-file={self._folder / 'pid'}",
            f"--init-file={self._account}",
            f"--port={self.port}",
            *_OPTIONS,
            *self._options,
        ]

    def lets_in(self) -> bool:
        try:
            self.execute("SELECT 1")
        except exc.OperationalError:
            return False
        return True

    def url(self, database: str, *, password: str = PASSWORD) -> str:
        """Return the URL of a database for BANNERS_DATABASE_URL."""
        return f"mysql+pymysql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def socket(self) -> Path:
        """Its socket, at which root can log in without a password."""
        return self._folder / "socket"

    def execute(self, statement: str) -> None:
        """Run a statement."""
        server = sa.create_engine(self.url(""), poolclass=sa.NullPool)
        with server.connect() as connection:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """Create an empty database, provide its URL, and drop it at the end."""
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
        return [required("redis-server"), *words, "", *self._options]

    def lets_in(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    @property
    def url(self) -> str:
        """Its URL for BANNERS_REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """Connect to it, as another program that may write to it."""
        return redis.Redis.from_url(self.url, protocol=2)


@contextmanager
def mariadb(*options: str) -> Iterator[MariaDB]:
    """Run a MariaDB server with a data folder of its own, which is deleted at the end."""
    required("mariadbd", "/usr/sbin/mariadbd")
    with run_server(MariaDB, options) as server:
        server.install()
        server.start()
        yield server


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """Run a Redis server, whose data is deleted at the end."""
    required("redis-server")
    with run_server(RedisServer, options) as server:
        server.start()
        yield server


@contextmanager
def run_server(kind: type[_Server], options: Sequence[str] = ()) -> Iterator[_Server]:
    """Provide a server with a folder of its own, not started yet; kill it at the end."""
    # Not in a folder of pytest's, which only the user of the tests may enter.
    with tempfile.TemporaryDirectory(prefix="banners-server-") as folder:
        shutil.chown(folder, _ordinarily().get("user", os.geteuid()))
        server = kind(Path(folder), options)
        try:
            yield server
        finally:
            server.kill()


def certificate(folder: Path, name: str) -> Path:
    """Make a certificate for a host of that name, signed by itself, with its key beside it."""
    file = folder / f"{name}.pem"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "2"]
    files: list[str | Path] = ["-keyout", file.with_suffix(".key"), "-out", file]
    words = [required("openssl"), "req", "-x509", *key, *names, *files]
    subprocess.run(words, check=True, capture_output=True)
    for each in (file, file.with_suffix(".key")):
        each.chmod(0o644)
    return file


def suspend(process: int) -> None:
    """Suspend a process, as if it hung, and wait until none of its threads runs any more.

    The signal stops one thread after the other; until then, the last may still answer.
    """
    os.kill(process, signal.SIGSTOP)
    threads = Path(f"/proc/{process}/task")
    until(lambda: all(") T " in (each / "stat").read_text() for each in threads.iterdir()))


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true, for at most a minute."""
    pause, end = Event(), time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"After {PATIENCE_SECONDS} seconds this is still false: {condition}")
        pause.wait(0.05)


def free_port() -> int:
    """Find a port on which no program listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ordinarily() -> dict[str, Any]:
    """Return the options to run as an ordinary user: the server refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    known = {account.pw_name: account for account in pwd.getpwall()}
    account = known.get("mysql", known["nobody"])
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
