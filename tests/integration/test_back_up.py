"""The commands to back up and restore in the documentation, run as they are written."""

import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from banners.core.views import Traffic
from reference.closing import Seen
from support.closings import keep
from support.event_logs import ended_slot, files_in, views_of
from support.running import Workplace, required
from support.servers import MariaDB

DOCS = Path(__file__).parents[2] / "docs"
COMPOSE = (DOCS / "compose.md").read_text(encoding="utf-8")
SECTION = (
    (DOCS / "database.md")
    .read_text(encoding="utf-8")
    .partition("## Back up and restore\n")[2]
    .partition("\n## ")[0]
)
BACK_UP, RESTORE = re.findall(r"^```\n(.+?)^```$", SECTION, re.DOTALL | re.MULTILINE)
SECRET = "never-shared"  # noqa: S105  # of a file that exists only during the tests


@pytest.fixture
def installation(workplace: Workplace, published: Workplace) -> Workplace:
    """A folder in which Banners has run, with the keys that it makes."""
    var = workplace.folder / "var"
    shutil.copytree(published.folder / "var", var)
    (var / "rejects").mkdir(exist_ok=True)
    (var / "rejects" / "large.csv").write_text("x" * 1_000)
    for name in ("session_key", "operator_password"):
        (var / name).write_text(f"{SECRET}\n")
        (var / name).chmod(0o600)
    return workplace


@pytest.fixture
def home(installation: Workplace, mariadb: MariaDB) -> Iterator[Path]:
    """A home in which MariaDB's clients find their server and the database of the document."""
    required("mariadb-dump")
    with mariadb.database("banners") as url:
        address = sa.make_url(url)
        options = {"host": address.host, "port": address.port, "user": address.username}
        lines = [f"{name}={value}\n" for name, value in options.items()]
        text = f"[client]\n{''.join(lines)}password={address.password}\n"
        folder = installation.folder / "home"
        folder.mkdir()
        (folder / ".my.cnf").write_text(text)
        installation.variables["BANNERS_DATABASE_URL"] = url
        installation.variables["HOME"] = str(folder)
        yield folder


def run(installation: Workplace, commands: str, without: str) -> None:
    """Run the lines of a block, except those for the other database."""
    lines = [line for line in commands.splitlines() if not line.startswith(without)]
    ended = subprocess.run(
        [required("bash"), "-euo", "pipefail", "-c", "\n".join(lines)],
        cwd=installation.folder,
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def shown(installation: Workplace) -> dict[str, object]:
    """Read what is published for a campaign, and which images are there."""
    ended = installation.run("show", "27", "--quarter", "1", "--json")
    assert ended.returncode == 0, ended.stderr
    images = (installation.folder / "var" / "images").iterdir()
    return {**json.loads(ended.stdout), "images": {path.name: path.read_bytes() for path in images}}


def test_a_database_of_sqlite_images_and_keys_are_restored(installation: Workplace) -> None:
    required("sqlite3")
    before = shown(installation)
    run(installation, BACK_UP, without="mariadb")
    shutil.rmtree(installation.folder / "var")
    run(installation, RESTORE, without="mariadb")
    assert shown(installation) == before
    for name in ("session_key", "operator_password"):
        restored = installation.folder / "var" / name
        assert restored.read_text() == f"{SECRET}\n"
        assert restored.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("home")
def test_a_database_of_mariadb_is_restored(
    installation: Workplace, published: Workplace, mariadb: MariaDB
) -> None:
    events = str(published.folder / "events")
    assert installation.run("crunch", events, "--quarter", "1").returncode == 0
    before = shown(installation)
    run(installation, BACK_UP, without="sqlite3")
    mariadb.execute("DROP DATABASE banners")
    mariadb.execute("CREATE DATABASE banners")
    run(installation, RESTORE, without="mv")
    assert shown(installation) == before


def test_only_their_owner_can_read_the_copies(installation: Workplace) -> None:
    required("sqlite3")
    run(installation, BACK_UP, without="mariadb")
    copies = [installation.folder / name for name in ("banners-copy.db", "banners-files.tar.gz")]
    assert [path.stat().st_mode & 0o777 for path in copies] == [0o600, 0o600]


def test_the_copy_has_neither_the_database_in_use_nor_rejected_rows(
    installation: Workplace,
) -> None:
    run(installation, BACK_UP, without="mariadb")
    with tarfile.open(installation.folder / "banners-files.tar.gz") as archive:
        names = archive.getnames()
    assert {"var/session_key", "var/operator_password"} <= set(names)
    assert [name for name in names if "banners.db" in name or "rejects" in name] == []


def test_what_a_copy_of_the_event_log_lacks_is_made_again(tmp_path: Path) -> None:
    """The commands for a volume of events, and no more than segments in the copy."""
    ((begin, end),) = re.findall(r"banner_loop (tar -C )/live( --exclude=closing .+ \.) >", COMPOSE)
    events, restored, slot = tmp_path / "events", tmp_path / "restored", ended_slot()
    keep(events, [Seen(view, Traffic.CLEAN) for view in views_of(slot)], slot)
    variables = {"BANNERS_EVENTS": "events", "BANNERS_DATABASE_URL": "sqlite:///banners.db"}
    workplace = Workplace(tmp_path, variables)
    assert workplace.run("close").returncode == 0
    before = files_in(events)
    restored.mkdir()
    words = f"{begin}events{end} | tar -C restored -xf -"
    subprocess.run([required("sh"), "-ec", words], cwd=tmp_path, check=True)
    for name in ("1", "2", "3", "4", "closed", "performance"):
        shutil.rmtree(restored / name, ignore_errors=True)
    elsewhere = {"BANNERS_EVENTS": "restored", "BANNERS_DATABASE_URL": "sqlite:///other.db"}
    assert Workplace(tmp_path, elsewhere).run("close").returncode == 0
    assert files_in(restored) == before
    assert any("414,54," in text for text in before.values())
