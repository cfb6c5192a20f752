"""The import contracts cover everything that their names say."""

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
    """Return the modules that the contract of this name forbids."""
    (contract,) = (
        each for each in PROJECT["tool"]["importlinter"]["contracts"] if words in each["name"]
    )
    return set(contract["forbidden_modules"])


def importable() -> dict[str, set[str]]:
    """Return the import names of each library that the program may need."""
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
def test_every_library_is_forbidden_to_the_core(library: str) -> None:
    names = {name for name in importable()[library] if not name.startswith("_")}
    assert names & forbidden("nothing but the standard library"), names


def test_every_tier_is_among_those_that_only_the_wiring_imports() -> None:
    serve = Path(__file__).parents[2] / "src" / "banners" / "serve"
    tiers = {f"banners.serve.{path.stem}" for path in serve.glob("*.py")}
    held = ("banner_index", "catalogue", "catalogued", "inventory")
    allowed = ("__init__", "codec", "packed", "packed_lineups", "reader", *held)
    tiers -= {f"banners.serve.{name}" for name in allowed}
    assert forbidden("only the readers' Protocols, the codec and the catalogue") == tiers
    assert forbidden("Commands and the library reach") == tiers | {
        "banners.crunch",
        "banners.serve.codec",
        "banners.serve.packed",
        "banners.serve.packed_lineups",
        "banners.store",
    }
