"""No command fails, after its work, because its output cannot be written."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.deliveries import small_quarter
from support.running import COMMAND, Workplace

LOST = {"/dev/full": "No space left on device", "closed": "it is closed", "pipe": "Broken pipe"}
# Commands that do something, and what the message says of it.
WORKING = {
    ("crunch", "events"): "The run is complete; see what is live with: banners generations",
    ("crunch", "events", "--json"): "The run is complete; see what is live with: banners generat",
    ("rollback",): "The change is in force; see it with: banners generations",
    ("rollback", "--json"): "The change is in force; see it with: banners generations",
    ("sample", "sample", "--impressions", "300", "--quarter", "1", "--json"): "The sample is made",
}
SHOWING = [
    ("generations",),
    ("generations", "--json"),
    ("show", "5", "--quarter", "2"),
    ("show", "5", "--quarter", "2", "--json"),
    ("export", "-"),
    ("export", "-", "--format", "parquet"),
    ("completion", "bash"),
    ("--help",),
    ("crunch", "--help"),
    ("--version",),
]


def run_without_output(
    workplace: Workplace, words: tuple[str, ...], out: str, *, err: str = "2>errors"
) -> tuple[int, str]:
    """Run a command whose standard output cannot be written; return its status and errors."""
    read, write = os.pipe()
    os.close(read)
    redirection = {"/dev/full": ">/dev/full", "closed": ">&-", "pipe": ""}[out]
    script = f'exec "$@" {redirection} {err}'
    ended = subprocess.run(
        ["/bin/sh", "-c", script, "sh", COMMAND, *words],
        cwd=workplace.folder,
        env=workplace.environment,
        stdout=write,
        check=False,
        timeout=120,
    )
    os.close(write)
    errors = workplace.folder / "errors"
    return ended.returncode, errors.read_text() if errors.exists() else ""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Two generations, which no test changes."""
    workplace = Workplace(tmp_path_factory.mktemp("shown"))
    small_quarter(workplace.folder)
    for _ in range(2):
        assert workplace.run("crunch", "events").returncode == 0
    return workplace


@pytest.fixture
def published(shown: Workplace, tmp_path: Path) -> Workplace:
    """Two generations, in a folder of this test."""
    shutil.copytree(shown.folder, tmp_path, dirs_exist_ok=True)
    return Workplace(tmp_path)


def generations(workplace: Workplace) -> int:
    return workplace.run("generations", "--json").stdout.count('"published_at"')


@pytest.mark.parametrize(
    ("words", "out"),
    [
        *((words, "/dev/full") for words in WORKING),
        (("crunch", "events"), "closed"),
        (("crunch", "events"), "pipe"),
    ],
)
def test_what_is_done_keeps_its_status(
    published: Workplace, words: tuple[str, ...], out: str
) -> None:
    status, said = run_without_output(published, words, out)
    assert status == 0, said
    assert f"Standard output cannot be written: {LOST[out]}. {WORKING[words]}" in said
    assert said.count("Standard output") == 1
    assert "Traceback" not in said
    assert generations(published) == (3 if words[0] == "crunch" else 2)


def test_a_refused_quarter_keeps_its_status(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    small_quarter(workplace.folder, 3, clicks="x,10,5\n")
    status, said = run_without_output(workplace, ("crunch", "events"), "closed")
    assert status == 3
    assert "Quarter 3 refused" in said
    assert "Traceback" not in said
    assert generations(workplace) == 1


@pytest.mark.parametrize("out", ["/dev/full", "closed"])
@pytest.mark.parametrize("words", SHOWING, ids=" ".join)
def test_a_command_that_only_shows_something_fails_with_a_sentence(
    shown: Workplace, words: tuple[str, ...], out: str
) -> None:
    told = f"Standard output cannot be written: {LOST[out]}.\n"
    assert run_without_output(shown, words, out) == (1, told)


@pytest.mark.parametrize("words", SHOWING, ids=" ".join)
def test_a_reader_that_leaves_early_is_no_error(shown: Workplace, words: tuple[str, ...]) -> None:
    assert run_without_output(shown, words, "pipe") == (141, "")


@pytest.mark.parametrize(
    ("out", "err"), [("/dev/full", "2>/dev/full"), ("closed", "2>&-"), ("pipe", "2>&1")]
)
def test_a_job_goes_on_without_anywhere_to_write_to(
    published: Workplace, out: str, err: str
) -> None:
    assert run_without_output(published, ("crunch", "events"), out, err=err)[0] == 0
    assert generations(published) == 3


def test_no_file_takes_the_place_of_a_closed_stream(published: Workplace) -> None:
    database = published.folder / "var" / "banners.db"
    for words in (("crunch", "events"), ("generations",)):
        subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", COMMAND, *words],
            cwd=published.folder,
            env=published.environment,
            check=False,
            timeout=120,
        )
    assert database.read_bytes().startswith(b"SQLite format 3\0")
    assert generations(published) == 3
    assert not [path for path in rejects(published.folder) if "quarter" in path.read_text()]


def rejects(folder: Path) -> list[Path]:
    return list((folder / "var").glob("rejects/*"))


def test_a_terminal_that_is_gone_does_not_end_a_job(published: Workplace) -> None:
    controller, terminal = os.openpty()
    with subprocess.Popen(
        [COMMAND, "crunch", "events"],
        cwd=published.folder,
        env=published.environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as running:
        os.close(terminal)
        os.close(controller)
    assert running.returncode == 0
    assert generations(published) == 3
