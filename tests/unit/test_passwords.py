"""Operators are found by their passwords as they are in the file now."""

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from banners.errors import SettingsError
from banners.web.operators.passwords import Passwords
from banners.web.operators.signing import Signing
from support.operators import OPERATOR, PASSWORD, READER, lines

SIGNING = Signing("a key of the tests " * 3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "passwords"
    path.write_text(lines(7))
    return path


@pytest.fixture
def passwords(file: Path) -> Passwords:
    return Passwords(file, SIGNING)


def rewrite(file: Path, text: str) -> None:
    """Replace the file, as editors do, by another one."""
    other = file.with_name("other")
    other.write_text(text)
    other.replace(file)


def name_of(passwords: Passwords, name: str, password: str) -> str | None:
    found = passwords.find(name, password.encode())
    return found.operator.name if found else None


def test_the_password_alone_finds_its_operator(passwords: Passwords) -> None:
    assert name_of(passwords, "", PASSWORD[OPERATOR]) == OPERATOR
    assert name_of(passwords, "", PASSWORD[READER]) == READER


def test_with_a_name_both_must_be_right(passwords: Passwords) -> None:
    assert name_of(passwords, OPERATOR, PASSWORD[OPERATOR]) == OPERATOR
    assert name_of(passwords, OPERATOR, PASSWORD[READER]) is None
    assert name_of(passwords, "nobody", PASSWORD[OPERATOR]) is None


@pytest.mark.parametrize("password", ["", " ", "wrong", PASSWORD[OPERATOR][:-1], "\0"])
def test_other_passwords_find_nobody(passwords: Passwords, password: str) -> None:
    assert name_of(passwords, "", password) is None


def test_a_changed_file_is_read_again(passwords: Passwords, file: Path) -> None:
    mark = SIGNING.mark(PASSWORD[OPERATOR].encode())
    assert passwords.with_mark(OPERATOR, mark)
    rewrite(file, "anna another-password\n")
    passwords.look()
    assert name_of(passwords, "", PASSWORD[OPERATOR]) is None
    assert name_of(passwords, "", "another-password") == OPERATOR
    assert passwords.with_mark(OPERATOR, mark) is None


def test_a_removed_line_ends_what_it_allowed(passwords: Passwords, file: Path) -> None:
    mark = SIGNING.mark(PASSWORD[READER].encode())
    rewrite(file, f"anna {PASSWORD[OPERATOR]}")
    passwords.look()
    assert passwords.with_mark(READER, mark) is None


@pytest.mark.parametrize("text", ["anna x boss", "", None])
def test_while_the_file_has_a_fault_the_passwords_from_before_stay(
    passwords: Passwords, file: Path, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    file.unlink() if text is None else rewrite(file, text)
    for _ in range(3):
        passwords.look()
        assert name_of(passwords, "", PASSWORD[OPERATOR]) == OPERATOR
    assert passwords.fault
    assert len(caplog.records) == 1
    assert "The passwords from before stay valid" in caplog.text
    rewrite(file, "ben fixed-again")
    passwords.look()
    assert name_of(passwords, "", PASSWORD[OPERATOR]) is None
    assert passwords.fault is None


def test_links_are_for_the_first_who_may_do_everything(passwords: Passwords, file: Path) -> None:
    rewrite(file, "acme x reader 7\nben y\nanna z\n")
    passwords.look()
    found = passwords.first_operator()
    assert found is not None
    assert found.operator.name == "ben"
    rewrite(file, "acme x reader 7")
    passwords.look()
    assert passwords.first_operator() is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"anna \xff\n", "is not UTF-8"),
        (b"#" * 1_000_001, "more than a megabyte"),
        (b"anna x boss\n", "line 1: found another role"),
    ],
)
def test_a_file_with_faults_cannot_be_started_with(file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        Passwords(file, SIGNING)


@pytest.mark.parametrize("path", ["nowhere", "a\0b", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: .*BANNERS_OPERATOR_PASSWORD_FILE"):
        Passwords(tmp_path / path, SIGNING)


@pytest.mark.parametrize("strict", [True, False])
def test_a_pipe_in_place_of_the_file_is_refused_without_waiting_for_it(
    tmp_path: Path, strict: bool
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError, match="not a regular file") if strict else nullcontext():
        found = Passwords(tmp_path / "pipe", SIGNING, strict=strict)
        assert "not a regular file" in (found.fault or "")


def test_looking_for_an_operator_does_not_touch_the_disk(passwords: Passwords, file: Path) -> None:
    rewrite(file, "anna another-password\n")
    assert name_of(passwords, "", "another-password") is None
    assert name_of(passwords, "", PASSWORD[OPERATOR]) == OPERATOR


@pytest.mark.parametrize("text", ["anna x boss", "", None])
def test_a_worker_starts_with_nobody_where_the_file_has_a_fault_and_recovers(
    file: Path, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    file.unlink() if text is None else rewrite(file, text)
    passwords = Passwords(file, SIGNING, strict=False)
    passwords.look()
    assert name_of(passwords, "", PASSWORD[OPERATOR]) is None
    assert "Nobody can sign in until this is corrected" in (passwords.fault or "")
    assert len(caplog.records) == 1
    rewrite(file, lines(7))
    passwords.look()
    assert name_of(passwords, "", PASSWORD[OPERATOR]) == OPERATOR
    assert passwords.fault is None
