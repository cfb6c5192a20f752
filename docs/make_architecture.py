"""Draw who imports whom into docs/architecture.md: ``python docs/make_architecture.py``."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import grimp

HERE = Path(__file__).parent
PAGE = HERE / "architecture.md"
BEGIN, END = "<!-- who imports whom -->\n", "<!-- end of who imports whom -->"
_ROOT = "banners"

Imports = Mapping[str, frozenset[str]]


def imports() -> Imports:
    """Return the parts that each part imports, read from the code."""
    graph = grimp.build_graph(_ROOT, cache_dir=None)
    parts = graph.find_children(_ROOT)
    for part in parts:
        if graph.find_children(part):
            graph.squash_module(part)
    return {
        _short(part): frozenset(
            _short(each)
            for each in graph.find_modules_directly_imported_by(part)
            if each in parts and each != part
        )
        for part in sorted(parts)
    }


def layers() -> list[list[str]]:
    """Return the layers that import-linter checks, the highest first."""
    settings = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (found,) = (each["layers"] for each in contracts if each.get("containers") == [_ROOT])
    return [[name.strip() for name in layer.split("|")] for layer in found]


def drawing(found: Imports, ordered: list[list[str]]) -> str:
    """Return a Mermaid drawing of the parts in their layers, without arrows that others imply.

    Args:
        found: the parts that each part imports.
        ordered: the layers, the highest first.
    """
    lines = ["```mermaid", "flowchart TD"]
    for number, layer in enumerate(ordered):
        parts = [f"  {_node(part)}[{part}]" for part in layer]
        together = [f'  subgraph layer{number} [" "]', *parts, "  end"]
        lines += together if len(parts) > 1 else parts
    for part, below in found.items():
        implied = {each for other in below for each in _all_below(found, other)}
        lines += [f"  {_node(part)} --> {_node(each)}" for each in sorted(below - implied)]
    return "\n".join([*lines, "```", ""])


def page(text: str) -> str:
    """Return a page with the current drawing between its marks."""
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + drawing(imports(), layers()) + END + rest.partition(END)[2]


def _all_below(found: Imports, part: str) -> frozenset[str]:
    return found[part].union(*(_all_below(found, each) for each in found[part]))


def _short(module: str) -> str:
    return module.removeprefix(f"{_ROOT}.")


def _node(part: str) -> str:
    # A prefix, since some names are keywords of Mermaid.
    return f"part_{part.strip('_')}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
