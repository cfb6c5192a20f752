"""Output for a terminal, whose width limits it, or for a pipe, which has no width.

Colours are for terminals. rich lets NO_COLOR and TERM=dumb turn them off there, and FORCE_COLOR
turn them on in a pipe. Progress bars are for terminals only, even with FORCE_COLOR.
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

from banners.errors import readable

# Wide enough that no table is cut or wrapped in a file or in another program.
_PIPE_WIDTH = 200

_LEAST_BAR, _LONGEST_BAR = 4, 20
_EIGHTHS = 8


def console(*, errors: bool = False) -> Console:
    """Open standard output, or standard error, for text and tables."""
    # Names are data: one that contains ":star:" is not to be shown as an emoji.
    opened = Console(stderr=errors, highlight=False, emoji=False, soft_wrap=True)
    stream = sys.stderr if errors else sys.stdout
    if not stream.isatty():
        opened.width = _PIPE_WIDTH
    if opened.options.ascii_only and isinstance(stream, io.TextIOWrapper):
        # A character that the terminal cannot show must not end the command.
        stream.reconfigure(errors="replace")
    return opened


def can_move(opened: Console) -> bool:
    """Return whether progress bars can move: on a terminal that is not TERM=dumb."""
    return opened.is_interactive and opened.file.isatty()


def say(out: Console, text: str, *, style: str = "") -> None:
    """Write text. On a terminal its lines are wrapped between words; in a pipe they are not.

    A word such as a path is never broken, so that it can be copied. Control characters are written
    as escapes.
    """
    for line in map(readable, text.split("\n")):
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
    """Write a table, wider than the terminal if needed so that no figure is cut or wrapped."""
    width = out.width
    unbound = out.options.update(width=_PIPE_WIDTH)
    out.width = max(width, Measurement.get(out, unbound, table).minimum)
    out.print(table)
    out.width = width


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in a cell of a table, scaled to the width that is left.

    Args:
        part: the value of this bar, 0 or more.
        whole: the value of the longest bar, above 0.
        colour: its colour on a terminal.
    """

    part: int
    whole: int
    colour: str = "default"

    def __rich_console__(self, out: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it in eighths of a character; a value above 0 is always visible."""
        width = options.max_width
        if options.ascii_only:
            yield Segment("#" * -(-self.part * width // self.whole))
            return
        seen = max(self.part, self.whole / (_EIGHTHS * width)) if self.part else 0
        yield SmoothBar(self.whole, 0, seen, width=width, color=self.colour)

    def __rich_measure__(self, out: Console, options: ConsoleOptions) -> Measurement:
        """Take the width that other columns leave, within limits."""
        return Measurement(_LEAST_BAR, _LONGEST_BAR)
