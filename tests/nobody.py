"""Somebody whom permissions bind, for the tests of what a user may not do."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

NOBODY = 65_534


@contextmanager
def somebody_ordinary() -> Iterator[None]:
    """Be somebody whom permissions bind, which they do not bind root to."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
