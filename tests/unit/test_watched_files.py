"""Whether a file has changed since it was read."""

import os
from pathlib import Path

import pytest

from banners.core.watched import state_of


def test_the_same_file_has_the_same_state(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("one")
    assert state_of(path) == state_of(path)


def test_a_file_of_another_content_or_for_others_has_another_state(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("one")
    found = [state_of(path)]
    path.write_text("three")
    found.append(state_of(path))
    os.utime(path, ns=(0, 0))
    found.append(state_of(path))
    (tmp_path / "new").write_text("three")
    os.utime(tmp_path / "new", ns=(0, 0))
    (tmp_path / "new").replace(path)
    found.append(state_of(path))
    assert len(set(found)) == 4


@pytest.mark.parametrize("name", ["none", "n" * 300, "a\0b"])
def test_a_file_that_is_not_there_has_none(tmp_path: Path, name: str) -> None:
    assert state_of(tmp_path / name) == ()
