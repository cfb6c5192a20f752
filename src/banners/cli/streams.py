"""Standard output and error for commands, which do not fail because nobody can read them.

A terminal that is gone, a full disk behind a redirection, or a reader that has left must neither
end a job half-way nor turn a run that published into one that failed.
"""

import errno
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TextIO

import click

from banners.errors import readable

_BROKEN_PIPE = 128 + signal.SIGPIPE
"""The status that shells show for a program whose output nobody reads any more."""


class _Lasting(io.TextIOWrapper):
    """A stream that remembers its first error, and discards everything from then on."""

    error: OSError | None = None

    def write(self, text: str, /) -> int:
        """Write text, and return its length."""
        try:
            return super().write(text)
        except OSError as error:
            self.discard(error)
        return len(text)

    def flush(self) -> None:
        """Write what is still in the buffer."""
        try:
            super().flush()
        except OSError as error:
            self.discard(error)

    def discard(self, error: OSError) -> None:
        """Remember an error, and discard what is written from now on."""
        self.error = self.error or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


class Streams:
    """Standard output and standard error while a command runs."""

    def __init__(self) -> None:
        self._replaced = sys.stdout, sys.stderr
        self._out = _opened(1, sys.stdout)
        self._err = _opened(2, sys.stderr)
        self._done = ""

    def keep_status(self, done: str) -> None:
        """Keep the exit status of the command even if its output cannot be written.

        Args:
            done: what the command has done, for the message; no output changes that.
        """
        self._done = done

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Use these streams in place of Python's until the block ends."""
        sys.stdout, sys.stderr = self._out, self._err
        try:
            yield
        finally:
            self._out.flush()
            self._err.flush()
            sys.stdout, sys.stderr = self._replaced

    def status(self, status: int) -> int:
        """Return the exit status of the command, and report if its output was lost.

        Args:
            status: the status of the command apart from its output.
        """
        self._out.flush()
        error = self._out.error
        if error is None:
            return status
        broken_pipe = error.errno == errno.EPIPE
        if broken_pipe and not self._done:
            # As in "banners generations | head -1", where nothing is lost that anybody wanted.
            return status or _BROKEN_PIPE
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        done = f" {self._done}" if self._done else ""
        click.echo(f"Standard output cannot be written: {why}.{done}", err=True)
        return status if self._done else status or 1


def open_streams() -> Streams:
    """Open the streams of this process, also where it was started with closed ones."""
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            # Otherwise the next file that is opened, such as a database, would get this number, and
            # output would be written to it. Output to a file opened for reading is an error.
            os.set_inheritable(os.open(os.devnull, mode), True)
    return Streams()


def keep_status(done: str) -> None:
    """Keep the exit status of the current command even if its output cannot be written.

    Args:
        done: a sentence about what the command has done, which no lost output changes.
    """
    streams = click.get_current_context().find_object(Streams)
    if streams:
        streams.keep_status(done)


def echo(text: str, *, err: bool = False) -> None:
    """Write lines of text to standard output or error, with control characters as escapes."""
    click.echo("\n".join(map(readable, text.split("\n"))), err=err)


@contextmanager
def output_in_bytes() -> Iterator[IO[bytes]]:
    """Provide standard output for bytes; the block ends early if nobody can read them."""
    out = sys.stdout
    out.flush()
    try:
        yield out.buffer
        out.buffer.flush()
    except OSError as error:
        if not isinstance(out, _Lasting):
            raise
        out.discard(error)


def _opened(descriptor: int, like: TextIO | None) -> _Lasting:
    """Open a stream as Python has opened its own; that is None if it was closed."""
    # The other side may have made it non-blocking; then a slow reader would be an error.
    os.set_blocking(descriptor, True)
    buffer = io.BufferedWriter(io.FileIO(descriptor, "wb", closefd=False))
    if not isinstance(like, io.TextIOWrapper):
        return _Lasting(buffer, errors="backslashreplace")
    return _Lasting(
        buffer,
        encoding=like.encoding,
        errors=like.errors,
        # With PYTHONUNBUFFERED, Python has no buffer for bytes; here each line empties it.
        line_buffering=like.line_buffering or like.write_through,
    )
