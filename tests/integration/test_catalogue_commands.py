"""``banners catalogue``: from files into force, and back, as a person and a program see it."""

import json
import signal
from pathlib import Path

import click
import pytest

from banners.cli.catalogue import catalogue
from support.catalogues import files
from support.deliveries import small_quarter
from support.running import Workplace
from support.servers import until

AUTUMN = "5,Autumn sale,,,yes,\n"
SHOE = "5,414,Red shoe,https://shop.example/shoe,,,yes\n"


@pytest.fixture
def folder(workplace: Workplace) -> Path:
    return files(workplace.folder / "catalogue", AUTUMN, SHOE)


def imported(workplace: Workplace, folder: Path, campaigns: str, banners: str = "") -> None:
    files(folder, campaigns, banners)
    ended = workplace.run("catalogue", "import", "catalogue", "--by", "ada")
    assert ended.returncode == 0, ended.stderr


def test_a_catalogue_goes_in_and_comes_out_again(workplace: Workplace, folder: Path) -> None:
    ended = workplace.run("catalogue", "import", "catalogue", "--by", "ada")
    assert (ended.returncode, ended.stdout) == (
        0,
        "Version 1 is in force. Imported from catalogue: 1 campaign added, 1 banner added.\n",
    )
    assert ended.stderr == "checking the files\nwriting the version\n"
    ended = workplace.run("catalogue", "export", "out")
    assert (ended.returncode, ended.stdout) == (
        0,
        "Version 1 is in out: 1 campaign with 1 banner.\n",
    )
    for name in ("campaigns.csv", "banners.csv"):
        assert (workplace.folder / "out" / name).read_text() == (folder / name).read_text()


def test_programs_read_what_was_imported(workplace: Workplace, folder: Path) -> None:
    told = json.loads(workplace.run("catalogue", "import", str(folder), "--json").stdout)
    assert (told["version"], told["campaigns"], told["banners"]) == (1, 1, 1)
    told = json.loads(workplace.run("catalogue", "import", str(folder), "--json").stdout)
    assert (told["version"], told["campaigns"], told["what"]) == (None, 1, "")


@pytest.mark.usefixtures("folder")
def test_an_equal_catalogue_changes_nothing(workplace: Workplace) -> None:
    workplace.run("catalogue", "import", "catalogue")
    ended = workplace.run("catalogue", "import", "catalogue")
    assert (ended.returncode, ended.stdout) == (
        0,
        "The catalogue is as it was: nothing in the files differs from it.\n",
    )


@pytest.mark.parametrize("command", ["import", "check"])
def test_every_fault_is_printed_and_nothing_is_imported(
    workplace: Workplace, folder: Path, command: str
) -> None:
    files(folder, "5,Autumn sale,soon,,yes,\n", SHOE + "6,1,,,,,\n")
    ended = workplace.run("catalogue", command, "catalogue")
    assert (ended.returncode, ended.stdout) == (1, "")
    head, *faults = ended.stderr.removeprefix("checking the files\n").splitlines()
    assert head.startswith("Error: The catalogue in catalogue has 2 faults, so it cannot be")
    assert [fault.split(": ")[0] for fault in faults] == [
        "  campaigns.csv, line 2, starts",
        "  banners.csv, line 3, name",
    ]
    assert workplace.run("catalogue", "versions").returncode == 1


def test_a_good_catalogue_is_checked_without_a_database(workplace: Workplace, folder: Path) -> None:
    ended = workplace.run("catalogue", "check", str(folder))
    assert (ended.returncode, ended.stdout) == (
        0,
        "No fault was found in 1 campaign with 1 banner.\n",
    )
    assert not (workplace.folder / "var").exists()


def test_programs_read_the_faults(workplace: Workplace, folder: Path) -> None:
    ended = workplace.run("catalogue", "check", str(folder), "--json")
    assert (ended.returncode, json.loads(ended.stdout)["faults"]) == (0, [])
    files(folder, "5,Autumn sale,,,yes\n", SHOE)
    ended = workplace.run("catalogue", "check", str(folder), "--json")
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["total"]) == (1, 2)
    assert told["faults"][0] == {
        "file": "campaigns.csv",
        "line": 2,
        "column": "",
        "reason": "the line has 5 columns; expected 6",
    }


def test_times_without_an_offset_are_in_the_zone_of_the_setting(
    workplace: Workplace, folder: Path
) -> None:
    workplace.variables["BANNERS_TIMEZONE"] = "Europe/Berlin"
    imported(workplace, folder, "5,Autumn sale,2026-11-27,,yes,\n")
    workplace.run("catalogue", "export", "out")
    written = (workplace.folder / "out" / "campaigns.csv").read_text()
    assert "2026-11-26T23:00:00Z" in written


