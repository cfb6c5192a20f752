"""The accounts that compose.yaml gives the database, made by its script on a real server."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from banners.catalogue.versions import Edit
from banners.core.images import Size
from banners.core.model import Quarter
from banners.images.store import UploadedImage
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import LOOP_QUARTERS, METADATA
from banners.wiring import catalogue, catalogue_writer, image_store
from banners.wiring.rollbacks import PageRollbacks
from support.catalogues import campaign
from support.image_files import file_of
from support.publishing import publish
from support.running import required
from support.servers import PASSWORD, MariaDB, mariadb

SCRIPT = Path(__file__).parents[2] / "docker" / "mysql" / "accounts.sh"
(CATALOGUE,) = (
    words.split()
    for words in re.findall(r'^\w+="(\w+ .+)"$', SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
)
POINTERS = ["active_generations", "held_quarters"]
RESULTS = [name for name in METADATA.tables if name not in {*CATALOGUE, *POINTERS}]
DATABASE = "banners"
IMAGE = UploadedImage(Size(40, 30), file_of("PNG"))
OF_WEB = 'it\'s \\ a "secret"'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A server as an earlier release made it, with a generation, on which the script has run."""
    with mariadb() as server:
        server.execute(f"ALTER USER root@localhost IDENTIFIED BY '{PASSWORD}'")
        server.execute(f"CREATE DATABASE {DATABASE}")
        publish(open_database(server.url(DATABASE), create=True), 100, Quarter.FIRST)
        for name in CATALOGUE:
            server.execute(f"DROP TABLE IF EXISTS {DATABASE}.{name}")
        ended = run_script(server, secrets(tmp_path_factory.mktemp("secrets")))
        assert ended.returncode == 0, ended.stderr
        yield server


@pytest.fixture
def web(server: MariaDB) -> Iterator[sa.Engine]:
    """The database, as the web application logs in to it."""
    opened = open_database(url_of(server, "banners_web", OF_WEB), create=False)
    yield opened
    opened.dispose()


def secrets(
    folder: Path, *, root: str = "r00t", job: str = PASSWORD, web: str = OF_WEB + "\n"
) -> Path:
    """Write the secret files."""
    named = {"database_root_password": root, "database_password": job, "web_database_password": web}
    for name, password in named.items():
        (folder / name).write_text(password)
    return folder


