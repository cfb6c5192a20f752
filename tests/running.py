"""Runs what the tests look at: the command as a process, the web application over real HTTP."""

import asyncio
import os
import pty
import shutil
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
import uvicorn

from banners.cli.serve import address, listen
from banners.web.protocol import DeliveryProtocol

COMMAND = Path(sys.executable).with_name("banners")

_START_SECONDS = 60
# They say how to write to a terminal, and are for each test to set.
_ON_TERMINALS = {
    *("TERM", "COLUMNS", "LINES", "COLORTERM"),
    *("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"),
}


def required(*programs: str) -> Path:
    """Find the first program there is: with none, the test is skipped, or in CI fails."""
    found = next(filter(None, map(shutil.which, programs)), None)
    if not found:
        names = ", ".join(programs)
        lacking(f"Found none of {names}. Install what is missing with: make services")
    return Path(found)


def lacking(sentence: str) -> NoReturn:
    """Skip the test for what this machine lacks; in CI, which is to lack nothing, let it fail."""
    if os.environ.get("BANNERS_REQUIRE_SERVICES") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@dataclass(frozen=True)
class Workplace:
    """A folder to work in, with the command ``banners`` and settings of its own."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith("BANNERS_") and name not in _ON_TERMINALS
        }
        return {**kept, **self.variables}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [COMMAND, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start the command; its output and its errors are read as one."""
        return subprocess.Popen(
            [COMMAND, *words],
            cwd=self.folder,
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run_on_terminal(
        self, *words: str, columns: int = 80, term: str = "xterm-256color"
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end on a terminal; its output and its errors are read as one."""
        controller, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (50, columns))
        with subprocess.Popen(
            [COMMAND, *words],
            cwd=self.folder,
            env={**self.environment, "TERM": term},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        ) as running:
            os.close(terminal)
            said = b"".join(_chunks(controller))
        os.close(controller)
        return subprocess.CompletedProcess(words, running.returncode, said.decode())

    @contextmanager
    def serving(self, *words: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
        """Run ``banners serve`` on a free port; give its address and its process."""
        with self.start("serve", "--port", "0", *words) as running:
            assert running.stdout is not None
            said = ""
            for line in running.stdout:
                said += line
                if "Banners is at" in line:
                    break
            address = said.partition("Banners is at ")[2].partition("/ ")[0]
            try:
                # Who asks at once waits for a worker to start, which no later request has to.
                httpx.get(f"{address}/healthz", timeout=_START_SECONDS)
                yield address, running
            finally:
                running.terminate()


def _chunks(controller: int) -> Iterator[bytes]:
    """Read all that is written to a terminal, until nobody has it open any more."""
    # At the end there is no empty read, but a fault.
    with suppress(OSError):
        while chunk := os.read(controller, 65_536):
            yield chunk


@contextmanager
def serving(
    application: Callable[..., Any], protocol: type[asyncio.Protocol] = DeliveryProtocol
) -> Iterator[str]:
    """Serve an application over real HTTP on a free port, as the command does."""
    config = uvicorn.Config(
        application, http=protocol, proxy_headers=False, log_level="warning", ws="none"
    )
    server = uvicorn.Server(config)
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield address(listener).rstrip("/")
        finally:
            server.should_exit = True
            thread.join()
