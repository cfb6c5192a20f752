"""``--json``: one object on one line of standard output, whatever else is said."""

import json

import click
import pytest

from banners.cli import main as banners
from support.deliveries import small_quarter
from support.running import Workplace

# Their results are running servers, scripts for shells, files, tables and links.
WITHOUT_RESULT = {
    *(
        "close",
        "completion",
        "conversions",
        "copy-from",
        "demo",
        "export",
        "loop",
        "serve",
        "sign-in",
        "upgrade",
    ),
}


def each_command() -> dict[str, click.Command]:
    """The commands that print a result, those of a group by both of their names."""
    found: dict[str, click.Command] = {}
    for name, command in banners.commands.items():
        if isinstance(command, click.Group):
            found |= {f"{name} {each}": of for each, of in command.commands.items()}
        elif name not in WITHOUT_RESULT:
            found[name] = command
    return found


@pytest.mark.parametrize("command", each_command())
def test_every_command_with_a_result_writes_it_for_programs(command: str) -> None:
    assert any("--json" in each.opts for each in each_command()[command].params)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A quarter that was published twice."""
    workplace = Workplace(tmp_path_factory.mktemp("twice"))
    for clicks in ("1,10,5\n", "1,10,5\n2,10,5\n"):
        small_quarter(workplace.folder, 2, clicks)
        assert workplace.run("crunch", "events").returncode == 0
    return workplace


@pytest.mark.parametrize(
    "words",
    [
        ("sample", "more", "--impressions", "500", "--quarter", "1"),
        ("crunch", "events"),
        ("show", "5", "--quarter", "2"),
        ("generations",),
        ("rollback",),
    ],
)
def test_standard_output_is_one_object_on_one_line(
    twice: Workplace, words: tuple[str, ...]
) -> None:
    ended = twice.run(*words, "--json")
    assert ended.returncode == 0
    assert ended.stdout.count("\n") == 1
    assert isinstance(json.loads(ended.stdout), dict)


def test_the_object_of_a_sample_is_all_that_it_writes_to_standard_output(
    workplace: Workplace,
) -> None:
    words = ("sample", "events", "--impressions", "500", "--quarter", "1", "3", "--json")
    (line,) = workplace.run(*words).stdout.splitlines()
    assert json.loads(line) == {
        "folder": "events",
        "quarters": [1, 3],
        "impressions": 500,
        "campaigns": 50,
        "seed": 1,
        "images": "var/images",
        "banners": 401,
        "catalogue": True,
        "without_image": 0,
    }


def test_a_refused_run_is_an_object_too(workplace: Workplace) -> None:
    small_quarter(workplace.folder, 2, "1,10\n")
    ended = workplace.run("crunch", "events", "--json")
    assert ended.returncode == 3
    (line,) = ended.stdout.splitlines()
    assert json.loads(line)["quarters"][1]["status"] == "refused"
