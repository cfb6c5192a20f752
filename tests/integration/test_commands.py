"""The commands as processes, as a shell sees them."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import httpx
import pytest

from banners.store.connect import open_database
from support.deliveries import small_quarter
from support.publishing import drafting
from support.running import Workplace


def test_crunch_as_json_writes_nothing_else_to_standard_output(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    told = json.loads(workplace.run("crunch", "events", "--json").stdout)
    assert told["generation"] == 1
    assert [each["status"] for each in told["quarters"]] == [
        "not given",
        "published",
        "not given",
        "not given",
    ]
    second = told["quarters"][1]
    assert second["rules"] == {"revenue_then_clicks": 1}
    assert {each["kind"]: each["rows"] for each in second["accounts"]} == {
        "impressions": 2,
        "clicks": 1,
        "conversions": 1,
    }


@pytest.mark.parametrize(
    "words",
    [("--quarter", "2", "3"), ("--quarter", "2", "--quarter", "3"), ("--quarter=2", "3")],
)
def test_crunch_takes_only_the_quarters_asked_for(
    workplace: Workplace, words: tuple[str, ...]
) -> None:
    for quarter in (2, 3, 4):
        small_quarter(workplace.folder, quarter)
    told = json.loads(workplace.run("crunch", "events", *words, "--json").stdout)
    assert [each["status"] for each in told["quarters"]] == [
        "not asked for",
        "published",
        "published",
        "not asked for",
    ]


def spoil_header(folder: Path) -> None:
    (folder / "events/2/clicks_2.csv").write_text("click_id,banner\n1,10\n")


def spoil_value(folder: Path) -> None:
    small_quarter(folder, 2, "1,10,5\n2,ten,5\n")


def spoil_revenue(folder: Path) -> None:
    (folder / "events/2/conversions_2.csv").write_text(
        "conversion_id,click_id,revenue\n1,1,0.1\n2,1,NaN\n"
    )


def spoil_width(folder: Path) -> None:
    small_quarter(folder, 2, "1,10,5\n2,10\n3,10,5\n")


def lose_kind(folder: Path) -> None:
    (folder / "events/2/conversions_2.csv").unlink()


def empty(folder: Path) -> None:
    (folder / "events/2/impressions_2.csv").write_text("")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a quarter that is published; tests must not change it."""
    workplace = Workplace(tmp_path_factory.mktemp("once"))
    small_quarter(workplace.folder, 2)
    assert workplace.run("crunch", "events").returncode == 0
    return workplace.folder


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_header, ("clicks_2.csv", "line 1", "campaign_id")),
        (spoil_value, ("clicks_2.csv", "line 3", "bad_id", "ten")),
        (spoil_revenue, ("conversions_2.csv", "line 3", "bad_revenue", "NaN")),
        (spoil_width, ("clicks_2.csv", "line 3", "bad_width")),
        (lose_kind, ("Quarter 2 refused", "no file of conversions")),
        (empty, ("impressions_2.csv", "empty")),
    ],
)
def test_a_faulty_quarter_is_refused_by_name_and_the_others_are_published(
    workplace: Workplace, once: Path, spoil: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    shutil.copytree(once, workplace.folder, dirs_exist_ok=True)
    small_quarter(workplace.folder, 3)
    spoil(workplace.folder)
    ended = workplace.run("crunch", "events")
    assert ended.returncode == 3
    assert all(word in ended.stderr for word in words)
    served = json.loads(workplace.run("show", "5", "--quarter", "2", "--json").stdout)
    assert served["generation"] == 1
    served = json.loads(workplace.run("show", "5", "--quarter", "3", "--json").stdout)
    assert served["generation"] == 2


def test_files_that_are_named_otherwise_are_mentioned(workplace: Workplace) -> None:
    small_quarter(workplace.folder, 2)
    (workplace.folder / "events" / "2" / "click_2.csv").touch()
    (workplace.folder / "events" / "3").mkdir()
    (workplace.folder / "events" / "3" / "clicks_2.csv").touch()
    ended = workplace.run("crunch", "events")
    assert "Quarter 2: not read, because of their names: click_2.csv." in ended.stdout
    assert "Quarter 3: not read, because of their names: clicks_2.csv." in ended.stdout


def test_what_should_be_a_quarters_folder_and_is_none_is_refused(workplace: Workplace) -> None:
    small_quarter(workplace.folder, 2)
    (workplace.folder / "events" / "3").touch()
    ended = workplace.run("crunch", "events")
    assert ended.returncode == 3
    assert "Quarter 3 refused: events/3 cannot be read" in ended.stderr


@pytest.mark.parametrize(
    ("number", "words", "status"),
    [
        (signal.SIGINT, (), 130),
        (signal.SIGTERM, (), 143),
        (signal.SIGHUP, (), 129),
        (signal.SIGINT, ("--watch",), 0),
        (signal.SIGTERM, ("--watch",), 0),
    ],
)
def test_a_signal_ends_a_crunch_with_a_sentence_and_leaves_nothing_behind(
    published: Workplace, tmp_path: Path, number: int, words: tuple[str, ...], status: int
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    workplace = Workplace(tmp_path, {"TMPDIR": str(temporary)})
    (tmp_path / "events").symlink_to(published.folder / "events")
    url = f"sqlite:///{tmp_path / 'var' / 'banners.db'}"
    with (
        # Otherwise a fast run could publish, and end, before a slow test sends the signal.
        drafting(open_database(url, create=True)),
        workplace.start("crunch", "events", *words) as running,
    ):
        assert running.stdout is not None
        said = ""
        for line in running.stdout:
            said += line
            if line == "quarter 1: crunching\n":
                assert list(temporary.iterdir()) != []
                running.send_signal(number)
    assert "Traceback" not in said
    assert ("Stopped." in said) == bool(status)
    assert running.returncode == status
    assert list(temporary.iterdir()) == []


def test_an_interrupt_ends_a_server_without_a_fault(published: Workplace) -> None:
    with published.serving() as (address, running):
        httpx.get(f"{address}/healthz")
        running.send_signal(signal.SIGINT)
        assert running.stdout is not None
        said = running.stdout.read()
    assert running.returncode == 0
    assert "Traceback" not in said


def test_a_server_says_at_the_start_that_nothing_is_published(workplace: Workplace) -> None:
    with workplace.start("serve", "--port", "0") as running:
        assert running.stdout is not None
        assert "Nothing is published yet" in running.stdout.readline()
        running.terminate()


def test_looking_at_nothing_leaves_nothing_behind(workplace: Workplace) -> None:
    workplace.run("show", "27")
    assert list(workplace.folder.iterdir()) == []


def test_a_sample_is_made_whatever_the_database(workplace: Workplace) -> None:
    words = ("sample", "events", "--impressions", "500", "--quarter", "1", "--database")
    assert workplace.run(*words, "sqlite:///elsewhere/b.db").returncode == 0
    assert not (workplace.folder / "elsewhere").exists()


def test_a_crunch_waits_for_another_to_finish_writing_before_it_publishes(
    workplace: Workplace,
) -> None:
    small_quarter(workplace.folder)
    url = f"sqlite:///{workplace.folder / 'var' / 'banners.db'}"
    with drafting(open_database(url, create=True)):
        running = workplace.start("crunch", "events")
        assert running.stdout is not None
        told = (
            "Another run is publishing; waiting up to 60 seconds for it to end "
            "(BANNERS_WAIT_SECONDS). If it takes longer, this run ends without publishing.\n"
        )
        steps = list(takewhile(told.__ne__, iter(running.stdout.readline, "")))
        assert steps[-1] == "quarter 2: crunching\n"
    said, _ = running.communicate()
    assert running.returncode == 0
    assert said.startswith("quarter 2: publishing\n")
    assert "Generation 1 is now live." in said


def test_a_warning_is_a_plain_line_even_after_a_library_has_logged(workplace: Workplace) -> None:
    script = """if True:
        import logging
        from banners.cli.group import banners

        banners.commands = {}  # in place of those that are imported when they run

        @banners.command()
        def warn():
            logging.info("A library is at work.")
            logging.getLogger("banners.any").warning("Something is amiss.")

        banners(["warn"])
    """
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=workplace.folder, capture_output=True, check=False
    )
    assert ended.stderr == b"Something is amiss.\n"


def test_an_interrupted_crunch_leaves_the_old_generation_served(
    published: Workplace, tmp_path: Path
) -> None:
    workplace = Workplace(tmp_path)
    shutil.copytree(published.folder / "events", tmp_path / "events")
    assert workplace.run("crunch", "events").returncode == 0
    with workplace.start("crunch", "events") as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line == "quarter 1: publishing\n":
                running.send_signal(signal.SIGKILL)
                break
    served = json.loads(workplace.run("show", "1", "--quarter", "1", "--json").stdout)
    assert served["generation"] == 1
    assert workplace.run("crunch", "events").returncode == 0
    again = json.loads(workplace.run("show", "1", "--quarter", "1", "--json").stdout)
    assert again["generation"] > 1
    assert again["lineup"] == served["lineup"]
