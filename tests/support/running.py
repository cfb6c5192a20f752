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
from banners.web.hot.protocol import DeliveryProtocol
from support import forked

COMMAND = Path(sys.executable).with_name("banners")

_START_SECONDS = 60
_MOST_SECONDS = 120
# These variables decide how output is written to a terminal; each test sets its own.
_ON_TERMINALS = {
    *("TERM", "COLUMNS", "LINES", "COLORTERM"),
    *("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"),
}


def required(*programs: str) -> Path:
    """Return the first program that exists; if none does, skip the test, or fail it in CI."""
    found = next(filter(None, map(shutil.which, programs)), None)
    if not found:
        names = ", ".join(programs)
        lacking(f"Found none of {names}. Install what is missing with: make services")
    return Path(found)


def lacking(sentence: str) -> NoReturn:
    """Skip the test because this machine lacks something; in CI, fail it instead."""
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
        # Tests that are about signing in say so themselves.
        shared = {"BANNERS_SHARED": f"{self.folder / 'shared'}"}
        return {**kept, "BANNERS_OPERATORS": "open", **shared, **self.variables}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end.

        Where variables may change how Python starts, it is run as from a shell.
        """
        if all(name.startswith("BANNERS_") for name in self.variables):
            return forked.run(self.folder, self.environment, words, _MOST_SECONDS)
        return self.run_in_shell(*words)

    def run_in_shell(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end, in a new process of its own."""
        return subprocess.run(
            [COMMAND, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_MOST_SECONDS,
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
        """Run ``banners serve`` on a free port; yield its address and its process."""
        with self.start("serve", "--port", "0", *words) as running:
            assert running.stdout is not None
            said = ""
            for line in running.stdout:
                said += line
                if "Banners is at" in line:
                    break
            address = said.partition("Banners is at ")[2].partition("/ ")[0]
            try:
                # The first request waits for a worker to start; later ones do not.
                httpx.get(f"{address}/healthz", timeout=_START_SECONDS)
                yield address, running
            finally:
                running.terminate()


def _chunks(controller: int) -> Iterator[bytes]:
    """Read everything that is written to a terminal, until no process has it open."""
    # The end is not an empty read but an error.
    with suppress(OSError):
        while chunk := os.read(controller, 65_536):
            yield chunk


@contextmanager
def serving(
    application: Callable[..., Any],
    protocol: type[asyncio.Protocol] = DeliveryProtocol,
    port: int = 0,
) -> Iterator[str]:
    """Serve an application over real HTTP, as the command does; on a free port if none is given."""
    config = uvicorn.Config(
        application, http=protocol, proxy_headers=False, log_level="warning", ws="none"
    )
    server = uvicorn.Server(config)
    with listen("127.0.0.1", port) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield address(listener).rstrip("/")
        finally:
            server.should_exit = True
            thread.join()
