"""The folder for what a crunch writes on its way, and what is said where it cannot be written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from banners.errors import CrunchError


@contextmanager
def scratch_folder(prefix: str = "banners-", *, inside: Path | None = None) -> Iterator[Path]:
    """Provide a folder for temporary files, which goes with the block and all that is in it.

    Args:
        prefix: what its name begins with.
        inside: where it is; where the system keeps temporary files if not given (TMPDIR).

    Raises:
        CrunchError: it cannot be made.
    """
    with writing_to_scratch():
        folder = TemporaryDirectory(prefix=prefix, dir=inside, ignore_cleanup_errors=True)
    with folder as name:
        yield Path(name)


@contextmanager
def writing_to_scratch() -> Iterator[None]:
    """Say of a fault of the disk what it means for temporary files.

    Raises:
        CrunchError: the fault.
    """
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename
        where = f" to {place}" if place else ""
        raise CrunchError(
            f"Temporary files cannot be written{where}: {error.strerror}. Free room there, or "
            "name another folder for them in TMPDIR."
        ) from error
