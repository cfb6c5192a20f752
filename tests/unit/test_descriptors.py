"""A process without a free file descriptor says so, and blames nothing else."""

import os
import resource
from pathlib import Path

import pytest

from banners.core.model import Quarter
from banners.errors import StoreUnavailable
from banners.store.connect import open_database
from banners.store.descriptors import shortage
from banners.store.read.lineups import DatabaseReader
from support.publishing import publish


def test_a_database_that_no_descriptor_is_left_for_is_not_blamed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'banners.db'}"
    publish(open_database(url, create=True), 1, Quarter.FIRST)
    reader = DatabaseReader(open_database(url, create=False))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(StoreUnavailable) as raised:
            reader.active()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert str(raised.value) == (
        f"No file descriptor is free: this process may have {lowest} open. "
        "Raise the limit (ulimit -n)."
    )
    assert not shortage()
    assert reader.active()


def test_a_file_that_cannot_be_opened_for_another_reason_is_no_shortage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.devnull", f"{tmp_path / 'missing'}")
    assert shortage() == ""
