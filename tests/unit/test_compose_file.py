"""What compose.yaml says; ``make test-compose`` does what it says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from banners.settings import table

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
JOB, WEB = "banner_data_initializer", "banner_web_app"
STAY = sorted(set(SERVICES) - {JOB})

# What compose.yaml keeps from a service, and why; every other setting is passed on.
KEPT_BACK = {
    JOB: {
        "BANNERS_IMAGES": "the image says where; a folder of one's own is mounted there",
        "BANNERS_REJECTS": "the image says where, and a volume is there",
        "BANNERS_MEMORY_LINEUPS": "the job serves nobody",
        "BANNERS_TIMEZONE": "the job crunches a quarter whatever the time is",
        "BANNERS_FILL": "the job publishes candidates; pages are filled when they are served",
        "BANNERS_PUBLIC_URL": "the job makes no pages",
        "BANNERS_LOG_FORMAT": "the job's lines are for people",
    },
    WEB: {
        "BANNERS_IMAGES": "the image says where; a folder of one's own is mounted there",
        "BANNERS_REJECTS": "only the job rejects rows",
        "BANNERS_ENGINE": "only the job crunches, and the engines are not in this image",
        "BANNERS_SPARK_MASTER": "as the engine",
        "BANNERS_MEMORY": "as the engine",
        "BANNERS_GATE_BAD_ROWS": "only the job has a gate",
        "BANNERS_GATE_ORPHANS": "as the gate's other limit",
        "BANNERS_GATE_LEAST_ROWS": "as the gate's other limits",
    },
}


def test_the_services_have_the_names_that_others_rely_on() -> None:
    assert set(SERVICES) == {"mysql", "redis", "banner_data_initializer", "banner_web_app"}


def test_every_variable_of_banners_is_a_setting() -> None:
    known = {row.variable for row in table()}
    named = set(re.findall(r"BANNERS_[A-Z_]+", TEXT + DOCKERFILE))
    assert {name.removesuffix("_FILE") for name in named} <= known


@pytest.mark.parametrize("service", KEPT_BACK)
def test_a_setting_is_passed_on_to_a_service_or_kept_back_for_a_reason(service: str) -> None:
    passed = {name.removesuffix("_FILE") for name in SERVICES[service]["environment"]}
    assert passed.isdisjoint(KEPT_BACK[service])
    assert passed | set(KEPT_BACK[service]) == {row.variable for row in table()}


def test_what_is_kept_back_from_every_service_is_said_by_the_images() -> None:
    said = set(re.findall(r"\bBANNERS_[A-Z_]+(?==)", DOCKERFILE))
    assert set.intersection(*map(set, KEPT_BACK.values())) <= said


@pytest.mark.parametrize("service", KEPT_BACK)
def test_a_setting_is_taken_from_the_variable_of_its_name(service: str) -> None:
    values = dict(SERVICES[service]["environment"])
    # A secret comes in a file, which the variable names.
    (secret,) = SERVICES[service]["secrets"]
    assert values.pop("BANNERS_DATABASE_URL_FILE") == f"/run/secrets/{secret}"
    assert FILE["secrets"][secret]["file"].startswith("${BANNERS_DATABASE_URL_FILE:-")
    # Without a value, it is that of the variable, if there is one.
    other = {name for name, value in values.items() if value and f"${{{name}:-" not in value}
    assert not other


def test_the_variables_with_a_default_of_their_own_are_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = page.partition("## With docker compose")[2].partition("### Settings")[2]
    rows = [line for line in section.partition("\n### ")[0].splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert documented == set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))


def test_every_variable_of_the_file_has_a_default() -> None:
    assert all(":-" in each for each in re.findall(r"(?<!\$)\$\{[^}]*}", TEXT))


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_may_do_as_little_as_it_can_with(service: str) -> None:
    about = SERVICES[service]
    assert about["read_only"] is True
    assert about["cap_drop"] == ["ALL"]
    assert about["security_opt"] == ["no-new-privileges:true"]
    target = about.get("build", {}).get("target")
    stage = DOCKERFILE.partition(f"AS {target}\n")[2].partition("\nFROM ")[0]
    user = about.get("user") or re.findall(r"^USER (.+)$", stage, re.MULTILINE)[-1]
    assert user in {"mysql", "redis", "10001:10001"}


@pytest.mark.parametrize("service", STAY)
def test_what_stays_is_watched_and_started_again(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]
    assert SERVICES[service]["restart"] == "unless-stopped"


def test_the_job_runs_once() -> None:
    assert SERVICES["banner_data_initializer"]["restart"] == "no"


def test_the_start_waits_for_what_is_ready_and_never_for_time_to_pass() -> None:
    conditions = {
        (service, needed, about["condition"])
        for service, all_about in SERVICES.items()
        for needed, about in all_about.get("depends_on", {}).items()
    }
    assert conditions == {
        ("banner_data_initializer", "mysql", "service_healthy"),
        ("banner_data_initializer", "redis", "service_healthy"),
        ("banner_web_app", "mysql", "service_healthy"),
        ("banner_web_app", "redis", "service_healthy"),
        ("banner_web_app", "banner_data_initializer", "service_completed_successfully"),
    }
    assert not re.search(r"\bsleep\b|wait-for", TEXT + DOCKERFILE)


def test_the_web_application_starts_also_without_the_others() -> None:
    needed = SERVICES["banner_web_app"]["depends_on"]
    assert not any(about["required"] for about in needed.values())


def test_nothing_but_the_pages_can_be_reached_from_outside() -> None:
    published = {name: about["ports"] for name, about in SERVICES.items() if "ports" in about}
    assert published == {"banner_web_app": ["${PORT:-8000}:8000"]}


def test_the_database_is_kept_in_a_named_volume() -> None:
    volume = {"type": "volume", "source": "database", "target": "/var/lib/mysql"}
    assert SERVICES["mysql"]["volumes"] == [volume]
    assert "database" in FILE["volumes"]


def test_images_of_others_are_of_a_named_version() -> None:
    images = [about["image"] for about in SERVICES.values() if "build" not in about]
    images += re.findall(r"^FROM (\S+:\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 3
    assert all(re.search(r":[0-9]+\.[0-9]+(-\w+)*$", image) for image in images)


def test_the_working_defaults_of_the_secrets_fit_each_other() -> None:
    secrets = ROOT / "docker" / "secrets"
    password = (secrets / "database_password").read_text(encoding="utf-8").strip()
    url = (secrets / "database_url").read_text(encoding="utf-8").strip()
    names = SERVICES["mysql"]["environment"]
    user, database = names["MARIADB_USER"], names["MARIADB_DATABASE"]
    assert url == f"mysql+pymysql://{user}:{password}@mysql:3306/{database}"
    assert (
        f":-./{secrets.relative_to(ROOT)}/database_url" in FILE["secrets"]["database_url"]["file"]
    )
