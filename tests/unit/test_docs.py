"""The documents agree with the program."""

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest

from banners.catalogue.faults import MOST_FAULTS
from banners.catalogue.folder import (
    BANNER_COLUMNS,
    CAMPAIGN_COLUMNS,
    MOST_BANNERS,
    MOST_CAMPAIGNS,
    MOST_OF_CAMPAIGN,
)
from banners.catalogue.lines import MOST_LINE_BYTES
from banners.catalogue.values import MOST_NAME, MOST_URL
from banners.cli import main
from banners.cli.catalogue import catalogue
from banners.core.addresses import Route
from banners.core.events import Kind, Reason
from banners.settings import Settings, table
from banners.settings.environment import variables_of
from banners.stress.verify import Fault
from banners.version import __version__
from banners.web import event_metrics
from banners.web.metrics import Metrics
from banners.web.recording.counts import Outcome

COMPLETION = main.commands["completion"].epilog or ""
PARTS = {Route.STATIC_FILE, Route.API, Route.ICON, Route.DEMO_LANDING}
"""What other addresses are parts of, or that no reader asks for."""

ROOT = Path(__file__).parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
MONITORING = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
ALARMS = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
TERMINAL = (ROOT / "docs" / "terminal.md").read_text(encoding="utf-8")
CATALOGUE = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
EVENT_FILES = (ROOT / "docs" / "event-files.md").read_text(encoding="utf-8")
LIST = ROOT / "docs" / "README.md"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_for_which_a_row_is_not_accepted_is_documented(reason: Reason) -> None:
    assert f"`{reason}`" in EVENT_FILES


@pytest.mark.parametrize("kind", Kind)
def test_the_columns_of_every_kind_are_documented(kind: Kind) -> None:
    assert f"| `{kind}_q.csv` | `{','.join(kind.columns)}` |" in EVENT_FILES


def test_the_columns_of_a_catalogue_are_documented() -> None:
    assert f"| `campaigns.csv` | `{','.join(CAMPAIGN_COLUMNS)}` |" in CATALOGUE
    assert f"| `banners.csv` | `{','.join(BANNER_COLUMNS)}` |" in CATALOGUE


def test_the_documented_limits_of_a_catalogue_are_those_of_the_program() -> None:
    assert (
        f"{MOST_CAMPAIGNS:,} campaigns, {MOST_BANNERS:,} banners, "
        f"{MOST_OF_CAMPAIGN:,} banners of one campaign, {MOST_LINE_BYTES:,} bytes a line"
    ) in CATALOGUE
    assert f"at most {MOST_NAME} characters" in CATALOGUE
    assert f"at most {MOST_URL:,} characters" in CATALOGUE
    assert f"The first {MOST_FAULTS} are listed" in CATALOGUE


@pytest.mark.parametrize("command", catalogue.commands)
def test_every_command_of_the_catalogue_is_documented(command: str) -> None:
    assert f"| `catalogue {command}` |" in CATALOGUE
    assert re.search(rf"^banners catalogue {command}\b", CATALOGUE, re.MULTILINE)


def test_the_documented_limits_of_the_gate_are_those_of_the_settings() -> None:
    defaults = Settings()
    assert f"more than {defaults.gate_bad_rows * 100:.0f} % of its rows" in EVENT_FILES
    assert f"more than {defaults.gate_orphans * 100:.0f} % of its conversions" in EVENT_FILES
    assert defaults.gate_least_rows * 2 == 1
    assert "less than half" in EVENT_FILES


def test_exactly_the_existing_metrics_are_documented() -> None:
    exposition = Metrics().exposition().decode()
    there = {line.split()[2] for line in exposition.splitlines() if line.startswith("# TYPE ")}
    explained = set(re.findall(r"^\| `(\w+)`", MONITORING, re.MULTILINE))
    assert explained == {name for name in there if not name.endswith("_created")}


def test_every_alarm_uses_existing_metrics() -> None:
    exposition = Metrics().exposition().decode()
    there = {line.split()[2] for line in exposition.splitlines() if line.startswith("# TYPE ")}
    named = {name.removesuffix("_bucket") for name in re.findall(r"\bbanners_\w+", ALARMS)}
    assert len(named) > 8
    assert named <= there


def test_every_label_in_an_alarm_of_recording_is_one_of_the_metric() -> None:
    alarms = ALARMS.partition("## Alarms of recording")[2].partition("\n## ")[0]
    found = re.findall(r"(banners_\w+)\{([^}]*)\}", alarms)
    assert len(found) > 5
    known: dict[str, set[str]] = {
        "kind": set(Kind),
        "outcome": set(Outcome),
        "call": {"write", "sync"},
    }
    declared = {f"{each.name}_total": set(each.labels) for each in event_metrics.COUNTED}
    for name, labels in found:
        pairs = dict(re.findall(r'(\w+)="(\w+)"', labels))
        assert pairs.keys() <= declared[name]
        assert all(value in known[label] for label, value in pairs.items())


