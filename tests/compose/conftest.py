"""The engine, and the stack after ``docker compose up --build``."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from compose.engine import Engine
from compose.engine import engine as run_engine
from compose.stack import Stack

NewStack = Callable[[str], Stack]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A Docker engine that contains only the stand-ins."""
    with run_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def new_stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewStack]:
    """Make a stack of a given name, not started yet, and removed at the end."""
    with ExitStack() as ends:

        def make(name: str) -> Stack:
            stack = Stack(engine, name, tmp_path_factory.mktemp(name))
            stack.write_secrets()
            ends.callback(stack.down)
            return stack

        yield make


@pytest.fixture(scope="session")
def built(new_stack: NewStack) -> Stack:
    """The stack after its first start; tests may break the services, but not the data."""
    stack = new_stack("banners")
    stack.compose("up", "--build", "--detach", "--wait")
    return stack


@pytest.fixture
def stack(built: Stack) -> Stack:
    """The stack, running."""
    built.compose("up", "--detach", "--wait", "--scale", "banner_data_initializer=0")
    return built
