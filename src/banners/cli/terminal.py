"""What is written to: a terminal as wide as it is, or a pipe, which has no width."""

from rich.console import Console

# Wide enough that no table is cut or wrapped on its way into a file or another program.
_PIPE_WIDTH = 200


def console(*, errors: bool = False) -> Console:
    """Open standard output, or standard error, for text and tables."""
    opened = Console(stderr=errors, highlight=False, soft_wrap=True)
    if not opened.is_terminal:
        opened.width = _PIPE_WIDTH
    return opened
