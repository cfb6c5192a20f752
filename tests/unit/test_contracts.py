"""The contracts on who may import whom are as wide as their names say."""

import re
import tomllib
from collections import defaultdict
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

PROJECT: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
)


def forbidden(words: str) -> set[str]:
    """What the contract with such a name forbids."""
    (contract,) = (
        each for each in PROJECT["tool"]["importlinter"]["contracts"] if words in each["name"]
    )
    return set(contract["forbidden_modules"])


def importable() -> dict[str, set[str]]:
    """The names under which each library that the program may need is imported."""
    found = defaultdict(set)
    for name, libraries in packages_distributions().items():
        for library in libraries:
            found[library.lower().replace("_", "-")].add(name)
    return found


def needed() -> list[str]:
    project = PROJECT["project"]
    extras = [each for name, each in project["optional-dependencies"].items() if name != "dev"]
    return [
        re.split(r"[><=;\[]", requirement)[0].lower()
        for requirement in sum(extras, project["dependencies"])
    ]


@pytest.mark.parametrize("library", needed())
def test_no_library_is_left_out_of_what_the_core_may_not_import(library: str) -> None:
    names = {name for name in importable()[library] if not name.startswith("_")}
    assert names & forbidden("nothing but the standard library"), names


def test_the_tiers_that_nobody_but_the_wiring_knows_are_all_of_them() -> None:
    serve = Path(__file__).parents[2] / "src" / "banners" / "serve"
    tiers = {f"banners.serve.{path.stem}" for path in serve.glob("*.py")}
    tiers -= {f"banners.serve.{name}" for name in ("__init__", "reader", "report", "reporting")}
    assert forbidden("the readers' Protocols alone") == tiers
    assert forbidden("Commands and the library reach") == tiers | {
        "banners.crunch",
        "banners.store",
    }
