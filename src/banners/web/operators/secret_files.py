"""Files of one secret each, made at the first start."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from banners.errors import SecretMissing, SettingsError, readable

FOLDER = Path("var")
"""Where secrets are made, in the working folder."""

GENERATED_PASSWORD = FOLDER / "operator_password"
"""The file of the password that is generated where no setting names another file."""

SESSION_KEY = FOLDER / "session_key"
"""The file of the key that signs sessions and links; several hosts may share it."""

_SHORTEST_KEY = 32
_PASSWORD_BYTES = 18
_KEY_BYTES = 32


def session_key(path: Path = SESSION_KEY, *, make: bool = True) -> str:
    """Return the key that signs sessions and links.

    Args:
        path: its file.
        make: whether to make the file if there is none.

    Raises:
        SecretMissing: there is no file, and none is to be made.
        SettingsError: the file can neither be read nor made, or is too short to be a key.
    """
    if not make:
        check_made(path)
    key = _read_or_make(path, secrets.token_urlsafe(_KEY_BYTES))
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(
            f"{path} has {len(key)} characters; expected a key of {_SHORTEST_KEY} or more. Remove "
            "the file, and the next start makes another one."
        )
    return key


def make_password(path: Path = GENERATED_PASSWORD) -> None:
    """Write a random password to a file, unless there is one.

    Raises:
        SettingsError: the file can neither be read nor made.
    """
    _read_or_make(path, secrets.token_urlsafe(_PASSWORD_BYTES))


def check_made(path: Path) -> None:
    """Check that a start of the server has made a file.

    Raises:
        SecretMissing: it has not.
    """
    if not path.exists():
        raise SecretMissing(str(path.absolute()))


def _read_or_make(path: Path, secret: str) -> str:
    """Return the content of a file; if it does not exist, write a secret to it first.

    Several processes may do so at the same time: the file of the first is the one that all read,
    and none of them reads it before it is complete.
    """
    try:
        if not path.exists():
            _make(path, secret)
        return path.read_text("utf-8").strip()
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not text. Remove it, and the next start makes it.") from (
            error
        )
    except OSError as error:
        raise SettingsError(
            f"{path} can neither be read nor made: {readable(str(error.strerror))}. Give this user "
            f"read and write access to the folder {path.parent}."
        ) from error


def _make(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp gives the file mode 600.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
