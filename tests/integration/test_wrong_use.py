"""Every wrong use ends with a sentence on standard error and the exit status for its kind."""

import json
import socket

import pytest

from support.deliveries import small_quarter
from support.running import Workplace

OPTION = "banners crunch [OPTIONS] DIR\nTry 'banners crunch --help' for help.\n"


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("crunch", "nowhere"), 1, "nowhere is not a folder. Give the folder that"),
        (("crunch", "file"), 1, "file is not a folder. Give the folder that"),
        (("crunch", "."), 1, "holds no event files; expected at least one of ./1 to ./4"),
        (("crunch", ".", "--quarter", "5"), 2, "“5” is not a quarter of the hour. Give 1, 2,"),
        (("crunch", ".", "--quarter"), 2, OPTION),
        (("crunch", ".", "--engine", "abacus"), 2, "'abacus' is not one of 'duckdb', 'spark'"),
        (("crunch", ".", "--database", "nonsense"), 2, "--database holds a value (not shown here)"),
        (("crunch", ".", "--database", "oracle://x"), 2, "'oracle'; expected sqlite or mysql"),
        (("crunch", ".", "--watch", "--database", "oracle://x"), 2, "'oracle'; expected sqlite or"),
        (("crunch", "events", "--database", "sqlite:///file/b.db"), 1, "right to create it, or"),
        (("crunch", "events", "--database", "sqlite:///file"), 1, "Name another file in --data"),
        (("crunch", ".", "--watc"), 2, "No such option '--watc'. Did you mean '--watch'?"),
        (("crunch",), 2, "Missing argument 'DIR'."),
        (
            ("crunch", ""),
            2,
            "found an empty text, expected a folder, such as . for the current one",
        ),
        (
            ("sample", ""),
            2,
            "found an empty text, expected a folder, such as . for the current one",
        ),
        (("export", ""), 2, "found an empty text, expected a file, or - for standard output"),
        (("conversions", "", "--key", "shop"), 2, "found an empty text, expected a file. Is a"),
        (("show", "abc"), 2, "“abc” is not a campaign id. Give a whole number above zero"),
        (("show", "27"), 1, "Nothing is published yet in sqlite:///var/banners.db. To pub"),
        (("show", "27", "--generation", "1"), 1, "Nothing is published yet in sqlite:///var/ba"),
        (("show", "27", "--quarter", "0"), 2, "“0” is not a quarter of the hour. Give 1, 2,"),
        (("show", "27", "--generation", "x"), 2, "'x' is not a valid whole number."),
        (("show", "27", "--database", "sqlite:///file"), 1, "file is not a database. Name another"),
        (("generations",), 1, "Nothing is published yet in sqlite:///var/banners.db. To pub"),
        (("rollback",), 1, "Nothing is published yet in sqlite:///var/banners.db. To pub"),
        (("rollback", "--to", "0"), 2, "0 is not in the range x>=1."),
        (("sample", "x", "--impressions", "0"), 2, "0 is not in the range x>=1."),
        (("sample", "x", "--impressions", f"{10**15}"), 2, "Give a number from 1 to 10000000000"),
        (("sample", "file"), 1, "could not be written to file: "),
        (("serve", "--port", "x"), 2, "'x' is not a valid whole number."),
        (("serve", "--host", "256.0.0.1"), 1, "Choose another port, as in: --port 9000"),
        (("serve", "--host", "a" * 64), 1, ", port 8000: no host has such a name. Choose another"),
        (
            ("show", "27", "--database", "sqlite:///\udcff"),
            1,
            "Nothing is published yet in sqlite:///",
        ),
        (("copy-from", "sqlite:///\udcff"), 1, "The database sqlite:///%5Cxff does not exist"),
        (("stress", "ftp://x"), 2, "expected an http address, as in: banners stress http://"),
        (("completion", "tcsh"), 2, "'tcsh' is not one of 'bash', 'zsh', 'fish'."),
        (("crnch",), 2, "No such command 'crnch'. Did you mean 'crunch'?"),
        (("nonsense",), 2, "Try 'banners --help' for help."),
        ((), 2, "Start here:\n    banners demo\n"),
    ],
)
def test_wrong_use_ends_in_a_sentence_and_a_status(
    workplace: Workplace, words: tuple[str, ...], status: int, told: str
) -> None:
    (workplace.folder / "file").write_text("no folder, and no database either\n" * 9)
    small_quarter(workplace.folder)
    ended = workplace.run(*words)
    assert (ended.returncode, ended.stdout) == (status, ""), ended.stderr
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("9999",), "Campaign 9999 is unknown: no published quarter has events of it. Check"),
        (("54", "--quarter", "2"), "no banners in quarter 2 of the hour. It has banners in quart"),
        (("54", "--generation", "7"), "Generation 7 is not kept for quarter"),
        (("54", "--quarter", "3", "--generation", "1"), "in quarter 3 of the hour of generation 1"),
    ],
)
@pytest.mark.parametrize("output", [(), ("--json",)])
def test_a_lineup_that_is_not_there_is_said_not_to_be(
    published: Workplace, words: tuple[str, ...], told: str, output: tuple[str, ...]
) -> None:
    ended = published.run("show", *words, *output)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert told in ended.stderr


def test_a_generation_that_is_not_kept_cannot_be_gone_back_to(published: Workplace) -> None:
    ended = published.run("rollback", "--quarter", "2", "--to", "7")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "There is no generation 7 of quarter 2 to go back to; nothing was" in ended.stderr
    assert "Quarter 2 has 1 (live). See: banners generations" in ended.stderr


def test_nothing_published_names_the_database(workplace: Workplace) -> None:
    ended = workplace.run("show", "27", "--database", "sqlite:///elsewhere.db")
    assert "Nothing is published yet in sqlite:///elsewhere.db." in ended.stderr


def test_to_list_nothing_for_a_program_is_no_failure(workplace: Workplace) -> None:
    ended = workplace.run("generations", "--json")
    assert (ended.returncode, json.loads(ended.stdout)) == (0, {"generations": []})


def test_a_server_that_is_not_there_is_named_without_its_password(workplace: Workplace) -> None:
    url = "mysql+pymysql://banners:secret@127.0.0.1:9/banners"
    ended = workplace.run("show", "27", "--database", url)
    assert ended.returncode == 1
    assert "Start the server, or fix host and port" in ended.stderr
    assert "secret" not in ended.stderr


def test_a_server_whose_name_no_host_can_have_is_named(published: Workplace) -> None:
    ended = published.run("stress", f"http://{'a' * 64}", "--requests", "1")
    assert (ended.returncode, "aaa: no host has such a name." in ended.stderr) == (1, True)


def test_a_taken_port_gets_a_sentence(published: Workplace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ended = published.run("serve", "--port", str(other.getsockname()[1]))
    assert ended.returncode == 1
    assert "Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("line", ["BANNERS_DATABASE_URL: {}", "banners_database_url={}"])
def test_a_setting_that_is_not_understood_ends_every_command(
    workplace: Workplace, line: str
) -> None:
    small_quarter(workplace.folder)
    (workplace.folder / ".env").write_text(line.format("sqlite:///meant.db") + "\n")
    for words in (("crunch", "events"), ("rollback",), ("serve", "--port", "0"), ("generations",)):
        ended = workplace.run(*words)
        assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
        assert "Error: .env, line 1" in ended.stderr
        assert "BANNERS_DATABASE_URL" in ended.stderr
    assert not list(workplace.folder.rglob("*.db"))
