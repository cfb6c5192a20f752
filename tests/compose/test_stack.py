"""The stack serves, whatever is started first, killed, stopped or rebuilt."""

import json
import os
import re
import signal
from dataclasses import replace
from http import HTTPStatus

import pytest

from banners.store.schema import METADATA
from compose.conftest import NewStack
from compose.stack import IN_EVERY_QUARTER, JOB, ROOT, WEB, Stack
from support.catalogues import files
from support.servers import until

pytestmark = pytest.mark.compose

WITHOUT_THE_JOB = ("--scale", f"{JOB}=0")
ONE_QUARTER = ("crunch", "/events", "--quarter", "1")


def with_duckdb(stack: Stack) -> Stack:
    """Return the stack with the faster engine, for tests that need no particular one."""
    return replace(stack, settings={"BANNERS_ENGINE": "duckdb"})


def test_one_command_ends_with_pages_and_their_images(built: Stack) -> None:
    assert built.status("/campaigns/27") == HTTPStatus.OK
    assert built.status("/") == HTTPStatus.OK
    answers = built.result()
    kinds = {answer[:4] for path, answer in answers.items() if path.startswith("/static")}
    assert kinds == {b"\x89PNG"}
    assert built.inspect(JOB, "State.ExitCode") == "0"


@pytest.mark.usefixtures("built")
def test_services_started_in_the_wrong_order_recover(new_stack: NewStack) -> None:
    stack = new_stack("backwards")
    stack.compose("up", "--detach", "--no-deps", WEB)
    until(lambda: stack.status("/healthz") == HTTPStatus.OK)
    assert stack.status("/campaigns/27") == HTTPStatus.SERVICE_UNAVAILABLE
    stack.compose("up", "--detach", "--no-deps", "redis")
    stack.compose("up", "--detach", "--wait", "--no-deps", "mysql")
    assert stack.status("/campaigns/27") == HTTPStatus.SERVICE_UNAVAILABLE
    with_duckdb(stack).compose("run", "--rm", "-T", JOB, *ONE_QUARTER)
    until(lambda: stack.status("/readyz") == HTTPStatus.OK)
    assert stack.status("/api/v1/campaigns/27?quarter=1") == HTTPStatus.OK
    stack.down()


def come_back(stack: Stack, service: str) -> None:
    """Kill a service, and wait until Docker has started it again."""
    started = stack.inspect(service, "State.StartedAt")
    stack.kill(service)
    until(lambda: stack.inspect(service, "State.StartedAt") != started)
    until(lambda: stack.inspect(service, "State.Health.Status") == "healthy")


@pytest.mark.parametrize("service", ["redis", "mysql"])
def test_visitors_do_not_notice_that_redis_or_the_database_is_killed(
    stack: Stack, service: str
) -> None:
    before = stack.result()
    with stack.load() as load:
        come_back(stack, service)
    assert load.failed == []
    assert stack.result() == before
    until(lambda: not stack.out_of_reach())


def test_visitors_do_not_notice_that_redis_and_the_database_are_stopped(stack: Stack) -> None:
    before = stack.result()
    with stack.load() as load:
        stack.compose("stop", "redis", "mysql")
        until(lambda: "mysql" in stack.out_of_reach())
        assert stack.result() == before
        load.go_on()
        stack.compose("start", "redis", "mysql")
        until(lambda: not stack.out_of_reach())
    assert load.failed == []
    assert stack.result() == before


def test_a_web_application_killed_under_load_restarts_by_itself(stack: Stack) -> None:
    before = stack.result()
    with stack.load() as load:
        come_back(stack, WEB)
    # It refuses connections until it has restarted and loaded everything; it sends no error.
    assert {answer.status for answer in load.failed} == {0}
    assert stack.result() == before


def test_a_job_killed_under_load_changes_nothing_and_the_next_one_publishes(
    stack: Stack,
) -> None:
    generation, before = stack.generations()[1], stack.result(numbered=False)
    with stack.load() as load:
        with stack.start("run", "--rm", "-T", "--name", "killed", JOB, *ONE_QUARTER) as job:
            assert job.stdout
            assert any("quarter 1: crunching" in line for line in job.stdout)
            pid = stack.engine.docker("inspect", "--format", "{{.State.Pid}}", "killed")
            os.kill(int(pid), signal.SIGKILL)
            assert "quarter 1: done" not in job.stdout.read()
        assert job.returncode == 128 + signal.SIGKILL
        assert stack.generations()[1] == generation
        load.go_on()
        stack.compose("run", "--rm", "-T", JOB, *ONE_QUARTER)
        until(lambda: stack.generations()[1] > generation)
    assert load.failed == []
    assert stack.result(numbered=False) == before


