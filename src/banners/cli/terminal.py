"""What is written to: a terminal as wide as it is, or a pipe, which has no width.

Colours are for terminals. NO_COLOR and TERM=dumb turn them off there, and FORCE_COLOR turns them on
in a pipe; rich knows these. What moves is for terminals alone, whatever is forced.
"""

import io
import sys
import textwrap
from dataclasses import dataclass

from rich.bar import Bar as SmoothBar
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table

# Wide enough that no table is cut or wrapped on its way into a file or another program.
_PIPE_WIDTH = 200

_LEAST_BAR, _LONGEST_BAR = 4, 20
_EIGHTHS = 8


def console(*, errors: bool = False) -> Console:
    """Open standard output, or standard error, for text and tables."""
    opened = Console(stderr=errors, highlight=False, soft_wrap=True)
    stream = sys.stderr if errors else sys.stdout
    if not stream.isatty():
        opened.width = _PIPE_WIDTH
    if opened.options.ascii_only and isinstance(stream, io.TextIOWrapper):
        # A character that the terminal does not have is no reason to fail.
        stream.reconfigure(errors="replace")
    return opened


def can_move(opened: Console) -> bool:
    """Tell whether bars can move there: on a terminal, unless it is a dumb one."""
    return opened.is_interactive and opened.file.isatty()


def say(out: Console, text: str, *, style: str = "") -> None:
    """Write text: its lines are broken between words on a terminal, and never in a pipe.

    What has no blank in it, such as a path, is never broken, so that it can be copied.
    """
    for line in text.splitlines():
        broken = [line]
        if out.file.isatty():
            broken = textwrap.wrap(
                line,
                out.width,
                subsequent_indent=" " * (len(line) - len(line.lstrip())),
                break_long_words=False,
                break_on_hyphens=False,
            )
        out.print("\n".join(broken), style=style, markup=False)


def draw(out: Console, table: Table) -> None:
    """Write a table, if need be wider than the terminal: figures are neither cut nor broken."""
    width = out.width
    unbound = out.options.update(width=_PIPE_WIDTH)
    out.width = max(width, Measurement.get(out, unbound, table).minimum)
    out.print(table)
    out.width = width


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in a cell of a table, as long as there is room.

    Args:
        part: what it stands for, 0 or more.
        whole: what the longest bar stands for, above 0.
        colour: its colour on a terminal.
    """

    part: int
    whole: int
    colour: str = "default"

    def __rich_console__(self, out: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it in eighths of a character; what is there is seen, however little it is."""
        width = options.max_width
        if options.ascii_only:
            yield Segment("#" * -(-self.part * width // self.whole))
            return
        seen = max(self.part, self.whole / (_EIGHTHS * width)) if self.part else 0
        yield SmoothBar(self.whole, 0, seen, width=width, color=self.colour)

    def __rich_measure__(self, out: Console, options: ConsoleOptions) -> Measurement:
        """Take the room that others leave, but not more than a bar needs to be read."""
        return Measurement(_LEAST_BAR, _LONGEST_BAR)
