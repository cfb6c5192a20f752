"""Runs as an ordinary user, for tests of missing permissions: root has all of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

NOBODY = 65_534


@contextmanager
def somebody_ordinary() -> Iterator[None]:
    """Run the block as an ordinary user, to whom permissions apply; they do not apply to root."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
