"""No function is hard to follow, including those that hide their branches in expressions.

Ruff's C901 and PLR0912 count statements alone. A comprehension or a conditional expression is as
much of a branch to whoever reads it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
MOST_BRANCHES = 12

Function = ast.FunctionDef | ast.AsyncFunctionDef
ONE_EACH = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.match_case,
    ast.comprehension,
)


def branches(function: Function) -> int:
    """Count the branches of a function, without those of functions inside it."""
    return sum(branches_of(node) for node in inside(function))


def inside(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function):
            yield child
            yield from inside(child)


def branches_of(node: ast.AST) -> int:
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    return isinstance(node, ONE_EACH)


def test_the_branches_in_expressions_are_counted() -> None:
    (function,) = ast.parse(
        "def function(these):\n"
        "    if these and not these[0]:\n"
        "        return [1 if each else 2 for each in these if each > 3]\n"
        "    def inner():\n"
        "        while True: pass\n"
    ).body
    assert isinstance(function, ast.FunctionDef)
    assert branches(function) == 5


def test_no_function_has_more_than_twelve_branches() -> None:
    found = {
        f"{path.relative_to(SOURCE)}:{function.lineno} {function.name}": branches(function)
        for path in SOURCE.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, Function)
    }
    assert {name: number for name, number in found.items() if number > MOST_BRANCHES} == {}
