"""The set-up installs the pinned versions, whatever newer ones the package index offers.

An index of tiny stand-ins takes the place of the real one, so that nothing is downloaded.
"""

import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.running import required

ROOT = Path(__file__).parents[2]
PARTS = ("dev", "bench", "fuzz", "mutants", "compose")
FILES = [ROOT / "requirements" / f"{name}.txt" for name in ("run", "build", *PARTS)]
NEWER = "9999"
VERSION = distribution("banners").version
# As compile.py writes it: the requirement, its marker if there is one, and its hashes.
PIN = re.compile(r"^([\w.-]+)==(\S+)( ; [^\\\n]+)?(?: \\\n +--hash=\S+)+", re.MULTILINE)

# What the stand-in for hatchling does: hand out a wheel of Banners that is already built.
BACKEND = """\
import shutil

def build_editable(folder, config_settings=None, metadata_directory=None):
    return shutil.copy({wheel!r}, folder).rpartition("/")[2]
"""


def make_wheel(folder: Path, name: str, version: str, modules: dict[str, str]) -> Path:
    """Make a wheel that requires what the installed distribution of that name requires."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    try:
        installed = distribution(name).read_text("METADATA") or ""
        metadata = re.sub(r"(?m)^Version: .*", f"Version: {version}", installed, count=1)
    except PackageNotFoundError:
        pass  # it is not for this platform, or not needed by the tests
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    contents = {
        **modules,
        f"{stem}.dist-info/METADATA": metadata,
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    contents[f"{stem}.dist-info/RECORD"] = "".join(f"{file},,\n" for file in contents)
    wheel = folder / f"{stem}-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for file, content in contents.items():
            archive.writestr(ZipInfo(file), content)  # without a time: the same hash each time
    return wheel


def pinned() -> dict[str, str]:
    """Read the pins that are for this platform and this Python."""
    pins: dict[str, str] = {}
    for file in FILES:
        for name, version, marker in PIN.findall(file.read_text(encoding="utf-8")):
            requirement = Requirement(f"{name}=={version}{marker}")
            if requirement.marker is None or requirement.marker.evaluate():
                pins[canonicalize_name(name)] = version
    return pins


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index that offers a stand-in for every pin, and a newer version of each."""
    folder = tmp_path / "index"
    folder.mkdir()
    banners = make_wheel(tmp_path, "banners", VERSION, {})
    backend = {"hatchling/build.py": BACKEND.format(wheel=str(banners))}
    for file in FILES:
        for name, version, _ in PIN.findall(file.read_text(encoding="utf-8")):
            for offered in (version, NEWER):
                make_wheel(folder, name, offered, backend if name == "hatchling" else {})
    return folder


@pytest.fixture
def clone(tmp_path: Path, index: Path) -> Path:
    """What the set-up reads of a clone, with the hashes of the stand-ins."""
    folder = tmp_path / "clone"
    (folder / "requirements").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)

    def with_hash(pin: re.Match[str]) -> str:
        name, version, marker = pin.groups(default="")
        (wheel,) = index.glob(f"{canonicalize_name(name).replace('-', '_')}-{version}-*.whl")
        return f"{name}=={version}{marker} --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}"

    for file in FILES:
        text = PIN.sub(with_hash, file.read_text(encoding="utf-8"))
        (folder / "requirements" / file.name).write_text(text, encoding="utf-8")
    return folder


def test_newer_versions_on_the_index_change_nothing(clone: Path, index: Path) -> None:
    others = ("PIP_", "PYTHON", "MAKE", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    environment |= {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
    }
    ended = subprocess.run(
        [required("make"), f"PYTHON={sys.executable}", *(f".venv/{part}.stamp" for part in PARTS)],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    frozen = subprocess.check_output(
        [clone / ".venv/bin/python", "-m", "pip", "freeze"], env=environment, text=True
    )
    installed = re.findall(r"(?m)^([\w.-]+)==(\S+)$", frozen)
    assert {canonicalize_name(name): version for name, version in installed} == pinned()
