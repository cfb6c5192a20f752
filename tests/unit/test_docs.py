"""What the documentation says of the program holds."""

import re
from pathlib import Path

import pytest

from banners.cli import main
from banners.crunch.kinds import Kind, Reason
from banners.settings import Settings, table
from banners.stress.check import Fault
from banners.web.metrics import Metrics

COMPLETION = main.commands["completion"].epilog or ""
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
TERMINAL = (ROOT / "docs" / "terminal.md").read_text(encoding="utf-8")
EVENT_FILES = (ROOT / "docs" / "event-files.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_for_which_a_row_is_not_accepted_is_documented(reason: Reason) -> None:
    assert f"`{reason}`" in EVENT_FILES


@pytest.mark.parametrize("kind", Kind)
def test_the_columns_of_every_kind_are_documented(kind: Kind) -> None:
    assert f"| `{kind}_q.csv` | `{','.join(kind.columns)}` |" in EVENT_FILES


def test_the_gates_limits_are_those_of_the_settings() -> None:
    defaults = Settings()
    assert f"more than {defaults.gate_bad_rows * 100:.0f} % of its rows" in EVENT_FILES
    assert f"more than {defaults.gate_orphans * 100:.0f} % of its conversions" in EVENT_FILES
    assert defaults.gate_least_rows * 2 == 1
    assert "less than half" in EVENT_FILES


def test_the_metrics_that_are_explained_are_those_there_are() -> None:
    told = Metrics().exposition().decode()
    there = {line.split()[2] for line in told.splitlines() if line.startswith("# TYPE ")}
    section = OPERATIONS.partition("## Watch")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))
    assert explained == {name for name in there if not name.endswith("_created")}


def test_every_alarm_is_of_metrics_that_there_are() -> None:
    told = Metrics().exposition().decode()
    there = {line.split()[2] for line in told.splitlines() if line.startswith("# TYPE ")}
    section = OPERATIONS.partition("## When an alarm rings")[2].partition("\n## ")[0]
    named = {name.removesuffix("_bucket") for name in re.findall(r"\bbanners_\w+", section)}
    assert len(named) > 8
    assert named <= there


@pytest.mark.parametrize("command", main.commands)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"^banners {command}\b", README, re.MULTILINE)


def test_completion_is_explained_as_its_help_explains_it() -> None:
    lines = re.findall(r"^  (.*?) {3,}in (\S+?),?(?: |$)", COMPLETION, re.MULTILINE)
    assert len(lines) == 3
    for line, file in lines:
        told = line.replace("|", "\\|")
        assert f"`{told}` | `{file}`" in TERMINAL


@pytest.mark.parametrize("command", main.commands)
def test_the_object_of_every_command_that_has_one_is_explained(command: str) -> None:
    has_one = any("--json" in each.opts for each in main.commands[command].params)
    assert bool(re.search(rf"^\| `{command}` \|", TERMINAL, re.MULTILINE)) == has_one


def test_every_setting_that_a_page_names_is_one() -> None:
    known = {row.variable for row in table()}
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        words = page.read_text(encoding="utf-8").replace("`", " ").split()
        named = {word.rstrip(".,:;)=") for word in words if word.startswith("BANNERS_")}
        named = {word.partition("=")[0].removesuffix("_FILE") for word in named}
        assert named - {"BANNERS_REQUIRE_SERVICES"} <= known, page


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for piece in text.split("](")[1:]:
        target = piece.partition(")")[0].partition("#")[0]
        if target and "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("fault", Fault)
def test_every_way_to_fail_a_stress_test_is_documented(fault: Fault) -> None:
    assert f"`{fault}`" in (ROOT / "docs" / "stress.md").read_text(encoding="utf-8")
