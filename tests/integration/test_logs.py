"""``banners serve`` with JSON logs: one JSON object on each line, and nothing else."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from support.running import Workplace
from support.servers import MariaDB, until

AS_JSON = {"BANNERS_LOG_FORMAT": "json"}
EVERYWHERE = {"1": 1, "2": 1, "3": 1, "4": 1}

Line = Mapping[str, Any]


@pytest.fixture
def logging_json(published: Workplace, workplace: Workplace) -> Workplace:
    """What is published, in a folder where a test may change it."""
    shutil.copytree(published.folder, workplace.folder, dirs_exist_ok=True)
    workplace.variables.update(AS_JSON)
    return workplace


def rest(running: "subprocess.Popen[str]") -> list[Line]:
    """Stop the server, and read each line that it has written since it printed its address."""
    running.terminate()
    said, _ = running.communicate()
    return [json.loads(line) for line in said.splitlines()]


def messages(lines: list[Line]) -> list[str]:
    return [line["message"] for line in lines]


def generation(address: str) -> int:
    served = httpx.get(f"{address}/readyz").json()["generations"]
    return int(min(served.values(), default=0))


@pytest.mark.parametrize("workers", [1, 2])
def test_each_line_is_an_object_with_the_generations(logging_json: Workplace, workers: int) -> None:
    serving = "Serving generation 1 in quarters 1, 2, 3 and 4."
    with logging_json.serving("--workers", str(workers)) as (_, running):
        assert running.stdout is not None
        said: list[str] = []
        while not all(
            sum(told in line for line in said) == workers
            for told in (serving, "Application startup complete")
        ):
            said.append(running.stdout.readline())
        lines = [json.loads(line) for line in said] + rest(running)
    for line in lines:
        assert {"level", "logger", "message", "timestamp", "generations"} <= set(line)
        assert set(line) <= {"level", "logger", "message", "timestamp", "generations", "taskName"}
    assert [line["generations"] for line in lines if line["message"] == serving] == [
        EVERYWHERE
    ] * workers
    for told in ("Started server process", "Application startup complete"):
        assert sum(message.startswith(told) for message in messages(lines)) == workers
    # Not how they finish: one that is stopped in the moment before it serves is killed.


def test_the_first_line_is_an_object_too(logging_json: Workplace) -> None:
    with logging_json.start("serve", "--port", "0") as running:
        assert running.stdout is not None
        first = json.loads(running.stdout.readline())
        running.terminate()
    assert first["message"].startswith("Banners is at http://127.0.0.1:")
    assert (first["level"], first["generations"]) == ("INFO", {})


def test_a_new_generation_is_logged(logging_json: Workplace) -> None:
    with logging_json.serving() as (address, running):
        until(lambda: generation(address) == 1)
        assert logging_json.run("crunch", "events", "--quarter", "2").returncode == 0
        until(lambda: httpx.get(f"{address}/readyz").json()["generations"]["2"] == 2)
        lines = rest(running)
    (told,) = [line for line in lines if "generation 2" in line["message"]]
    assert told["message"] == (
        "Serving generation 1 in quarters 1, 3 and 4, generation 2 in quarter 2."
    )
    assert told["generations"] == {**EVERYWHERE, "2": 2}


def test_a_database_out_of_reach_is_a_warning_that_keeps_the_secret(
    workplace: Workplace, mariadb: MariaDB
) -> None:
    mariadb.start()
    url = mariadb.url("any", password="wr0ng-one")  # noqa: S106  # of no account
    workplace.variables.update(AS_JSON, BANNERS_DATABASE_URL=url)
    with workplace.start("serve", "--port", "0") as running:
        assert running.stdout is not None
        said = [running.stdout.readline(), running.stdout.readline()]
        while "Nothing is shown until" not in said[-1]:
            said.append(running.stdout.readline())
        running.terminate()
        said += running.stdout.readlines()
    lines = [json.loads(line) for line in said]
    (warning,) = [line for line in lines if line["level"] == "WARNING"]
    assert "Access denied" in warning["message"]
    assert "banners:***@127.0.0.1" in warning["message"]
    assert "wr0ng-one" not in "".join(said)


def test_a_fault_and_a_library_s_warning_are_one_line_each(workplace: Workplace) -> None:
    script = """if True:
        import logging, warnings
        from banners import logs

        logs.configure("json")
        warnings.warn("Old ways.")
        try:
            {}["key"]
        except KeyError:
            logging.getLogger("any").exception("It broke.")
    """
    ended = subprocess.run(
        [sys.executable, "-W", "default", "-c", script],
        cwd=workplace.folder,
        capture_output=True,
        check=True,
    )
    warning, fault = map(json.loads, ended.stderr.splitlines())
    assert (warning["level"], warning["logger"]) == ("WARNING", "py.warnings")
    assert "Old ways." in warning["message"]
    assert (fault["level"], fault["message"]) == ("ERROR", "It broke.")
    assert fault["exc_info"].startswith("Traceback")
    assert fault["exc_info"].endswith("KeyError: 'key'")
