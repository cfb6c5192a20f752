"""The keys of tokens, one a line of a file: the first makes tokens, every one is accepted.

So a key is replaced without invalidating links: add a line everywhere, then move it to the front
everywhere, and remove the old one when no link with it matters any more.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from banners.errors import CollectError

SHORTEST_KEY = 32
"""Minimum number of characters of a key."""

_MOST_BYTES = 1 << 16


def read_token_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys of a file; blank lines do not count.

    Raises:
        CollectError: the file cannot be read, holds no key, or holds one that is too short.
    """
    try:
        with path.open("rb") as file:
            lines = file.read(_MOST_BYTES).split(b"\n")
    except OSError as error:
        raise CollectError(
            f"{path}, the file with the keys of tokens, cannot be read: {error.strerror}. Make it "
            "readable for this user, or set BANNERS_TOKEN_KEYS_FILE to another file."
        ) from error
    keys = []
    for number, line in enumerate(lines, 1):
        key = line.strip()
        if 0 < len(key) < SHORTEST_KEY:
            raise CollectError(
                f"{path}, line {number} holds a key of {len(key)} characters; expected "
                f"{SHORTEST_KEY} or more. Write a longer one, such as the output of: "
                "openssl rand -hex 32"
            )
        if key:
            keys.append(key)
    if not keys:
        raise CollectError(
            f"{path} holds no key; expected one a line, of {SHORTEST_KEY} characters or more. "
            "Write one, such as the output of: openssl rand -hex 32"
        )
    return tuple(keys)


def make_token_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys of a file, which is made with a new key if it does not exist.

    Several processes may do this at the same time: all of them get the same key.

    Args:
        path: the file; only its owner may read it. Missing folders are made.

    Raises:
        CollectError: the file cannot be made or read.
    """
    if not path.exists():
        part = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(descriptor, secrets.token_hex(32).encode() + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            # A link, and not a rename, leaves a file that another process made meanwhile.
            with suppress(FileExistsError):
                os.link(part, path)
        except OSError as error:
            raise CollectError(
                f"{path}, the file with the keys of tokens, cannot be made: {error.strerror}. Give "
                "this user write access to its folder, or set BANNERS_TOKEN_KEYS_FILE."
            ) from error
        finally:
            with suppress(OSError):
                part.unlink()
    return read_token_keys(path)
