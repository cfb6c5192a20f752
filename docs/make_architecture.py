"""Draws who imports whom into docs/architecture.md: ``python docs/make_architecture.py``."""

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
    """Tell which rooms each room imports, as the code has it."""
    graph = grimp.build_graph(_ROOT, cache_dir=None)
    rooms = graph.find_children(_ROOT)
    for room in rooms:
        if graph.find_children(room):
            graph.squash_module(room)
    return {
        _short(room): frozenset(
            _short(each)
            for each in graph.find_modules_directly_imported_by(room)
            if each in rooms and each != room
        )
        for room in sorted(rooms)
    }


def layers() -> list[list[str]]:
    """Read the layers that import-linter holds the rooms to, the highest first."""
    settings = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (found,) = (each["layers"] for each in contracts if each["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in found]


def drawing(found: Imports, ordered: list[list[str]]) -> str:
    """Draw the rooms in their layers, without arrows that others imply.

    Args:
        found: which rooms each room imports.
        ordered: the layers, the highest first.
    """
    lines = ["```mermaid", "flowchart TD"]
    for number, layer in enumerate(ordered):
        rooms = [f"  {_node(room)}[{room}]" for room in layer]
        together = [f'  subgraph layer{number} [" "]', *rooms, "  end"]
        lines += together if len(rooms) > 1 else rooms
    for room, below in found.items():
        implied = {each for other in below for each in _all_below(found, other)}
        lines += [f"  {_node(room)} --> {_node(each)}" for each in sorted(below - implied)]
    return "\n".join([*lines, "```", ""])


def page(text: str) -> str:
    """Write a page anew, with the drawing between its marks."""
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + drawing(imports(), layers()) + END + rest.partition(END)[2]


def _all_below(found: Imports, room: str) -> frozenset[str]:
    return found[room].union(*(_all_below(found, each) for each in found[room]))


def _short(module: str) -> str:
    return module.removeprefix(f"{_ROOT}.")


def _node(room: str) -> str:
    # What Mermaid takes for words of its own stays clear of them.
    return f"room_{room.strip('_')}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
