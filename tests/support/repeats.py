"""How often a test repeats what chance decides: a few times at each landing, often in long runs."""

import pytest


def repeated(few: int, many: int) -> list[object]:
    """Return two numbers of repeats to parametrise a test with; the second is for long runs."""
    return [few, pytest.param(many, marks=pytest.mark.long)]
