"""The stack serves, whatever is started first, killed, stopped or built anew."""

import json
import os
import re
import signal
from dataclasses import replace
from http import HTTPStatus

import pytest

from banners.store.schema import METADATA
from compose.conftest import NewStack
from compose.stack import IN_EVERY_QUARTER, JOB, PASSWORD, ROOT, WEB, Stack
from servers import until

pytestmark = pytest.mark.compose

WITHOUT_THE_JOB = ("--scale", f"{JOB}=0")
ONE_QUARTER = ("crunch", "/events", "--quarter", "1")


def with_duckdb(stack: Stack) -> Stack:
    """Give the stack with an engine that starts at once, for where it matters not which it is."""
    return replace(stack, settings={"BANNERS_ENGINE": "duckdb"})


def test_one_command_ends_with_pages_and_their_pictures(built: Stack) -> None:
    assert built.status("/campaigns/27") == HTTPStatus.OK
    assert built.status("/") == HTTPStatus.OK
    answers = built.result()
    kinds = {answer[:4] for path, answer in answers.items() if path.startswith("/static")}
    assert kinds == {b"\x89PNG"}
    assert built.inspect(JOB, "State.ExitCode") == "0"


@pytest.mark.usefixtures("built")
def test_what_is_started_in_the_wrong_order_finds_its_way(new_stack: NewStack) -> None:
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
def test_no_visitor_notices_that_what_is_behind_the_pages_is_killed(
    stack: Stack, service: str
) -> None:
    before = stack.result()
    with stack.load() as load:
        come_back(stack, service)
    assert load.failed == []
    assert stack.result() == before
    until(lambda: not stack.out_of_reach())


def test_no_visitor_notices_that_everything_behind_the_pages_is_stopped(stack: Stack) -> None:
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


def test_web_application_killed_under_load_comes_back_by_itself(stack: Stack) -> None:
    before = stack.result()
    with stack.load() as load:
        come_back(stack, WEB)
    # Nobody answers until it is back, and who starts has everything before it answers.
    assert {answer.status for answer in load.failed} == {0}
    assert stack.result() == before


