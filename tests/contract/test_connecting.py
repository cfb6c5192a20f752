"""Failures to connect to a server: each is reported with its cause, and within seconds."""

import socket
import ssl
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa

from banners.errors import SettingsError, StoreError, StoreUnavailable
from banners.store.connect import open_database, wait_for_server
from banners.store.dialects import mysql
from banners.store.dialects.mysql import connect
from support import servers
from support.publishing import preparing
from support.servers import MariaDB, certificate

# PyMySQL has no type annotations.
PYMYSQL: Any = import_module("pymysql")


@pytest.fixture(scope="module")
def certificates() -> Iterator[Path]:
    """A folder with certificates, which the user that runs the server may enter."""
    with TemporaryDirectory(prefix="banners-certificates-") as folder:
        Path(folder).chmod(0o755)
        for name in ("db.internal", "another.internal"):
            certificate(Path(folder), name)
        yield Path(folder)


@pytest.fixture(scope="module")
def with_tls(certificates: Path) -> Iterator[MariaDB]:
    """A server whose certificate names another host than the URL does."""
    own = certificates / "db.internal.pem"
    with servers.mariadb(f"--ssl-cert={own}", f"--ssl-key={own.with_suffix('.key')}") as server:
        server.execute("CREATE DATABASE b")
        yield server


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a port where connections are accepted and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"mysql://banners:wr0ng-one@127.0.0.1:{listener.getsockname()[1]}/banners"


def failure(url: str, *, seconds: float = 60) -> StoreUnavailable:
    database = open_database(url, create=True)
    with pytest.raises(StoreUnavailable) as caught:
        wait_for_server(database, seconds=seconds)
    return caught.value


@pytest.mark.parametrize(
    ("authority", "told"),
    [("db.internal", "IP address mismatch"), ("another.internal", "self-signed certificate")],
)
def test_a_certificate_that_does_not_fit_is_not_waited_for(
    with_tls: MariaDB,
    certificates: Path,
    caplog: pytest.LogCaptureFixture,
    authority: str,
    told: str,
) -> None:
    error = failure(f"{with_tls.url('b')}?ssl_ca={certificates / authority}.pem")
    assert told in str(error)
    assert "write its host in the URL as the certificate does, name the authority" in str(error)
    assert "ssl_check_hostname=false" in str(error)
    assert not caplog.text


def test_the_comparison_of_names_can_be_skipped(with_tls: MariaDB, certificates: Path) -> None:
    options = f"ssl_ca={certificates / 'db.internal.pem'}&ssl_check_hostname=false"
    wait_for_server(open_database(f"{with_tls.url('b')}?{options}", create=True), seconds=60)
    # The certificate is still checked.
    options = f"ssl_ca={certificates / 'another.internal.pem'}&ssl_check_hostname=false"
    assert "self-signed certificate" in str(failure(f"{with_tls.url('b')}?{options}"))


def test_a_server_without_tls_is_told_from_one_that_does_not_run(
    mariadb_url: str, certificates: Path
) -> None:
    error = failure(f"{mariadb_url}?ssl_ca={certificates / 'db.internal.pem'}")
    assert "SSL is required but the server doesn't support it" in str(error)
    assert "leave out the ssl_ options" in str(error)


@pytest.mark.parametrize("option", ["ssl_ca", "ssl_cert", "ssl_key"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, option: str) -> None:
    file = tmp_path / "none.pem"
    with pytest.raises(
        SettingsError, match=f"names “{file}” as {option}, which cannot be read: No"
    ):
        open_database(f"mysql://u:p@h/b?{option}={file}", create=True)


def test_a_file_without_a_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match=r"ca\.pem” as ssl_ca, which holds no certificate"):
        open_database(f"mysql://u:p@h/b?ssl_ca={tmp_path / 'ca.pem'}", create=True)


@pytest.mark.parametrize(
    ("create", "hurry", "limit"),
    [
        (True, False, "CONNECT_SECONDS"),
        (False, False, "CONNECT_SECONDS"),
        (False, True, "VISITOR_SECONDS"),
    ],
)
def test_connecting_has_a_limit_of_its_own(
    silent: str, monkeypatch: pytest.MonkeyPatch, create: bool, hurry: bool, limit: str
) -> None:
    # The other limit would be waited for longer than a test may take.
    monkeypatch.setattr(connect, "CONNECT_SECONDS", 3_600)
    monkeypatch.setattr(connect, "VISITOR_SECONDS", 3_600)
    monkeypatch.setattr(connect, limit, 0.2)
    database = open_database(silent, create=create, hurry=hurry)
    with pytest.raises(StoreUnavailable, match="It accepts connections and does not answer"):
        wait_for_server(database, seconds=0)


def test_a_silent_server_may_be_starting_and_is_waited_for(
    silent: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connect, "CONNECT_SECONDS", 0.05)
    assert "wr0ng-one" not in str(failure(silent, seconds=3))
    assert "does not answer" in caplog.text


def test_once_connected_a_run_waits_longer(mariadb_url: str) -> None:
    database = open_database(mariadb_url, create=True)
    for _ in range(2):
        with database.connect() as connection:
            driver: Any = connection.connection.driver_connection
            limit = driver._read_timeout  # noqa: SLF001  # what the driver goes by
            assert limit == connect.PUBLISHING_SECONDS


def test_an_old_connection_of_a_server_that_hangs_is_given_up_as_fast_as_a_new_one(
    mariadb: MariaDB, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "VISITOR_SECONDS", 0.2)
    # A query would be waited for longer than a test may take.
    monkeypatch.setattr(connect, "READING_SECONDS", 3_600)
    database = open_database(mariadb_url, create=False, hurry=True)
    wait_for_server(database, seconds=0)
    mariadb.pause()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        wait_for_server(database, seconds=0)
    mariadb.resume()
    wait_for_server(database, seconds=60)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1235, "This version of MariaDB doesn't yet support 'GET_LOCK in cluster (WSREP_ON=ON)'"),
        (1105, "Percona-XtraDB-Cluster prohibits use of GET_LOCK with pxc_strict_mode = ENFORCING"),
    ],
)
def test_a_cluster_that_refuses_the_lock_is_refused_with_advice(
    mariadb_url: str, number: int, said: str
) -> None:
    database = open_database(mariadb_url, create=True)

    def refuse(_cursor: object, statement: str, *_: object) -> None:
        if "get_lock" in statement.lower():
            PYMYSQL.err.raise_mysql_exception(
                b"\xff" + number.to_bytes(2, "little") + b"#42000" + said.encode()
            )

    sa.event.listen(database, "do_execute", refuse)
    with pytest.raises(StoreError, match="Publish to a server outside the cluster"):
        preparing(database)


def test_a_closed_tls_handshake_may_be_that_of_a_server_that_starts() -> None:
    error = PYMYSQL.err.OperationalError(2003, "words")
    error.original_exception = ssl.SSLEOFError("closed")
    assert mysql.is_starting(error)
    error.original_exception = ssl.SSLError("WRONG_VERSION_NUMBER")
    assert not mysql.is_starting(error)
    assert "offers TLS at this port" in mysql.reason(error)
