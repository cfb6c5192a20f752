"""Other spellings of an address, as whoever wants to get past a check may try them."""

import re
from collections.abc import Callable


def _first_letter(path: str) -> str:
    return f"/%{ord(path[1]):02x}{path[2:]}"


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda path: path,
    "a letter encoded": _first_letter,
    "a number encoded": lambda path: re.sub("[0-9]", lambda found: f"%3{found[0]}", path),
    "every letter encoded": lambda path: (
        "/" + "".join(each if each == "/" else f"%{ord(each):02X}" for each in path[1:])
    ),
    "slashes encoded": lambda path: "/" + path[1:].replace("/", "%2f"),
    "slashes encoded in capitals": lambda path: "/" + path[1:].replace("/", "%2F"),
    "the first slash encoded": lambda path: "/%2f" + path[1:],
    "encoded twice": lambda path: f"/%25{ord(path[1]):02x}{path[2:]}",
    "a slash at the end": lambda path: f"{path}/",
    "an encoded slash at the end": lambda path: f"{path}%2F",
    "two slashes at the start": lambda path: f"/{path}",
    "two slashes inside": lambda path: "/" + path[1:].replace("/", "//"),
    "a dot": lambda path: f"/.{path}",
    "a step back": lambda path: f"/docs/..{path}",
    "a query": lambda path: f"{path}?quarter=1",
    "a fragment": lambda path: f"{path}%23",
    "capitals": str.upper,
    "a space at the end": lambda path: f"{path}%20",
    "a NUL at the end": lambda path: f"{path}%00",
    "a line break at the end": lambda path: f"{path}%0a",
    "a semicolon": lambda path: f"{path};a=b",
}
"""What makes another spelling of a path; each has a name."""

ALIKE = {
    *("as it is", "a letter encoded", "a number encoded", "every letter encoded"),
    *("slashes encoded", "slashes encoded in capitals", "a query"),
}
"""Spellings of the same address; the others are other addresses, or none."""
