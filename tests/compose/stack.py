"""The services of compose.yaml, to be started, killed and queried by tests."""

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

from compose.engine import HERE, Engine, compose_program, run
from faults.load import Load
from support.servers import free_port

ROOT = HERE.parents[1]
WEB = "banner_web_app"
JOB = "banner_data_initializer"
CAMPAIGNS = range(1, 65)
IN_EVERY_QUARTER = range(1, 51)
QUARTERS = range(1, 5)

Answer = tuple[int, bytes]


@dataclass(frozen=True)
class Stack:
    """A Compose project of the services, with its own volumes and port.

    Args:
        engine: the Docker engine that runs it.
        name: the project's name.
        folder: an empty folder, for its secrets.
        port: the port of its pages.
        settings: variables of the environment in which ``docker compose`` is called.
    """

    engine: Engine
    name: str
    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)

    def write_secrets(self) -> None:
        """Write secrets to use in place of the defaults, as docs/compose.md says."""
        script = ROOT / "docker" / "make_secrets.sh"
        made = run(["sh", str(script), str(self.secrets)], self.engine.environment)
        assert made.returncode == 0, made.stderr

    @property
    def secrets(self) -> Path:
        """The folder of its secrets."""
        return self.folder / "secrets"

    @property
    def passwords(self) -> list[str]:
        """The passwords in its secrets."""
        return [path.read_text().strip() for path in self.secrets.glob("*_password")]

    def compose(self, *words: str, given: str | None = None) -> str:
        """Run ``docker compose``, which must succeed, and return its output."""
        ended = self.engine.compose(
            *self._project(), *words, variables=self._variables(), given=given
        )
        assert ended.returncode == 0, f"{ended.stdout}{ended.stderr}"
        return ended.stdout.strip()

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start ``docker compose``, with its errors in its standard output."""
        return subprocess.Popen(
            [compose_program(), *self._project(), *words],
            env={**self.engine.environment, **self._variables()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def inspect(self, service: str, what: str) -> str:
        """Return a value of the service's container under its name in Docker, such as State.Pid."""
        words = ["inspect", "--format", f"{{{{.{what}}}}}", self.container(service)]
        return self.engine.docker(*words)

    def container(self, service: str) -> str:
        """Return the name of the service's container."""
        return f"{self.name}-{service}-1"

    def kill(self, service: str) -> None:
        """Kill a service from outside the engine, like a crash."""
        os.kill(int(self.inspect(service, "State.Pid")), signal.SIGKILL)

    def get(self, path: str) -> Answer:
        """Request a path and return status and body; raises OSError without an answer."""
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
        """Return the status of a path; 0 without an answer."""
        try:
            return self.get(path)[0]
        except OSError:
            return 0

    def metric(self, name: str, **labels: str) -> float:
        """Return a metric of all workers together; 0 if it has not been counted yet."""
        labelled = ",".join(f'{label}="{text}"' for label, text in labels.items())
        line = f"{name}{{{labelled}}}" if labels else name
        told = self.get("/metrics")[1].decode()
        found = re.search(f"^{re.escape(line)} (.+)$", told, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def generations(self) -> dict[int, int]:
        """Return the lowest generation that a worker serves, for each quarter."""
        return {q: int(self.metric("banners_generation", quarter=str(q))) for q in QUARTERS}

    def out_of_reach(self) -> set[str]:
        """Return the services that at least one worker cannot reach."""
        told = {"mysql": "banners_stale", "redis": "banners_redis_down"}
        return {service for service, metric in told.items() if self.metric(metric)}

    def stressed(self) -> dict[str, Any]:
        """Run the stress test in the web application's container, and return its outcome."""
        told = self.compose("exec", "-T", WEB, "python", "stress_test.py", "--json")
        outcome: dict[str, Any] = json.loads(told)
        return outcome

    def result(self, *, numbered: bool = True) -> dict[str, Any]:
        """Return everything that is served: each campaign's lineup in each quarter, and all images.

        Args:
            numbered: whether to include the number of the generation.
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
        """Send requests of two visitors without pause, until a while after the end of the block."""
        forms = ("/campaigns/{}", "/api/v1/campaigns/{}/banners", "/api/v1/campaigns/{}?quarter=1")
        paths = [form.format(each) for each in IN_EVERY_QUARTER for form in forms]
        # Without keep-alive, so that each request may reach another worker.
        with Load(f"http://127.0.0.1:{self.port}", paths, visitors=2, keep_alive=False) as load:
            load.go_on()
            yield load
            load.go_on()

    def down(self) -> None:
        """Remove the services and their volumes."""
        self.compose("down", "--volumes", "--remove-orphans")

    def _project(self) -> list[str]:
        files = [ROOT / "compose.yaml", HERE / "compose.test.yaml"]
        return ["--project-name", self.name, *(f"--file={path}" for path in files)]

    def _variables(self) -> dict[str, str]:
        return {
            "BANNERS_OPERATORS": "open",  # unless a test is about signing in
            **self.settings,
            "PORT": str(self.port),
            "SECRETS_FOLDER": str(self.secrets),
        }
