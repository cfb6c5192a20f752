"""``import banners`` offers a few documented names, and is fast."""

import inspect
import pydoc
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

import banners

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
# If Banners is installed from a wheel, it is among them.
OTHERS = {name for name in packages_distributions() if name != "banners"}
FUNCTIONS = [name for name in banners.__all__ if inspect.isfunction(getattr(banners, name))]


def loaded_by(code: str) -> set[str]:
    """Return the modules that a new Python process loads for some code."""
    script = (
        f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(ended.stdout.split())


def test_the_public_names_are_exactly_these() -> None:
    assert set(banners.__all__) == {
        "BannersError",
        "Chosen",
        "Crunched",
        "choose_lineups",
        "crunch_folder",
        "list_generations",
        "read_generation",
        "read_lineup",
    }


def test_an_import_loads_only_the_errors_and_the_version() -> None:
    loaded = loaded_by("import banners")
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("banners")}
    assert ours == {"banners", "banners.errors", "banners.version"}
    assert not {name.split(".")[0] for name in loaded} & OTHERS


def test_importing_all_names_loads_no_framework_driver_or_engine() -> None:
    loaded = loaded_by("from banners import *")
    assert "banners.library" in loaded
    assert not {name.split(".")[0] for name in loaded} & OTHERS


@pytest.mark.parametrize("name", banners.__all__)
def test_no_name_is_also_the_name_of_a_module(name: str) -> None:
    assert find_spec(f"banners.{name}") is None


@pytest.mark.parametrize("name", banners.__all__)
def test_every_name_is_listed_before_it_is_loaded(name: str) -> None:
    code = f"import banners\nassert {name!r} in dir(banners)"
    assert "banners.library" not in loaded_by(code)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'banners' has no attribute 'nonsense'"):
        getattr(banners, "nonsense")  # noqa: B009  # as a constant, mypy knows that it is not there


@pytest.mark.parametrize("name", banners.__all__)
def test_help_shows_every_name_with_its_signature(name: str) -> None:
    assert re.search(rf"\b{name}\(", pydoc.plain(pydoc.render_doc(banners)))


@pytest.mark.parametrize("name", banners.__all__)
def test_the_page_lists_every_name(name: str) -> None:
    assert f"`banners.{name}`" in PAGE


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_page_shows_every_function_as_it_is_called(name: str) -> None:
    parameters = inspect.signature(getattr(banners, name)).parameters.values()
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in parameters]
    assert f"`{name}{inspect.Signature(bare)}`" in PAGE


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_typed(name: str) -> None:
    signature = inspect.signature(getattr(banners, name))
    annotations = [each.annotation for each in signature.parameters.values()]
    assert inspect.Signature.empty not in [*annotations, signature.return_annotation]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_documents_its_arguments_result_and_errors(name: str) -> None:
    function = getattr(banners, name)
    arguments, _, rest = (inspect.getdoc(function) or "").partition("Args:")[2].partition("Returns")
    documented = re.findall(r"^    (\w+):", arguments, re.MULTILINE)
    assert documented == list(inspect.signature(function).parameters)
    assert "Raises:" in rest


@pytest.mark.parametrize("name", ["Chosen", "Crunched"])
def test_every_field_of_a_result_is_documented(name: str) -> None:
    result = getattr(banners, name)
    documented = re.findall(r"^    (\w+):", inspect.getdoc(result) or "", re.MULTILINE)
    assert documented == list(inspect.signature(result).parameters)
