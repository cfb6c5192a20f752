"""The password and the key that the first start makes."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from banners.errors import SettingsError
from banners.web.operators import secret_files
from banners.web.operators.password_lines import ONLY_NAME, parse

_READ = (
    "import sys, pathlib; from banners.web.operators.secret_files import session_key; "
    "sys.stdin.read(1); print(session_key(pathlib.Path(sys.argv[1])))"
)


def test_the_first_start_makes_one_password_that_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "var" / "operator_password"
    secret_files.make_password(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (operator,) = parse(path.read_text(), "file")
    assert operator.name == ONLY_NAME
    assert len(operator.password) >= 24


def test_what_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "operator_password"
    secret_files.make_password(path)
    made = path.read_text()
    secret_files.make_password(path)
    assert path.read_text() == made
    assert secret_files.session_key(tmp_path / "key") == secret_files.session_key(tmp_path / "key")


def test_two_starts_make_different_secrets(tmp_path: Path) -> None:
    assert secret_files.session_key(tmp_path / "1") != secret_files.session_key(tmp_path / "2")


def test_processes_that_start_together_read_the_same_key(tmp_path: Path) -> None:
    words = [sys.executable, "-c", _READ, str(tmp_path / "var" / "key")]
    running = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for each in running:  # all have been started before the first may begin
        assert each.stdin is not None
        each.stdin.write("x")
        each.stdin.flush()
    said = {each.communicate()[0] for each in running}
    assert len(said) == 1
    assert len(said.pop().strip()) >= 32
    assert [each.name for each in (tmp_path / "var").iterdir()] == ["key"]


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short\n")
    with pytest.raises(SettingsError, match="key has 5 characters; expected a key of 32 or more"):
        secret_files.session_key(tmp_path / "key")


def test_a_key_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff" * 40)
    with pytest.raises(SettingsError, match="is not text"):
        secret_files.session_key(tmp_path / "key")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(SettingsError, match=r"can neither be read nor made: .* the folder .*var"):
        secret_files.session_key(tmp_path / "var" / "key")
