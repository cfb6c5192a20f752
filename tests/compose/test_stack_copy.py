"""The workers of the web container share a copy of what is live, in memory of a fixed size."""

from dataclasses import replace

import pytest

from compose.stack import JOB, QUARTERS, WEB, Stack

pytestmark = pytest.mark.compose

CANNOT_SHARE = "cannot share a copy of quarter {}"


def copied(stack: Stack) -> set[int]:
    """Return the quarters whose records are in a copy."""
    names = stack.compose("exec", "-T", WEB, "sh", "-c", "ls /tmp/banners-10001").split()
    copies = [name for name in names if "-records." in name and not name.endswith(".lock")]
    return {int(name.split("-")[1]) for name in copies}


def kibibytes(stack: Stack) -> int:
    """Return the size of the folder for temporary files."""
    ask = "df --block-size=1K --output=size /tmp"
    told = stack.compose("exec", "-T", WEB, "sh", "-c", ask)
    return int(told.split()[-1])


def test_the_workers_share_a_copy_of_every_quarter(stack: Stack) -> None:
    assert kibibytes(stack) == 400 * 1024
    assert copied(stack) == set(QUARTERS)


def test_a_copy_that_does_not_fit_is_logged_and_the_same_is_served(stack: Stack) -> None:
    before = stack.result()
    cramped = replace(stack, settings={"WEB_COPY": "8k"})
    cramped.compose("up", "--detach", "--wait", "--scale", f"{JOB}=0")
    assert kibibytes(cramped) == 8
    assert cramped.result() == before
    assert copied(cramped) == set()
    logged = cramped.compose("logs", WEB)
    assert all(CANNOT_SHARE.format(quarter) in logged for quarter in QUARTERS)
    assert "No space left on device" in logged
    assert "name another folder in BANNERS_SHARED" in logged
