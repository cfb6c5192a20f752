"""The file with the keys of tokens."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from banners.collect.token_keys import make_token_keys, read_token_keys
from banners.errors import CollectError

FIRST, SECOND = "1" * 32, "2" * 64


def test_the_keys_are_in_the_order_of_the_lines(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"\n  {FIRST}  \r\n\n{SECOND}", encoding="utf-8")
    assert read_token_keys(path) == (FIRST.encode(), SECOND.encode())


def test_a_short_key_is_refused_without_being_quoted(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{FIRST}\nsecret\n", encoding="utf-8")
    with pytest.raises(CollectError, match="line 2 holds a key of 6 characters") as raised:
        read_token_keys(path)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CollectError, match="holds no key"):
        read_token_keys(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="cannot be read: No such file"):
        read_token_keys(tmp_path / "keys")


def test_a_key_is_made_for_its_owner_alone_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys"
    made = make_token_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made) == 1
    assert len(made[0]) >= 32
    assert make_token_keys(path) == made
    assert list(path.parent.iterdir()) == [path]


def test_those_who_start_at_the_same_moment_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: make_token_keys(path), range(32)))
    assert len(made) == 1


def test_two_installations_get_different_keys(tmp_path: Path) -> None:
    assert make_token_keys(tmp_path / "a") != make_token_keys(tmp_path / "b")


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CollectError, match="cannot be made"):
        make_token_keys(tmp_path / "file" / "keys")
