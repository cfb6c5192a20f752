"""Which part of a file a request asks for, where that makes sense."""

import re

from starlette.types import Scope

# RFC 9110, 14.1.1 and 14.1.2; of a longer number no file has as many bytes.
_PART = r"(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})"
_RANGE = re.compile(rf"bytes=[ \t]*{_PART}(?:[ \t]*,[ \t]*{_PART})*[ \t]*", re.ASCII)
_FROM_TO = re.compile(r"([0-9]+)-([0-9]+)", re.ASCII)


def understood(scope: Scope) -> Scope:
    """Take from a request a ``Range`` that makes no sense: it is answered as if it had none.

    Source: RFC 9110, 14.2: an unknown unit must be ignored, and so may be what is no range.

    Args:
        scope: the request (ASGI).
    """
    headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"range"]
    if (len(given) == 1 and _makes_sense(given[0])) or not given:
        return scope
    return {**scope, "headers": headers}


def _makes_sense(text: str) -> bool:
    whole = _RANGE.fullmatch(text) is not None
    return whole and all(int(first) <= int(last) for first, last in _FROM_TO.findall(text))
