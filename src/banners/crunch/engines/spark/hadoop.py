"""Lists folders at addresses of Hadoop: names, sizes and times of change, but no content."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import EIO, ENOENT
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class Status:
    """What Hadoop knows of a file or folder.

    Args:
        is_dir: whether it is a folder.
        size: its size in bytes.
        changed: its time of change in milliseconds.
        key: what :func:`key_of` makes of the column ``_metadata.file_path`` of Spark.
    """

    is_dir: bool
    size: int
    changed: int
    key: str


@dataclass(frozen=True, order=True, slots=True)
class HadoopPath:
    """A file or folder at an address of Hadoop, as :class:`banners.crunch.files.place.Place`.

    Args:
        session: the session that opens the address.
        text: the address, such as ``hdfs://namenode/events/1``.
        known: what the listing of its folder said; None to ask when needed.
    """

    session: "SparkSession" = field(compare=False, repr=False)
    text: str
    known: Status | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Return the address."""
        return self.text

    def __truediv__(self, name: str) -> "HadoopPath":
        """Return the file or folder of this name in the folder."""
        return HadoopPath(self.session, f"{self.text.rstrip('/')}/{name}")

    @property
    def name(self) -> str:
        """Its name, without its folder."""
        return self.text.rstrip("/").rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending of its name, such as ``.csv``."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> "HadoopPath":
        """Its folder."""
        return HadoopPath(self.session, self.text.rstrip("/").rpartition("/")[0])

    def relative_to(self, folder: "HadoopPath") -> str:
        """Return its path relative to a folder."""
        return self.text.removeprefix(f"{str(folder).rstrip('/')}/")

    def is_dir(self) -> bool:
        """Return whether it is a folder."""
        try:
            return (self.known or self.status()).is_dir
        except FileNotFoundError:
            return False

    def is_symlink(self) -> bool:
        """Return False: Hadoop follows links."""
        return False

    def iterdir(self) -> Iterator["HadoopPath"]:
        """List the content of the folder.

        Raises:
            OSError: it cannot be listed.
        """
        with _as_os_error():
            found = list(self._file_system().listStatus(self._java()))
        for each in found:
            # Only the name is taken from Hadoop's path, which may write the rest differently.
            text = f"{self.text.rstrip('/')}/{each.getPath().getName()}"
            yield HadoopPath(self.session, text, _status(each))

    def status(self) -> Status:
        """Return what Hadoop knows of it now.

        Raises:
            OSError: it does not exist, or Hadoop refuses.
        """
        with _as_os_error():
            return _status(self._file_system().getFileStatus(self._java()))

    def remove(self) -> None:
        """Remove the folder with its content.

        Raises:
            OSError: Hadoop refuses.
        """
        with _as_os_error():
            self._file_system().delete(self._java(), True)  # with its content; Java takes no names

    def _java(self) -> Any:
        java: Any = self.session.sparkContext._jvm  # noqa: SLF001  # PySpark has no other way
        return java.org.apache.hadoop.fs.Path(self.text)

    def _file_system(self) -> Any:
        context: Any = self.session.sparkContext
        return self._java().getFileSystem(context._jsc.hadoopConfiguration())  # noqa: SLF001


def key_of(uri: str) -> str:
    """Return the URI of a file in one form, whether Spark or Hadoop has written it."""
    return re.sub("^([^:/]+):///", r"\1:/", uri)


def literal(address: str) -> str:
    """Return an address with its wildcards escaped, as Spark expects an address to read from."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", address)


def _status(found: Any) -> Status:
    return Status(
        is_dir=found.isDirectory(),
        size=int(found.getLen()),
        changed=int(found.getModificationTime()),
        key=key_of(str(found.getPath().toUri().toString())),
    )


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Translate errors of Hadoop into those that a folder of this machine raises."""
    from py4j.protocol import Py4JJavaError

    try:
        yield
    except Py4JJavaError as error:
        java: Any = error.java_exception
        if java.getClass().getName() == "java.io.FileNotFoundException":
            raise FileNotFoundError(ENOENT, "No such file or folder") from error
        said = str(java.getMessage() or java.getClass().getName()).partition("\n")[0]
        raise OSError(EIO, said.rstrip(".")) from error
