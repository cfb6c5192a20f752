"""Drops ``Range`` headers that are malformed."""

import re

from starlette.types import Scope

# RFC 9110, 14.1.1 and 14.1.2. No file has more bytes than a number of 18 digits.
_PART = r"(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})"
_RANGE = re.compile(rf"bytes=[ \t]*{_PART}(?:[ \t]*,[ \t]*{_PART})*[ \t]*", re.ASCII)
_FROM_TO = re.compile(r"([0-9]+)-([0-9]+)", re.ASCII)


def understood(scope: Scope) -> Scope:
    """Return a request without its ``Range`` if that is malformed or occurs more than once.

    Source: RFC 9110, 14.2: an unknown unit must be ignored, and an invalid range may be.

    Args:
        scope: the request (ASGI).
    """
    headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"range"]
    if (len(given) == 1 and _is_valid(given[0])) or not given:
        return scope
    return {**scope, "headers": headers}


def _is_valid(text: str) -> bool:
    is_range = _RANGE.fullmatch(text) is not None
    return is_range and all(int(first) <= int(last) for first, last in _FROM_TO.findall(text))