def test_a_job_killed_under_load_leaves_what_is_served_and_the_next_one_replaces_it(
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


def test_published_again_and_rolled_back_no_visitor_is_sent_away(stack: Stack) -> None:
    old, before = stack.generations(), stack.result()
    with stack.load() as load:
        with with_duckdb(stack).start("run", "--rm", "-T", JOB) as job:
            while job.poll() is None:
                assert stack.stressed()["failed"] == 0
        assert job.returncode == 0
        until(lambda: all(new > old[quarter] for quarter, new in stack.generations().items()))
        new = stack.generations()
        assert stack.stressed()["failed"] == 0
        stack.compose("exec", "-T", WEB, "banners", "rollback")
        until(lambda: stack.generations() == old)
    assert load.failed == []
    seen = {each.generation for each in load.answers if each.path.endswith("?quarter=1")}
    assert seen == {old[1], new[1]}
    assert stack.result() == before


def test_the_engine_is_that_of_the_environment(stack: Stack) -> None:
    generation, before = stack.generations()[1], stack.result(numbered=False)
    with_duckdb(stack).compose("run", "--rm", "-T", JOB, *ONE_QUARTER)
    until(lambda: stack.generations()[1] > generation)
    kept = json.loads(stack.compose("exec", "-T", WEB, "banners", "generations", "--json"))
    served = {each["quarter"]: each["engine"] for each in kept["generations"] if each["served"]}
    assert served == {1: "duckdb", 2: "spark", 3: "spark", 4: "spark"}
    assert stack.result(numbered=False) == before


def test_stopped_and_started_without_the_job_it_serves_the_same(stack: Stack) -> None:
    before = stack.result()
    stack.compose("stop")
    stack.compose("up", "--detach", "--wait", *WITHOUT_THE_JOB)
    assert stack.result() == before
    assert not stack.compose("ps", "--all", "--quiet", JOB)


def test_taken_down_it_keeps_its_data(stack: Stack) -> None:
    before = stack.result()
    stack.compose("down")
    assert stack.status("/healthz") == 0
    stack.compose("up", "--detach", "--wait", *WITHOUT_THE_JOB)
    assert stack.result() == before


def test_built_anew_it_serves_the_same(stack: Stack) -> None:
    before, image = stack.result(), stack.inspect(WEB, "Image")
    # Another image, such as a change of the sources would make.
    made = stack.engine.docker("create", "banners-web")
    stack.engine.docker("commit", "--change", "LABEL built=anew", made, "banners-web")
    stack.engine.docker("rm", made)
    stack.compose("up", "--detach", "--wait", *WITHOUT_THE_JOB)
    assert stack.inspect(WEB, "Image") != image
    assert stack.result() == before


def test_it_stops_in_good_order(stack: Stack) -> None:
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
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (dump,) = re.findall(r"`docker compose exec -T mysql sh -c '(.+)' > backup.sql`", page)
    (load,) = re.findall(r"`docker compose exec -T mysql sh -c '(.+)' < backup.sql`", page)
    before = stack.result()
    backup = stack.compose("exec", "-T", "mysql", "sh", "-c", dump)
    assert {table.name for table in METADATA.sorted_tables} <= set(
        re.findall(r"^INSERT INTO `(\w+)`", backup, re.MULTILINE)
    )
    for given in ("DELETE FROM lineups;", backup):
        stack.compose("exec", "-T", "mysql", "sh", "-c", load, given=given)
    stack.compose("restart", WEB)
    stack.compose("up", "--detach", "--wait", *WITHOUT_THE_JOB)
    assert stack.result() == before


def test_the_web_container_tells_why_a_lineup_is_as_it_is(stack: Stack) -> None:
    assert "Campaign 27" in stack.compose("exec", "-T", WEB, "banners", "show", "27")


def test_no_secret_is_told(stack: Stack) -> None:
    told = stack.compose("logs") + stack.compose("config")
    assert "mariadbd: ready for connections" in told
    assert PASSWORD not in told
    for service in (WEB, "mysql"):
        assert PASSWORD not in stack.inspect(service, "Config.Env")


@pytest.mark.parametrize("service", [WEB, "mysql", "redis"])
def test_nobody_in_a_container_can_do_more_than_its_work(stack: Stack, service: str) -> None:
    ask = "id -u; touch /here 2>&1; grep CapEff /proc/1/status; grep NoNewPrivs /proc/1/status"
    said = stack.compose("exec", "-T", service, "sh", "-c", f"{ask}; true")
    user, touched, capabilities, no_more = said.splitlines()
    assert int(user) > 0
    assert "Read-only file system" in touched
    assert int(capabilities.split()[1], 16) == 0
    assert int(no_more.split()[1]) == 1


def test_a_folder_of_ones_own_takes_the_place_of_the_sample(stack: Stack) -> None:
    own = stack.folder / "events" / "2"
    own.mkdir(parents=True)
    (own / "impressions_2.csv").write_text("banner_id,campaign_id\n7,900\n")
    (own / "clicks_2.csv").write_text("click_id,banner_id,campaign_id\n1,7,900\n")
    (own / "conversions_2.csv").write_text("conversion_id,click_id,revenue\n1,1,0.5\n")
    mounted = ("--volume", f"{own.parent}:/events:ro")
    words = ("run", "--rm", "-T", *mounted, JOB, "crunch", "/events", "--accept")
    with_duckdb(stack).compose(*words)
    path = "/api/v1/campaigns/900?quarter=2"
    until(lambda: stack.status(path) == HTTPStatus.OK)
    assert [each["banner_id"] for each in json.loads(stack.get(path)[1])["lineup"]] == [7]
    assert stack.status(f"/api/v1/campaigns/{IN_EVERY_QUARTER[0]}?quarter=1") == HTTPStatus.OK
