"""The content of compose.yaml; ``make test-compose`` runs it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from banners.settings import table
from banners.settings.environment import variables_of

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
JOB, LOOP, WEB = "banner_data_initializer", "banner_loop", "banner_web_app"
STAY = sorted(set(SERVICES) - {JOB})

# The settings that compose.yaml does not pass on to a service, and why.
KEPT_BACK = {
    JOB: {
        "BANNERS_IMAGES": "fixed in the container image, to be mounted over",
        "BANNERS_REJECTS": "fixed in the container image, as a volume",
        "BANNERS_SHARED": "the job serves no pages",
        "BANNERS_MEMORY_LINEUPS": "the job serves no pages",
        "BANNERS_UPLOADS": "the job has no use for images that people upload",
        "BANNERS_FILL": "the job publishes candidates; pages are filled when they are served",
        "BANNERS_PUBLIC_URL": "the job makes no pages",
        "BANNERS_TRUSTED_PROXIES": "the job makes no pages",
        "BANNERS_INDEXED": "the job makes no pages",
        "BANNERS_OPERATORS": "the job makes no pages",
        "BANNERS_OPERATOR_PASSWORD_FILE": "the job makes no pages",
        "BANNERS_LOG_FORMAT": "the job's lines are for people",
        "BANNERS_FLOOD": "the job answers no requests",
        "BANNERS_HONOUR_OPT_OUT": "the job answers no requests",
    },
    WEB: {
        "BANNERS_IMAGES": "fixed in the container image, to be mounted over",
        "BANNERS_REJECTS": "only the job rejects rows",
        "BANNERS_ENGINE": "only the job crunches, and the engines are not in this image",
        "BANNERS_SPARK_MASTER": "only the job has an engine",
        "BANNERS_SPARK_TABLES": "only the job has an engine",
        "BANNERS_MEMORY": "only the job has an engine",
        "BANNERS_GATE_BAD_ROWS": "only the job has a gate",
        "BANNERS_GATE_ORPHANS": "only the job has a gate",
        "BANNERS_GATE_LEAST_ROWS": "only the job has a gate",
        "BANNERS_KEEP_GENERATIONS": "only the job and the loop publish",
        "BANNERS_POLICY": "only the job prepares lineups",
        "BANNERS_HOLDOUT": "only the job prepares lineups",
        "BANNERS_THETA": "only the job prepares lineups",
        "BANNERS_KEEP_EVENTS": "only the job's image closes slots",
    },
}
# The loop is a job that also closes slots.
KEPT_BACK[LOOP] = {
    name: why for name, why in KEPT_BACK[JOB].items() if name != "BANNERS_LOG_FORMAT"
} | dict.fromkeys(
    ("BANNERS_SPARK_MASTER", "BANNERS_SPARK_TABLES"),
    "it crunches slots with DuckDB, since they are small",
)


# Where the variable is not set, nobody may report conversions.
CONVERSION_KEYS = {
    "BANNERS_CONVERSION_KEYS_FILE": "${BANNERS_CONVERSION_KEYS_FILE:+/run/secrets/conversion_keys}"
}
SECRET_OF = {
    JOB: {"BANNERS_DATABASE_URL_FILE": "/run/secrets/database_url", **CONVERSION_KEYS},
    LOOP: {
        "BANNERS_DATABASE_URL_FILE": "/run/secrets/database_url",
        "BANNERS_ENGINE": "duckdb",
        **CONVERSION_KEYS,
    },
    WEB: {
        **CONVERSION_KEYS,
        "BANNERS_DATABASE_URL_FILE": "/run/secrets/web_database_url",
        # Where the variable is not set, a password is generated.
        "BANNERS_OPERATOR_PASSWORD_FILE": (
            "${BANNERS_OPERATOR_PASSWORD_FILE:+/run/secrets/operator_passwords}"
        ),
    },
}


def test_the_services_have_the_names_that_others_rely_on() -> None:
    assert set(SERVICES) == {"mysql", "redis", JOB, LOOP, WEB}


def test_every_variable_of_banners_is_a_setting() -> None:
    known = {row.variable for row in table()}
    named = set(re.findall(r"BANNERS_[A-Z_]+", TEXT + DOCKERFILE))
    assert named <= set(variables_of(known))


@pytest.mark.parametrize("service", KEPT_BACK)
def test_each_setting_is_passed_to_a_service_or_has_a_reason_why_not(service: str) -> None:
    setting_of = variables_of(row.variable for row in table())
    passed = {setting_of[name] for name in SERVICES[service]["environment"]}
    assert passed.isdisjoint(KEPT_BACK[service])
    assert passed | set(KEPT_BACK[service]) == set(setting_of.values())


def test_a_setting_that_no_service_gets_is_set_by_the_images() -> None:
    set_by_image = set(re.findall(r"\bBANNERS_[A-Z_]+(?==)", DOCKERFILE))
    assert set.intersection(*map(set, KEPT_BACK.values())) <= set_by_image


@pytest.mark.parametrize("service", KEPT_BACK)
def test_a_setting_is_taken_from_the_variable_of_its_name(service: str) -> None:
    values = dict(SERVICES[service]["environment"])
    # The variables name files of secrets.
    for name, secret in SECRET_OF[service].items():
        assert values.pop(name) == secret
    # A setting without a value here takes that of the variable, if it is set.
    other = {
        name for name, value in values.items() if value and not re.match(rf"\$\{{{name}:?-", value)
    }
    assert not other


def test_the_variables_with_another_default_are_documented() -> None:
    page = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    section = page.partition("## Settings")[2]
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert documented == set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))


def test_every_variable_of_the_file_has_a_default() -> None:
    assert all(re.search("[-+]", each) for each in re.findall(r"(?<!\$)\$\{[^{}]*}", TEXT))
    assert re.search(r"(?<!\$)\$\{\w+}", TEXT) is None


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_as_few_rights_as_possible(service: str) -> None:
    about = SERVICES[service]
    assert about["read_only"] is True
    assert about["cap_drop"] == ["ALL"]
    assert about["security_opt"] == ["no-new-privileges:true"]
    target = about.get("build", {}).get("target")
    stage = DOCKERFILE.partition(f"AS {target}\n")[2].partition("\nFROM ")[0]
    user = about.get("user") or re.findall(r"^USER (.+)$", stage, re.MULTILINE)[-1]
    assert user in {"mysql", "redis", "10001:10001"}


@pytest.mark.parametrize("service", STAY)
def test_every_lasting_service_is_checked_and_restarted(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]
    assert SERVICES[service]["restart"] == "unless-stopped"


def test_the_job_runs_once() -> None:
    assert SERVICES["banner_data_initializer"]["restart"] == "no"


def test_the_start_waits_for_health_and_never_for_time() -> None:
    conditions = {
        (service, needed, about["condition"])
        for service, all_about in SERVICES.items()
        for needed, about in all_about.get("depends_on", {}).items()
    }
    assert conditions == {
        ("banner_data_initializer", "mysql", "service_healthy"),
        ("banner_data_initializer", "redis", "service_healthy"),
        ("banner_loop", "mysql", "service_healthy"),
        ("banner_loop", "redis", "service_healthy"),
        ("banner_loop", "banner_data_initializer", "service_completed_successfully"),
        ("banner_web_app", "mysql", "service_healthy"),
        ("banner_web_app", "redis", "service_healthy"),
        ("banner_web_app", "banner_data_initializer", "service_completed_successfully"),
    }
    assert not re.search(r"\bsleep\b|wait-for", TEXT + DOCKERFILE)


def test_the_web_application_starts_without_the_other_services() -> None:
    needed = SERVICES["banner_web_app"]["depends_on"]
    assert not any(about["required"] for about in needed.values())


def test_only_the_pages_can_be_reached_from_outside() -> None:
    published = {name: about["ports"] for name, about in SERVICES.items() if "ports" in about}
    assert published == {"banner_web_app": ["${BIND:-127.0.0.1}:${PORT:-8000}:8000"]}


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_may_use_only_so_much_memory(service: str) -> None:
    assert re.fullmatch(r"\$\{[A-Z]+_LIMIT:-[0-9]+[MG]}", SERVICES[service]["mem_limit"])


def test_the_database_is_kept_in_a_named_volume() -> None:
    volume = {"type": "volume", "source": "database", "target": "/var/lib/mysql"}
    assert SERVICES["mysql"]["volumes"][0] == volume
    assert "database" in FILE["volumes"]


@pytest.mark.parametrize("service", [JOB, WEB])
def test_events_are_kept_in_a_named_volume_that_the_services_share(service: str) -> None:
    volume = {"type": "volume", "source": "events", "target": "/live"}
    assert volume in SERVICES[service]["volumes"]
    assert SERVICES[service]["environment"]["BANNERS_EVENTS"] == "${BANNERS_EVENTS-/live}"
    assert "events" in FILE["volumes"]
    # A volume takes the owner of the folder that it is mounted on, in the image that both share.
    assert "--owner=banners --group=banners --mode=750 /live" in DOCKERFILE.split("\nFROM")[1]


def test_published_images_have_a_named_version() -> None:
    images = [about["image"] for about in SERVICES.values() if "build" not in about]
    images += re.findall(r"^FROM (\S+:\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 3
    assert all(re.search(r":[0-9]+\.[0-9]+(-\w+)*$", image) for image in images)


SECRETS = ROOT / "docker" / "secrets"
OPTIONAL = {"operator_passwords", "conversion_keys"}
"""Files that are read only if a variable names others in their place."""


@pytest.mark.parametrize("folder", ["default", "made"])
def test_the_secrets_fit_each_other(folder: str, tmp_path: Path) -> None:
    secrets = SECRETS if folder == "default" else made_secrets(tmp_path / "made")
    found = {path.name: path.read_text(encoding="utf-8").strip() for path in secrets.iterdir()}
    assert set(found) - OPTIONAL == set(FILE["secrets"]) - OPTIONAL
    about = SERVICES["mysql"]["environment"]
    place = f"mysql:3306/{about['MARIADB_DATABASE']}"
    for user, url in ((about["MARIADB_USER"], "database"), ("banners_web", "web_database")):
        password = found[f"{url}_password"]
        assert found[f"{url}_url"] == f"mysql+pymysql://{user}:{password}@{place}"
    assert SERVICES[JOB]["secrets"] == ["database_url", "conversion_keys"]
    assert SERVICES[WEB]["secrets"] == ["web_database_url", *sorted(OPTIONAL, reverse=True)]
    passwords = [found[name] for name in found if name.endswith("_password")]
    assert len(set(passwords)) == 3


def test_only_their_owner_reaches_secrets_that_were_made(tmp_path: Path) -> None:
    made = made_secrets(tmp_path / "new" / "secrets")
    assert made.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in made.iterdir()} == {0o644}


def test_secrets_that_exist_are_not_replaced(tmp_path: Path) -> None:
    before = {path: path.read_text() for path in made_secrets(tmp_path).iterdir()}
    with pytest.raises(subprocess.CalledProcessError):
        made_secrets(tmp_path)
    assert {path: path.read_text() for path in tmp_path.iterdir()} == before


def made_secrets(folder: Path) -> Path:
    """Make secrets in a folder with the script."""
    script = ROOT / "docker" / "make_secrets.sh"
    subprocess.run([script, folder], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_the_files_in_place_of_passwords_and_keys_have_none(name: str) -> None:
    lines = (SECRETS / name).read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") for line in lines)


@pytest.mark.parametrize("secret", sorted(set(FILE["secrets"]) - OPTIONAL))
def test_one_variable_names_the_folder_of_all_secrets(secret: str) -> None:
    default = f"${{SECRETS_FOLDER:-./{SECRETS.relative_to(ROOT)}}}/{secret}"
    assert default in FILE["secrets"][secret]["file"]


def test_the_shared_copy_leaves_half_of_the_memory_to_the_workers() -> None:
    web = SERVICES[WEB]
    copy = re.search(r":size=\$\{WEB_COPY:-(\d+)m}", *web["tmpfs"])
    limit = re.fullmatch(r"\$\{WEB_LIMIT:-(\d+)G}", web["mem_limit"])
    assert copy
    assert limit
    assert 2 * int(copy[1]) <= 1024 * int(limit[1])
