"""Keeps the result of a crunch until its run may write, without holding all of it in memory."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from banners.crunch.scratch import writing_to_scratch

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY_BYTES = 4 * 1024 * 1024
"""Maximum size of a spool in memory; a larger one is a file among the temporary files."""


@contextmanager
def spooled(batches: Iterable["pa.RecordBatch"]) -> Iterator[Iterable["pa.RecordBatch"]]:
    """Keep record batches until the block ends.

    The file has no name, so that the system removes it even when the run is killed.

    Args:
        batches: the batches, which are all taken before the block begins.

    Yields:
        The same batches, read back one at a time; they can be read once.

    Raises:
        CrunchError: the temporary file cannot be written.
    """
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with writing_to_scratch():
        file = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115  # closed below
    with file:
        writer = None
        for batch in batches:
            with writing_to_scratch():
                if writer is None:
                    writer = pa.ipc.new_stream(file, batch.schema, options=options)
                writer.write_batch(batch)
        if writer is None:
            yield ()
            return
        with writing_to_scratch():
            writer.close()
            file.seek(0)
        yield pa.ipc.open_stream(file)