def test_publishing_and_rolling_back_fail_no_request(stack: Stack) -> None:
    old, before = stack.generations(), stack.result()
    with stack.load() as load:
        with with_duckdb(stack).start("run", "--rm", "-T", JOB) as job:
            while job.poll() is None:
                assert stack.stressed()["failed"] == 0
        assert job.returncode == 0
        until(lambda: all(new > old[quarter] for quarter, new in stack.generations().items()))
        new = stack.generations()
        assert stack.stressed()["failed"] == 0
        stack.compose("run", "--rm", "-T", JOB, "rollback")
        until(lambda: stack.generations() == old)
    assert load.failed == []
    seen = {each.generation for each in load.answers if each.path.endswith("?quarter=1")}
    assert seen == {old[1], new[1]}
    assert stack.result() == before


def test_the_environment_sets_the_engine(stack: Stack) -> None:
    generation, before = stack.generations()[1], stack.result(numbered=False)
    with_duckdb(stack).compose("run", "--rm", "-T", JOB, *ONE_QUARTER)
    until(lambda: stack.generations()[1] > generation)
    kept = json.loads(stack.compose("exec", "-T", WEB, "banners", "generations", "--json"))
    served = {each["quarter"]: each["engine"] for each in kept["generations"] if each["served"]}
    assert served == {1: "duckdb", 2: "spark", 3: "spark", 4: "spark"}
    assert stack.result(numbered=False) == before


def test_it_serves_the_same_after_a_restart_without_the_job(stack: Stack) -> None:
    before = stack.result()
    stack.compose("stop")
    stack.compose("up", "--detach", "--wait", *WITHOUT_THE_JOB)
    assert stack.result() == before
    assert not stack.compose("ps", "--all", "--quiet", JOB)


def test_it_keeps_its_data_when_it_is_taken_down(stack: Stack) -> None:
    before = stack.result()
    stack.compose("down")
    assert stack.status("/healthz") == 0
    stack.compose("up", "--detach", "--wait", *WITHOUT_THE_JOB)
    assert stack.result() == before


def test_it_serves_the_same_after_a_rebuild(stack: Stack) -> None:
    before, image = stack.result(), stack.inspect(WEB, "Image")
    # Another image, like one made after a change of the sources.
    made = stack.engine.docker("create", "banners-web")
    stack.engine.docker("commit", "--change", "LABEL built=anew", made, "banners-web")
    stack.engine.docker("rm", made)
    stack.compose("up", "--detach", "--wait", *WITHOUT_THE_JOB)
    assert stack.inspect(WEB, "Image") != image
    assert stack.result() == before


def test_it_stops_gracefully(stack: Stack) -> None:
    stack.compose("stop")
    assert [stack.inspect(each, "State.ExitCode") for each in (WEB, "redis", "mysql")] == ["0"] * 3


def test_the_stress_test_runs_beside_the_web_application(stack: Stack) -> None:
    def pages() -> float:
        route = "/campaigns/{campaign_id}"
        return stack.metric("banners_requests_total", route=route, status="200")

    counted = pages()
    outcome = stack.stressed()
    assert (outcome["failed"], outcome["failures"], outcome["stopped"]) == (0, {}, False)
    assert outcome["statuses"] == {"200": 5_000}
    # The web application has counted them too.
    assert pages() - counted == outcome["requests"] == 5_000


def test_a_backup_holds_every_table_and_can_be_restored(stack: Stack) -> None:
    page = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    (dump,) = re.findall(r"`docker compose exec -T mysql sh -c '(.+)' > backup.sql`", page)
    (load,) = re.findall(r"`docker compose exec -T mysql sh -c '(.+)' < backup.sql`", page)
    before = stack.result()
    backup = stack.compose("exec", "-T", "mysql", "sh", "-c", dump)
    assert {table.name for table in METADATA.sorted_tables} <= set(
        re.findall(r"^CREATE TABLE `(\w+)`", backup, re.MULTILINE)
    )
    for given in ("DELETE FROM candidates;", backup):
        stack.compose("exec", "-T", "mysql", "sh", "-c", load, given=given)
    stack.compose("restart", WEB)
    stack.compose("up", "--detach", "--wait", *WITHOUT_THE_JOB)
    assert stack.result() == before


def test_the_web_container_explains_a_lineup(stack: Stack) -> None:
    assert "Campaign 27" in stack.compose("exec", "-T", WEB, "banners", "show", "27")


def test_no_secret_is_shown(stack: Stack) -> None:
    told = stack.compose("logs") + stack.compose("config")
    assert "mariadbd: ready for connections" in told
    told += stack.inspect(WEB, "Config.Env") + stack.inspect("mysql", "Config.Env")
    assert len(stack.passwords) == 3
    assert [password for password in stack.passwords if password in told] == []


