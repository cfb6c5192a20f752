"""Shell completion, by the protocol of each shell, and in a real bash."""

import subprocess
from collections.abc import Callable

import pytest

from support.running import COMMAND, Workplace, required

SHELLS = ["bash", "zsh", "fish"]


def complete(workplace: Workplace, shell: str, *words: str) -> str:
    """What the command returns to the script of a shell; the last word is the one being typed."""
    asked = {
        "_BANNERS_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(["banners", *words]).rstrip(),
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words)),
    }
    ended = Workplace(workplace.folder, asked).run()
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def in_bash(answer: str) -> list[tuple[str, str]]:
    return [(kind, value) for kind, _, value in (line.partition(",") for line in lines(answer))]


def in_zsh(answer: str) -> list[tuple[str, str]]:
    of_three = lines(answer)
    return list(zip(of_three[::3], of_three[1::3], strict=True))


def in_fish(answer: str) -> list[tuple[str, str]]:
    return [(kind, value.partition("\t")[0]) for kind, value in in_bash(answer)]


def lines(answer: str) -> list[str]:
    return answer.removesuffix("\n").splitlines()


READ: dict[str, Callable[[str], list[tuple[str, str]]]] = {
    "bash": in_bash,
    "zsh": in_zsh,
    "fish": in_fish,
}


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("cr",), ["crunch"]),
        (("crunch", "--eng"), ["--engine"]),
        (("crunch", "--engine", ""), ["duckdb", "spark"]),
        (("crunch", "--engine", "s"), ["spark"]),
        (("crunch", "events", "--quarter", ""), ["1", "2", "3", "4"]),
        (("show", "--quarter", "3"), ["3"]),
        (("rollback", "--quarter", ""), ["1", "2", "3", "4"]),
        (("stress", "--path", "j"), ["json"]),
        (("completion", ""), SHELLS),
    ],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_commands_options_and_values_are_completed(
    workplace: Workplace, shell: str, words: tuple[str, ...], values: list[str]
) -> None:
    answer = READ[shell](complete(workplace, shell, *words))
    assert answer == [("plain", value) for value in values]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("command", ["crunch", "sample"])
def test_the_folder_of_events_is_left_to_the_shell(
    workplace: Workplace, shell: str, command: str
) -> None:
    assert READ[shell](complete(workplace, shell, command, "ev")) == [("dir", "ev")]


def test_a_quarter_is_offered_with_its_minutes(workplace: Workplace) -> None:
    assert ":15 to :29" in complete(workplace, "zsh", "show", "--quarter", "2")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_that_of_the_shell_and_asks_the_command(
    workplace: Workplace, shell: str
) -> None:
    script = workplace.run("completion", shell).stdout
    assert f"_BANNERS_COMPLETE={shell}_complete" in script
    by_variable = Workplace(workplace.folder, {"_BANNERS_COMPLETE": f"{shell}_source"}).run()
    assert script == by_variable.stdout


def test_settings_that_are_wrong_do_not_keep_a_shell_from_starting(workplace: Workplace) -> None:
    wrong = Workplace(workplace.folder, {"BANNERS_TIMEZONE": "Mars"})
    assert wrong.run("completion", "bash").returncode == 0


def test_bash_completes_what_its_script_says(workplace: Workplace) -> None:
    script = """
        eval "$(banners completion bash)"
        COMP_WORDS=(banners crunch events --quarter "")
        COMP_CWORD=4
        _banners_completion banners
        echo "${COMPREPLY[@]}"
        complete -p banners
    """
    ended = subprocess.run(
        [required("bash"), "--norc", "-c", script],
        cwd=workplace.folder,
        env={**workplace.environment, "PATH": f"{COMMAND.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    assert ended.stdout == "1 2 3 4\ncomplete -o nosort -F _banners_completion banners\n"