def test_versions_are_listed_compared_and_rolled_back(workplace: Workplace, folder: Path) -> None:
    imported(workplace, folder, AUTUMN, SHOE)
    imported(workplace, folder, "5,Autumn sale,,,no,\n6,Hats,,,yes,\n")
    listed = workplace.run("catalogue", "versions").stdout.splitlines()
    assert listed[0].startswith("Version 2, in force, 20")
    assert listed[2].startswith("Version 1, 20")
    assert listed[2].endswith(" UTC by ada")
    compared = workplace.run("catalogue", "compare", "1", "2").stdout
    assert compared == (
        "Campaign 5 “Autumn sale”: paused.\n"
        "Banner 414 “Red shoe” of campaign 5 was removed.\n"
        "Campaign 6 “Hats” was added.\n"
    )
    ended = workplace.run("catalogue", "rollback", "--to", "1", "--by", "grace")
    assert (ended.returncode, ended.stdout) == (
        0,
        (
            "Version 3 is in force. Rolled back to version 1: 1 banner added, 1 campaign removed, "
            "1 campaign changed.\n"
        ),
    )
    assert workplace.run("catalogue", "compare", "1", "3").stdout == (
        "Versions 1 and 3 do not differ.\n"
    )
    assert workplace.run("catalogue", "rollback", "--to", "1").stdout == (
        "Version 3 is in force, as before: version 1 has the same content.\n"
    )


def test_programs_read_versions_and_differences(workplace: Workplace, folder: Path) -> None:
    assert json.loads(workplace.run("catalogue", "versions", "--json").stdout) == {"versions": []}
    imported(workplace, folder, AUTUMN, SHOE)
    imported(workplace, folder, "5,Autumn,,,yes,\n", SHOE)
    told = json.loads(workplace.run("catalogue", "versions", "--last", "1", "--json").stdout)
    (version,) = told["versions"]
    assert (version["version"], version["in_force"], version["by"]) == (2, True, "ada")
    told = json.loads(workplace.run("catalogue", "compare", "2", "1", "--json").stdout)
    assert told["differences"] == [
        {
            "kind": "changed",
            "campaign_id": 5,
            "banner_id": None,
            "name": "Autumn sale",
            "changes": [{"field": "name", "old": "Autumn", "new": "Autumn sale"}],
        }
    ]
    told = json.loads(workplace.run("catalogue", "rollback", "--to", "1", "--json").stdout)
    assert (told["version"], told["in_force"]) == (3, True)


def test_an_earlier_version_is_exported(workplace: Workplace, folder: Path) -> None:
    imported(workplace, folder, AUTUMN)
    imported(workplace, folder, "6,Hats,,,yes,\n")
    told = workplace.run("catalogue", "export", "out", "--version", "1", "--json").stdout
    assert json.loads(told) == {"version": 1, "campaigns": 1, "banners": 0}
    assert AUTUMN in (workplace.folder / "out" / "campaigns.csv").read_text()


