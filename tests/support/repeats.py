"""How often tests with random input are repeated, in `make test` and in `make test-long`."""

import pytest


def repeated(few: int, many: int) -> list[object]:
    """Return two numbers of repeats for a test; only `make test-long` uses the second."""
    return [few, pytest.param(many, marks=pytest.mark.long)]
