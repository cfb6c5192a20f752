"""The services of compose.yaml, started, killed and asked as a test wants it."""

import http.client
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compose.engine import HERE, Engine, compose_program
from faults.load import Load
from servers import free_port

ROOT = HERE.parents[1]
WEB = "banner_web_app"
JOB = "banner_data_initializer"
PASSWORD = "tell-nobody"  # noqa: S105  # of a database that lives as long as the tests
CAMPAIGNS = range(1, 65)
IN_EVERY_QUARTER = range(1, 51)
QUARTERS = range(1, 5)

Answer = tuple[int, bytes]


@dataclass(frozen=True)
class Stack:
    """A project of the services, with volumes and a port of its own.

    Args:
        engine: what runs it.
        name: the project's name.
        folder: an empty folder, for its secrets.
        port: where its pages are.
        settings: variables of the environment in which ``docker compose`` is called.
    """

    engine: Engine
    name: str
    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)

    def write_secrets(self) -> None:
        """Write secrets of its own, where the defaults would do as well."""
        (self.folder / "password").write_text(PASSWORD + "\n")
        url = f"mysql+pymysql://banners:{PASSWORD}@mysql:3306/banners\n"
        (self.folder / "url").write_text(url)

    def compose(self, *words: str, given: str | None = None) -> str:
        """Run ``docker compose``, which is to succeed, and give what it wrote."""
        ended = self.engine.compose(
            *self._project(), *words, variables=self._variables(), given=given
        )
        assert ended.returncode == 0, f"{ended.stdout}{ended.stderr}"
        return ended.stdout.strip()

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start ``docker compose``; its output and its errors are read as one."""
        return subprocess.Popen(
            [compose_program(), *self._project(), *words],
            env={**self.engine.environment, **self._variables()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def inspect(self, service: str, what: str) -> str:
        """Tell something of the service's container, in Docker's own words, such as State.Pid."""
        container = f"{self.name}-{service}-1"
        return self.engine.docker("inspect", "--format", f"{{{{.{what}}}}}", container)

    def kill(self, service: str) -> None:
        """End it from outside of the engine, as a crash would."""
        os.kill(int(self.inspect(service, "State.Pid")), signal.SIGKILL)

    def get(self, path: str) -> Answer:
        """Ask for an address; raises OSError where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def status(self, path: str) -> int:
        """Tell an address's status; 0 where nobody answers."""
        try:
            return self.get(path)[0]
        except OSError:
            return 0

    def metric(self, name: str, **labels: str) -> float:
        """Read a figure of all workers together; 0 for what has not been counted yet."""
        labelled = ",".join(f'{label}="{text}"' for label, text in labels.items())
        line = f"{name}{{{labelled}}}" if labels else name
        told = self.get("/metrics")[1].decode()
        found = re.search(f"^{re.escape(line)} (.+)$", told, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def generations(self) -> dict[int, int]:
        """Tell which generation every worker serves, or a newer one, in each quarter."""
        return {q: int(self.metric("banners_generation", quarter=str(q))) for q in QUARTERS}

    def out_of_reach(self) -> set[str]:
        """Name the services that some worker says it cannot reach."""
        told = {"mysql": "banners_stale", "redis": "banners_redis_down"}
        return {service for service, metric in told.items() if self.metric(metric)}

    def stressed(self) -> dict[str, Any]:
        """Run the stress test beside the web application; no answer may be wrong."""
        told = self.compose("exec", "-T", WEB, "python", "stress_test.py", "--json")
        outcome: dict[str, Any] = json.loads(told)
        return outcome

    def result(self, *, numbered: bool = True) -> dict[str, Any]:
        """Read all that is served: each campaign's lineup in each quarter, and all their pictures.

        Args:
            numbered: whether with the generation's number.
        """
        paths = [f"/api/v1/campaigns/{each}?quarter={q}" for q in QUARTERS for each in CAMPAIGNS]
        read = {path: json.loads(self.get(path)[1]) for path in paths}
        if not numbered:
            for answer in read.values():
                answer.pop("generation", None)
        shown = {each["image"] for answer in read.values() for each in answer.get("lineup", ())}
        return {**read, **{image: self.get(image)[1] for image in sorted(shown)}}

    @contextmanager
    def load(self) -> Iterator[Load]:
        """Let two visitors ask without a pause, until a while after the end of the block."""
        forms = ("/campaigns/{}", "/api/v1/campaigns/{}/banners", "/api/v1/campaigns/{}?quarter=1")
        paths = [form.format(each) for each in IN_EVERY_QUARTER for form in forms]
        # Each request may be answered by another worker.
        with Load(f"http://127.0.0.1:{self.port}", paths, visitors=2, keep_alive=False) as load:
            load.go_on()
            yield load
            load.go_on()

    def down(self) -> None:
        """Remove all of it."""
        self.compose("down", "--volumes", "--remove-orphans")

    def _project(self) -> list[str]:
        files = [ROOT / "compose.yaml", HERE / "compose.test.yaml"]
        return ["--project-name", self.name, *(f"--file={path}" for path in files)]

    def _variables(self) -> dict[str, str]:
        return {
            **self.settings,
            "PORT": str(self.port),
            "DATABASE_PASSWORD_FILE": str(self.folder / "password"),
            "BANNERS_DATABASE_URL_FILE": str(self.folder / "url"),
        }