def test_the_web_application_cannot_change_what_the_job_publishes(stack: Stack) -> None:
    delete = """\
import pathlib, sqlalchemy as sa
url = pathlib.Path("/run/secrets/web_database_url").read_text().strip()
with sa.create_engine(url).begin() as connection:
    try:
        connection.execute(sa.text("DELETE FROM candidates"))
    except sa.exc.OperationalError as error:
        print(error.orig)
"""
    tried = stack.compose("exec", "-T", WEB, "python", "-c", delete)
    assert "DELETE command denied to user 'banners_web'" in tried


@pytest.mark.usefixtures("built")
def test_data_of_an_earlier_release_get_the_account_of_the_web_application(
    new_stack: NewStack,
) -> None:
    page = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    (command,) = set(re.findall(r"docker compose (exec mysql sh \S+/accounts\.sh)", page))
    stack = new_stack("earlier")
    stack.compose("up", "--detach", "--wait", "mysql")
    # An earlier release gave root the password of the job, and had no other account.
    job = (stack.secrets / "database_password").read_text().strip()
    root = (stack.secrets / "database_root_password").read_text().strip()
    earlier = f"DROP USER banners_web@'%'; ALTER USER root@localhost IDENTIFIED BY '{job}'"
    as_root = ("mariadb", "--user=root")
    stack.compose("exec", "-T", "mysql", *as_root, f"--password={root}", f"--execute={earlier}")
    with_duckdb(stack).compose("run", "--rm", "-T", JOB, *ONE_QUARTER)
    stack.compose("up", "--detach", "--no-deps", WEB)
    until(lambda: stack.status("/healthz") == HTTPStatus.OK)
    assert stack.status("/readyz") == HTTPStatus.SERVICE_UNAVAILABLE
    assert "have the passwords" in stack.compose(*command.replace("exec", "exec -T", 1).split())
    until(lambda: stack.status("/readyz") == HTTPStatus.OK)
    stack.compose("exec", "-T", "mysql", *as_root, f"--password={root}", "--execute=SELECT 1")
    import_catalogue(stack, re.search(r"docker compose (run .+ catalogue import \S+)`", page))
    stack.down()


def import_catalogue(stack: Stack, documented: re.Match[str] | None) -> None:
    """Import a catalogue as the document says, with the account of the web application."""
    assert documented
    command = documented[1].replace("./catalogue", str(stack.folder / "catalogue"))
    files(stack.folder / "catalogue", "7,Spring Sale,,,,\n", "7,1,Copper Kettle,,,,\n")
    said = stack.compose(*command.replace("--rm", "--rm -T", 1).split())
    assert "Version 1" in said


@pytest.mark.parametrize(("service", "gigabytes"), [(WEB, 1), ("mysql", 1), ("redis", 0.5)])
def test_a_container_may_use_only_so_much_memory(
    stack: Stack, service: str, gigabytes: float
) -> None:
    assert int(stack.inspect(service, "HostConfig.Memory")) == gigabytes * 2**30


@pytest.mark.parametrize("service", [WEB, "mysql", "redis"])
def test_a_container_has_no_more_rights_than_it_needs(stack: Stack, service: str) -> None:
    ask = "id -u; touch /here 2>&1; grep CapEff /proc/1/status; grep NoNewPrivs /proc/1/status"
    said = stack.compose("exec", "-T", service, "sh", "-c", f"{ask}; true")
    user, touched, capabilities, no_more = said.splitlines()
    assert int(user) > 0
    assert "Read-only file system" in touched
    assert int(capabilities.split()[1], 16) == 0
    assert int(no_more.split()[1]) == 1


def test_a_mounted_folder_replaces_the_sample(stack: Stack) -> None:
    own = stack.folder / "events" / "2"
    own.mkdir(parents=True)
    (own / "impressions_2.csv").write_text("banner_id,campaign_id\n7,900\n")
    (own / "clicks_2.csv").write_text("click_id,banner_id,campaign_id\n1,7,900\n")
    (own / "conversions_2.csv").write_text("conversion_id,click_id,revenue\n1,1,0.5\n")
    mounted = ("--volume", f"{own.parent}:/events:ro")
    words = ("run", "--rm", "-T", *mounted, JOB, "crunch", "/events", "--accept")
    with_duckdb(stack).compose(*words)

    def own_lineup() -> list[int]:
        found = json.loads(stack.get("/api/v1/campaigns/900?quarter=2")[1])
        return [each["banner_id"] for each in found.get("lineup", ())]

    # Workers load the new generation one after another.
    until(lambda: own_lineup() == [7])
    assert stack.status(f"/api/v1/campaigns/{IN_EVERY_QUARTER[0]}?quarter=1") == HTTPStatus.OK
    # Later tests need the sample in every quarter.
    stack.compose("run", "--rm", "-T", JOB, "rollback", "--quarter", "2")
    until(lambda: own_lineup() == [])