def run_script(
    server: MariaDB, secrets: Path, database: str = DATABASE
) -> "subprocess.CompletedProcess[str]":
    """Run the script as in the database's container."""
    required("mariadb")
    return subprocess.run(
        [SCRIPT],
        env={
            "PATH": "/usr/bin:/bin",
            "SECRETS_FOLDER": str(secrets),
            "MARIADB_DATABASE": database,
            "SOCKET": str(server.socket),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def url_of(server: MariaDB, user: str, password: str, database: str = DATABASE) -> str:
    return f"mysql+pymysql://{user}:{quote(password, safe='')}@127.0.0.1:{server.port}/{database}"


def as_root(server: MariaDB, password: str, statement: str = "SELECT 1") -> bool:
    """Run a statement as root, and return whether that succeeded."""
    words: list[str | Path] = [
        required("mariadb"),
        "--no-defaults",
        "--protocol=socket",
        "--user=root",
    ]
    tried = subprocess.run(
        [*words, f"--password={password}", f"--socket={server.socket}", f"--execute={statement}"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


def test_the_web_application_reads_what_is_published(web: sa.Engine) -> None:
    assert set(DatabaseReader(web).active()) == {Quarter.FIRST}


@pytest.mark.parametrize("table", RESULTS)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {table} SELECT * FROM {table}",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "ALTER TABLE {table} ADD COLUMN more INT",
        "DROP TABLE {table}",
        "LOCK TABLES {table} WRITE",
        "UPDATE {table} SET {column} = {column}",
    ],
)
def test_the_web_application_cannot_change_what_is_published(
    web: sa.Engine, table: str, statement: str
) -> None:
    column = METADATA.tables[table].columns.values()[0].name
    words = statement.format(table=table, column=column)
    with web.connect() as connection, pytest.raises(exc.OperationalError, match="denied"):
        connection.exec_driver_sql(words)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE other (id INT)",
        "CREATE USER somebody",
        "SELECT * FROM mysql.global_priv",
        "SELECT 1 INTO OUTFILE '/tmp/written'",
        "SELECT LOAD_FILE('/etc/passwd') FROM mysql.user",
        "GRANT INSERT ON lineups TO banners_web@'%%'",
        "SET GLOBAL max_connections = 1",
        "DROP DATABASE banners",
        "DELETE FROM active_generations",
        "INSERT INTO active_generations VALUES (2, 1)",
        "DROP TABLE active_generations",
        "DROP TABLE held_quarters",
    ],
)
def test_the_web_application_has_no_other_rights(web: sa.Engine, statement: str) -> None:
    with web.connect() as connection, pytest.raises(exc.OperationalError, match="denied"):
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("table", CATALOGUE)
def test_the_web_application_makes_and_writes_the_tables_of_the_catalogue(
    web: sa.Engine, server: MariaDB, table: str
) -> None:
    with web.begin() as connection:
        for statement in (
            "CREATE TABLE {table} (id INT PRIMARY KEY, number INT)",
            "INSERT INTO {table} VALUES (1, 1)",
            "UPDATE {table} SET number = 2",
            "ALTER TABLE {table} ADD COLUMN more INT",
            "CREATE INDEX numbers ON {table} (number)",
            "DELETE FROM {table}",
        ):
            connection.exec_driver_sql(statement.format(table=table))
        with pytest.raises(exc.OperationalError, match="denied"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    server.execute(f"DROP TABLE {DATABASE}.{table}")


def test_the_web_application_rolls_back_to_what_is_published_and_to_nothing_else(
    server: MariaDB, web: sa.Engine
) -> None:
    job = open_database(server.url(DATABASE), create=True)
    publish(job, 200, Quarter.FIRST)
    with job.begin() as connection:
        values = {"quarter": 1, "slot": 5, "events": "live", "published_at": "", "seconds": 1}
        connection.execute(sa.insert(LOOP_QUARTERS).values(values))
    job.dispose()
    settings = load_settings(
        {"database_url": web.url.render_as_string(hide_password=False)}, environment={}
    )
    rollbacks = PageRollbacks(settings, lambda: None)
    assert rollbacks.roll_back([Quarter.FIRST], 1) == {Quarter.FIRST: (2, 1)}
    assert rollbacks.roll_back([Quarter.FIRST], 2, undoes=1) == {Quarter.FIRST: (1, 2)}
    rollbacks.roll_back([Quarter.FIRST], 1)
    rollbacks.release([Quarter.FIRST])
    with web.connect() as connection, pytest.raises(exc.IntegrityError, match="foreign key"):
        connection.exec_driver_sql("UPDATE active_generations SET generation = 77")


def test_the_web_application_keeps_a_catalogue_and_images_before_the_first_crunch(
    server: MariaDB, tmp_path: Path
) -> None:
    """Every kind of change is allowed, and the job then makes its tables beside those."""
    server.execute("CREATE DATABASE fresh")
    assert run_script(server, secrets(tmp_path), "fresh").returncode == 0
    url = url_of(server, "banners_web", OF_WEB, "fresh")
    settings = load_settings({"database_url": url, "uploads": "database"}, environment={})
    with closing(catalogue_writer(settings)) as writer, closing(image_store(settings)) as images:
        made = writer.replace([campaign(7, 1)], by="ada", what="Imported")
        edit = Edit.of_campaign(campaign(7, name="Renamed"))
        assert made
        edited = writer.edit([edit], seen=made.version.number, by="ada")
        writer.undo(edited.version.number, by="ada")
        writer.roll_back(edited.version.number, by="ada")
        images.write(IMAGE)
        assert images.read(IMAGE.digest) == IMAGE.content
        publish(open_database(server.url("fresh"), create=True), 100, Quarter.FIRST)
        writer.roll_back(made.version.number, by="ada")
    with closing(catalogue(settings)) as reader:
        version = reader.in_force()
        assert version
        assert [each.name for each in reader.campaigns(version)] == ["Campaign no. 7"]


def test_root_has_a_password_of_its_own(server: MariaDB) -> None:
    assert as_root(server, "r00t")
    assert not as_root(server, PASSWORD)


def test_changed_secrets_are_in_force_after_the_script_has_run_again(
    server: MariaDB, web: sa.Engine, tmp_path: Path
) -> None:
    with web.connect():
        assert run_script(server, secrets(tmp_path, web="changed")).returncode == 0
    changed = open_database(url_of(server, "banners_web", "changed"), create=False)
    assert set(DatabaseReader(changed).active()) == {Quarter.FIRST}
    changed.dispose()
    assert run_script(server, secrets(tmp_path)).returncode == 0


def test_a_wrong_password_of_root_changes_nothing_and_is_explained(
    server: MariaDB, tmp_path: Path
) -> None:
    ended = run_script(server, secrets(tmp_path, root="wr0ng-one", job="wr0ng-too"))
    assert ended.returncode == 1
    assert "database_root_password: ERROR 1045 (28000): Access denied" in ended.stderr
    assert "wr0ng" not in ended.stdout + ended.stderr
    assert as_root(server, "r00t")


def test_a_failure_shows_no_password(server: MariaDB, tmp_path: Path) -> None:
    assert as_root(server, "r00t", "RENAME USER banners@'%' TO somebody@'%'")
    ended = run_script(server, secrets(tmp_path))
    assert as_root(server, "r00t", "RENAME USER somebody@'%' TO banners@'%'")
    assert ended.returncode == 1
    assert "ALTER USER failed for 'banners'@'%'" in ended.stderr
    assert PASSWORD not in ended.stdout + ended.stderr


def test_every_table_of_the_catalogue_is_named_in_the_script() -> None:
    assert {name for name in METADATA.tables if name.startswith("catalogue_")} == set(CATALOGUE)


def test_the_rights_are_documented_for_other_servers() -> None:
    page = (SCRIPT.parents[2] / "docs" / "database.md").read_text(encoding="utf-8")
    assert re.findall(r"ON banners\.(\w+) TO 'web'", page) == [*CATALOGUE, *POINTERS]
    documented = set(re.findall(r"GRANT (.+) ON banners\.\w+ TO 'web'", page))
    granted = re.findall(
        r"GRANT (.+) ON .*\.(?:\$table|\w+) TO", SCRIPT.read_text(encoding="utf-8")
    )
    assert documented == set(granted)