def test_the_database_is_named_before_or_after_the_command(
    workplace: Workplace, folder: Path
) -> None:
    url = "sqlite:///other.db"
    first = workplace.run("catalogue", "--database", url, "import", str(folder))
    assert first.returncode == 0
    second = workplace.run("catalogue", "versions", "--database", url)
    assert second.stdout.startswith("Version 1, in force")
    assert not (workplace.folder / "var").exists()


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("export", "out"), 1, "There is no catalogue yet. Make one on the page of campaigns, or"),
        (("versions",), 1, "Make one on the page of campaigns, or with: banners catalogue import"),
        (("compare", "1", "2"), 1, "There is no version 1. List the versions with: banners"),
        (("rollback", "--to", "7"), 1, "There is no version 7. List the versions with: banners"),
        (("rollback",), 2, "Missing option '--to'."),
        (("rollback", "--to", "0"), 2, "0 is not in the range x>=1."),
        (("import",), 2, "Missing argument 'DIR'."),
        (("import", "nowhere"), 1, "campaigns.csv: the file cannot be read: No such file"),
        (("import", "catalogue", "--database", "oracle://x"), 2, "'oracle'; expected sqlite or"),
        (("import", "catalogue", "--database", "sqlite:///file"), 1, "is not an SQLite database"),
        (("export", "file/out", "--version", "1"), 1, "There is no version 1."),
        (("imprt",), 2, "No such command 'imprt'. Did you mean 'import'?"),
        ((), 2, "Examples:\n    banners catalogue check DIR"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_wrong_use_ends_in_a_sentence_and_a_status(
    workplace: Workplace, words: tuple[str, ...], status: int, told: str
) -> None:
    (workplace.folder / "file").write_text("no folder, and no database either\n" * 9)
    ended = workplace.run("catalogue", *words)
    assert (ended.returncode, ended.stdout) == (status, ""), ended.stderr
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (workplace.folder / "var").exists()


def test_files_that_cannot_be_written_are_an_error(workplace: Workplace, folder: Path) -> None:
    imported(workplace, folder, AUTUMN)
    (workplace.folder / "file").write_text("")
    ended = workplace.run("catalogue", "export", "file/out")
    assert ended.returncode == 1
    assert "The catalogue cannot be written to file/out: Not a directory." in ended.stderr


def test_the_name_of_this_user_is_recorded(workplace: Workplace, folder: Path) -> None:
    workplace.variables["LOGNAME"] = "hopper"
    assert workplace.run("catalogue", "import", str(folder)).returncode == 0
    assert " by hopper\n" in workplace.run("catalogue", "versions").stdout


def test_an_import_that_is_stopped_leaves_the_version_in_force(
    workplace: Workplace, folder: Path
) -> None:
    imported(workplace, folder, AUTUMN)
    files(folder, "".join(f"{each},Hats,,,yes,\n" for each in range(1, 100_001)))
    running = workplace.start("catalogue", "import", "catalogue")
    said: list[str] = []

    def has_begun() -> bool:
        assert running.stdout is not None
        said.append(running.stdout.readline())
        return "writing" in said[-1]

    until(has_begun)
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate()
    assert (running.returncode, out) == (130, "Stopped. The previous version stays live.\n")
    listed = json.loads(workplace.run("catalogue", "versions", "--json").stdout)["versions"]
    assert [each["version"] for each in listed] == [1]


@pytest.mark.parametrize("command", catalogue.commands)
def test_help_of_each_command_has_an_example_and_says_how_it_may_end(command: str) -> None:
    of = catalogue.commands[command]
    context = click.Context(of, info_name=f"banners catalogue {command}")
    told = of.get_help(context)
    assert f"  banners catalogue {command}" in told
    assert "Exit status: 0 " in told
    assert "--database URL" in told
    assert max(map(len, told.splitlines())) <= 80
    assert all(each.help for each in of.params)


def test_the_summary_of_each_command_is_complete() -> None:
    told = catalogue.get_help(click.Context(catalogue, info_name="catalogue"))
    for each in catalogue.commands.values():
        assert f" {each.help}\n" in told


@pytest.fixture
def published(workplace: Workplace) -> Workplace:
    """A workplace in which campaign 5 is published."""
    small_quarter(workplace.folder)
    assert workplace.run("crunch", "events").returncode == 0
    return workplace


def test_published_campaigns_that_are_not_in_the_files_are_told(
    published: Workplace, folder: Path
) -> None:
    files(folder, "6,Hats,,,yes,\n")
    told = (
        "1 published campaign is not in the files, so its page shows nothing with this "
        "catalogue: 5."
    )
    for command in ("check", "import", "import"):
        assert published.run("catalogue", command, "catalogue").stdout.splitlines()[-1] == told
    for command in ("check", "import"):
        answer = published.run("catalogue", command, "catalogue", "--json").stdout
        assert json.loads(answer)["published_lacking"] == 1


def test_a_complete_catalogue_says_nothing_of_the_published(
    published: Workplace, folder: Path
) -> None:
    files(folder, AUTUMN)
    for command in ("check", "import"):
        ended = published.run("catalogue", command, "catalogue")
        assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 1)


def test_an_empty_catalogue_is_refused_while_campaigns_are_published(
    published: Workplace, folder: Path
) -> None:
    files(folder)
    ended = published.run("catalogue", "import", "catalogue")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "have no campaign." in ended.stderr
    assert "with --empty" in ended.stderr
    assert published.run("catalogue", "versions").returncode == 1
    imported(published, folder, AUTUMN)
    assert published.run("catalogue", "import", "catalogue").returncode == 0
    files(folder)
    assert published.run("catalogue", "import", "catalogue", "--empty").returncode == 0


def test_an_empty_catalogue_is_imported_where_nothing_is_published(
    workplace: Workplace, folder: Path
) -> None:
    imported(workplace, folder, AUTUMN)
    imported(workplace, folder, "")
