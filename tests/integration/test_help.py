"""``--help`` has examples, explains every option, and appears quickly."""

import shlex
import subprocess

import click
import pytest

from banners.cli import main as banners
from support.running import COMMAND, Workplace

HEAVY = {
    *("duckdb", "fastapi", "pyarrow", "pyspark", "sqlalchemy", "uvicorn", "rich", "PIL"),
    *("pymysql", "redis", "asyncio", "httptools", "uvloop", "watchfiles", "jinja2"),
}


def helped(command: str) -> str:
    """Return the help of a command on a terminal of 80 columns."""
    context = click.Context(banners, info_name="banners", **banners.context_settings)
    of = banners.commands[command] if command else banners
    return of.get_help(click.Context(of, parent=context, info_name=command) if command else context)


def examples(command: str) -> list[list[str]]:
    """Return the words of each example, without the first word ``banners``."""
    epilog = (banners.commands[command] if command else banners).epilog or ""
    lines = [line.strip() for line in epilog.splitlines() if line.startswith("  banners ")]
    return [shlex.split(line)[1:] for line in lines if "|" not in line and "COMMAND" not in line]


@pytest.mark.parametrize("command", ["", *banners.commands])
def test_help_has_an_example(workplace: Workplace, command: str) -> None:
    ended = workplace.run_in_shell(*command.split(), "--help")
    assert ended.returncode == 0
    assert f"banners {command or 'demo'}" in ended.stdout


@pytest.mark.parametrize("command", ["", *banners.commands])
def test_every_example_is_understood(command: str) -> None:
    for name, *words in examples(command):
        context = click.Context(banners, info_name="banners", **banners.context_settings)
        banners.commands[name].make_context(name, words, parent=context)


@pytest.mark.parametrize("command", banners.commands)
def test_every_argument_and_option_is_explained(command: str) -> None:
    for each in banners.commands[command].params:
        assert each.help, each.name


@pytest.mark.parametrize("command", banners.commands)
def test_every_command_says_how_it_may_end(command: str) -> None:
    assert "Exit status: 0 " in (banners.commands[command].epilog or "")


@pytest.mark.parametrize("command", ["", *banners.commands])
def test_help_fits_80_columns(command: str) -> None:
    assert max(map(len, helped(command).splitlines())) <= 80


@pytest.mark.parametrize("command", banners.commands)
def test_every_command_takes_a_database(workplace: Workplace, command: str) -> None:
    assert "--database URL" in workplace.run_in_shell(command, "--help").stdout


def test_the_commands_are_listed_in_the_order_in_which_they_are_needed() -> None:
    lines = [line.split()[0] for line in helped("").splitlines() if line.startswith("  ")]
    order = [word for word in lines if word in banners.commands]
    assert order[:3] == ["demo", "sample", "crunch"]
    assert sorted(order) == sorted(banners.commands)


def test_the_summary_of_each_command_is_complete() -> None:
    told = " ".join(helped("").split())
    for each in banners.commands.values():
        assert (each.help or "").partition("\n\n")[0].replace("\n", " ") in told


def loaded(words: list[str], **variables: str) -> set[str]:
    """Return the modules that are loaded when a command has ended."""
    code = (
        f"import os, sys\nos.environ.update({variables!r})\nfrom banners.cli import main\n"
        f"try:\n    main({words!r}, prog_name='banners')\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    python = COMMAND.with_name("python")
    ended = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return set(ended.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "words", [[], ["--help"], *([name, "--help"] for name in banners.commands)]
)
def test_help_loads_no_framework_driver_or_engine(words: list[str]) -> None:
    assert not loaded(words) & HEAVY


def test_completion_loads_no_framework_driver_or_engine() -> None:
    asked = {"_BANNERS_COMPLETE": "bash_complete", "COMP_WORDS": "banners cr", "COMP_CWORD": "1"}
    assert not loaded([], **asked) & HEAVY
    assert not loaded(["completion", "bash"]) & HEAVY


@pytest.mark.parametrize("name", ["show", "generations", "export", "evaluate", "completion"])
def test_a_command_imports_no_other_command(name: str) -> None:
    others = {each.replace("-", "_") for each in banners.commands if each != name}
    assert not loaded([name, "--help"]) & {f"banners.cli.{each}" for each in others}


def test_reading_from_sqlite_imports_nothing_of_mysql(published: Workplace) -> None:
    database = f"sqlite:///{published.folder / 'var' / 'banners.db'}"
    found = loaded(["show", "27", "--database", database])
    assert "sqlalchemy.dialects.sqlite" in found
    assert not {name for name in found if "mysql" in name}
