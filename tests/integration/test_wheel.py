"""The content of the wheel, and that an installation from it works without the repository."""

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from banners.version import __version__
from support.running import Workplace

ROOT = Path(__file__).parents[2]
PAGES = ("/campaigns/1", "/campaigns/1/report", "/campaigns", "/status", "/docs")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Banners unpacked from the wheel; its requirements are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    with ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def elsewhere(installed: Path, tmp_path: Path) -> Workplace:
    """An empty folder, with the command of the installed wheel."""
    workplace = Workplace(tmp_path, {"PYTHONPATH": str(installed)})
    asked = [sys.executable, "-c", "import banners; print(banners.__file__)"]
    used = subprocess.check_output(asked, cwd=tmp_path, env=workplace.environment, text=True)
    assert used.strip() == str(installed / "banners" / "__init__.py")
    return workplace


def test_the_wheel_holds_the_package_its_licence_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        found = set(archive.namelist())
    package = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "banners").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    metadata = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    assert {"banners/py.typed", "banners/crunch/sql/performance.sql"} <= package
    assert found == package | {f"banners-{__version__}.dist-info/{name}" for name in metadata}


def test_the_wheel_and_its_command_have_the_same_version(wheel: Path, elsewhere: Workplace) -> None:
    assert wheel.name == f"banners-{__version__}-py3-none-any.whl"
    assert elsewhere.run("--version").stdout == f"banners, version {__version__}\n"


def test_an_installed_wheel_makes_a_sample_crunches_and_serves_it(elsewhere: Workplace) -> None:
    for words in (("sample", "events", "--impressions", "9000"), ("crunch", "events")):
        ended = elsewhere.run(*words)
        assert ended.returncode == 0, ended.stderr
    with elsewhere.serving() as (address, _):
        pages = [httpx.get(address + path) for path in PAGES]
        assert [page.status_code for page in pages] == [200] * len(PAGES)
        needed = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', "".join(p.text for p in pages)))
        assert len(needed) > len(PAGES)
        assert {httpx.get(address + each).status_code for each in needed} == {200}