PINNED_OR_OURS = re.compile(r"requirements/\w+\.txt|\.|/wheels(?:/\*\.whl)?")
"""What may be installed: the files of pinned versions, and this package or its wheel."""


@pytest.mark.parametrize(
    "page", ["Makefile", "docker/Dockerfile", "docs/operations.md", "docs/spark.md"]
)
def test_every_command_that_installs_takes_only_pinned_versions(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    commands = re.findall(r"(?:pip|\(PIP\)) (?:install|wheel) .*", text)
    assert commands
    for command in commands:
        assert "--no-deps" in command
        assert "--require-hashes" in command or " -r " not in command
        words = shlex.split(command.removesuffix("\\"), comments=True)[2:]
        named = [each for each in words if not each.startswith("-")]
        assert [each for each in named if not PINNED_OR_OURS.fullmatch(each)] == []


@pytest.mark.parametrize("route", [each for each in Route if each not in PARTS])
def test_every_address_is_in_the_readme(route: Route) -> None:
    parts = {
        "campaign_id": "27",
        "banner_id": "414",
        "digest": r"\{digest\}",
        "name": r"image_27\.png",
        "token": r"\{token\}",
        "position": "1",
    }
    any_of_it = route.pattern(**parts)
    assert re.search(rf"^\|.*`{any_of_it}[`?]", README, re.MULTILINE)


@pytest.mark.parametrize("command", main.commands)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"^banners {command}\b", README, re.MULTILINE)


def test_completion_is_documented_as_in_its_help() -> None:
    lines = re.findall(r"^  (.*?) {3,}in (\S+?),?(?: |$)", COMPLETION, re.MULTILINE)
    assert len(lines) == 3
    for line, file in lines:
        written = line.replace("|", "\\|")
        assert f"`{written}` | `{file}`" in TERMINAL


@pytest.mark.parametrize("command", main.commands)
def test_the_json_object_of_every_command_is_documented(command: str) -> None:
    has_one = any("--json" in each.opts for each in main.commands[command].params)
    assert bool(re.search(rf"^\| `{command}` \|", TERMINAL, re.MULTILINE)) == has_one


def test_every_setting_that_a_page_names_exists() -> None:
    known = set(variables_of(row.variable for row in table()))
    for page in PAGES:
        words = page.read_text(encoding="utf-8").replace("`", " ").split()
        named = {word.rstrip(".,:;)=") for word in words if word.startswith("BANNERS_")}
        named = {word.partition("=")[0] for word in named}
        assert named - {"BANNERS_REQUIRE_SERVICES", "BANNERS_FUZZ_CASES"} <= known, page


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page, which GitHub makes from its headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_or_a_heading_works(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for piece in text.split("](")[1:]:
        target, _, anchor = piece.partition(")")[0].partition("#")
        if "://" not in target:
            file = page.parent / target if target else page
            assert file.exists(), target
            assert not anchor or anchor in anchors(file), f"{target}#{anchor}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")))
def test_every_page_is_short_and_in_the_list_of_pages(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) < 400
    assert page == LIST or f"]({page.name})" in LIST.read_text(encoding="utf-8")


def test_every_page_that_the_program_names_exists() -> None:
    files = [ROOT / "compose.yaml", *(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.html")]
    named = {
        name
        for file in files
        for name in re.findall(r"\bdocs/([a-z-]+\.md)", file.read_text(encoding="utf-8"))
    }
    assert len(named) > 8
    assert {name for name in named if not (ROOT / "docs" / name).exists()} == set()


@pytest.mark.parametrize("fault", Fault)
def test_every_way_to_fail_a_stress_test_is_documented(fault: Fault) -> None:
    assert f"`{fault}`" in (ROOT / "docs" / "stress.md").read_text(encoding="utf-8")


def test_the_newest_release_in_the_changelog_is_this_version() -> None:
    unreleased, newest, *_ = re.findall(r"^## \[(.*?)\](.*)$", CHANGELOG, re.MULTILINE)
    assert unreleased == ("Unreleased", "")
    assert newest[0] == __version__
    assert re.fullmatch(r" - \d{4}-\d\d-\d\d", newest[1])


def commands_on(page: Path) -> Iterator[list[str]]:
    """Yield the words of each banners command in a block of a page, without what explains it."""
    for block in re.findall(
        r"^```\w*\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        for line in block.splitlines():
            found = re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\S*/)?banners (\S.*)", line)
            if found and "COMMAND" not in line:
                yield shlex.split(re.split(r"\s{2,}|\s[#&|>]", found[1])[0])


def test_the_program_accepts_every_command_on_a_page() -> None:
    count = 0
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for words in commands_on(page):
            command: click.Command = main
            context, rest = click.Context(main), words
            while isinstance(command, click.Group) and not rest[0].startswith("-"):
                found = command.get_command(context, rest[0])
                assert found is not None, f"{page}: {words}"
                command, rest = found, rest[1:]
            if not isinstance(command, click.Group):
                with suppress(click.exceptions.Exit):
                    command.make_context(command.name, rest)
            count += 1
    assert count > 40
