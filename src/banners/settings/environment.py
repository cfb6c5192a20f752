"""Reads variables from the environment, the file ``.env`` and files of secrets.

A setting that was meant but not understood would silently become its default, and a job could
publish to the wrong database. So a line that cannot be parsed, a name that is nearly that of a
setting, and a value of only spaces are errors.
"""

import io
import logging
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from banners.errors import SettingsError, shorten

if TYPE_CHECKING:
    from dotenv.parser import Binding

PREFIX = "BANNERS_"
FILE = "_FILE"
"""Ends the name of a variable that names a file with the value.

A setting whose own name ends so is a path: no other variable names a file that holds it.
"""

_LOG = logging.getLogger(__name__)

# How much of a name must match that of a setting, as difflib measures it: of the part after the
# prefix, and of the complete name where the prefix is misspelt.
_NEAR = 0.7
_NEAR_WITH_PREFIX = 0.9
# Kubernetes sets such variables in every pod for a service whose name begins with "banners".
_OF_KUBERNETES = re.compile(r"_(SERVICE_(HOST|PORT)|PORT(_[0-9]+_(TCP|UDP|SCTP))?)(_\w+)?$")
_SET_IN_A_VALUE = re.compile(rf"^[^\S\n]*(?:export\s+)?({PREFIX}\w+)[^\S\n]*=", re.MULTILINE)


class Variable(NamedTuple):
    """A variable that is set.

    Args:
        text: its value.
        place: where it is set and its name, for messages.
    """

    text: str
    place: str


Variables = Mapping[str, Variable]
"""Variables by name."""


def from_environment(environment: Mapping[str, str]) -> Variables:
    """Return the variables of the environment."""
    return {name: Variable(text, name) for name, text in environment.items()}


def from_file(path: Path, known: Collection[str]) -> Variables:
    """Return the variables of a file of ``NAME=value`` lines; none if there is no such file.

    Args:
        path: the file; a directory counts as no file.
        known: the names of all settings.

    Raises:
        SettingsError: the file cannot be read, or a line cannot be parsed.
    """
    try:
        content = path.read_text("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        return {}
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8. Save it as UTF-8.") from error
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}. Make it readable, or remove it."
        ) from error
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    lines = {}
    for binding in parse_stream(io.StringIO(content)):
        line = _line(binding)
        _check_parsed(binding, f"{path}, line {line}", known)
        if binding.key:
            lines[binding.key] = line
    return {
        name: Variable(text or "", f"{path}, line {lines[name]}: {name}")
        for name, text in dotenv_values(stream=io.StringIO(content)).items()
    }


def read(name: str, sources: Iterable[Variables]) -> Variable | None:
    """Return a variable from the first source that has it, even if it is empty there.

    In each source, a variable that names a file with the value comes first, unless the setting is
    itself the path of a file.

    Raises:
        SettingsError: the file that it names cannot be read, or is empty.
    """
    for source in sources:
        named = None if name.endswith(FILE) else source.get(name + FILE)
        if named and named.text:
            return _read_secret(named, name)
        if name in source:
            return source[name]
    return None


def variables_of(settings: Iterable[str]) -> Mapping[str, str]:
    """Return every variable that gives a setting its value, with the name of the setting.

    Args:
        settings: the names of settings.
    """
    names = {name: name for name in settings}
    return {**names, **{name + FILE: name for name in names if not name.endswith(FILE)}}


def check_names(
    sources: Iterable[Variables], known: Collection[str], given: Collection[str]
) -> None:
    """Check that no variable has nearly the name of a setting that is not given otherwise.

    Any other variable that is not a setting is logged, except in the environment: other programs
    may use variables that begin with ``BANNERS_``.

    Args:
        sources: the variables of the environment and of the file.
        known: the names of all settings.
        given: the names of those that have a value.

    Raises:
        SettingsError: a variable was probably meant to be a setting.
    """
    names = variables_of(known)
    for source in sources:
        for name, (text, place) in source.items():
            if name in names:
                continue
            meant = _meant(name, names)
            where = place.removesuffix(name).removesuffix(": ")
            found = f"{where or 'The environment'} sets {shorten(name)}, which is not a setting."
            if meant and text and names[meant] not in given:
                raise SettingsError(
                    f"{found} Did you mean {meant}? Correct the name, or remove it."
                )
            if name.startswith(PREFIX) and (meant or where):
                _LOG.warning("%s%s", found, f" Did you mean {meant}?" if meant else "")


def _line(binding: "Binding") -> int:
    """Return the number of the line on which a statement of the file begins."""
    text = binding.original.string
    blank = text[: len(text) - len(text.lstrip())]
    return binding.original.line + len(re.findall("\r\n|\r|\n", blank))


def _check_parsed(binding: "Binding", place: str, known: Collection[str]) -> None:
    """Raise an error if a statement of the file is not understood, or swallows a setting.

    The message does not quote the line, which may hold a password.
    """
    if swallowed := _SET_IN_A_VALUE.search((binding.value or "").partition("\n")[2]):
        raise SettingsError(
            f"{place}: the quotes that open here enclose {shorten(swallowed[1])}. Close them on "
            "the same line."
        )
    if not binding.error and binding.value is not None:
        return
    names = variables_of(known)
    words = re.findall(r"[A-Za-z][\w.-]*", binding.original.string)
    meant = next(filter(None, (_meant(word, names) for word in words)), None)
    if binding.error or (binding.key and meant):
        raise SettingsError(
            f"{place}: found a line that cannot be parsed; expected {meant or 'NAME'}=value, in "
            "which quotes are closed. Correct the line, or begin it with # to ignore it."
        )


def _meant(name: str, known: Collection[str]) -> str | None:
    """Return the setting that has this name, or nearly; None if there is no such setting."""
    written = re.sub("[^A-Z0-9]+", "_", name.upper()).strip("_")
    if "BANNER" not in written or _OF_KUBERNETES.search(written):
        return None
    if not written.startswith(PREFIX):
        near = get_close_matches(written, known, n=1, cutoff=_NEAR_WITH_PREFIX)
        return near[0] if near else None
    parts = [each.removeprefix(PREFIX) for each in known]
    near = get_close_matches(written.removeprefix(PREFIX), parts, n=1, cutoff=_NEAR)
    return PREFIX + near[0] if near else None


def _read_secret(named: Variable, name: str) -> Variable:
    # Whoever confuses the two variables puts a password here.
    shown = "a URL (not shown here)" if "://" in named.text else shorten(named.text, most=200)
    found = f"{named.place} names {shown}"
    try:
        text = Path(named.text).read_text("utf-8-sig").strip()
    except (OSError, ValueError) as error:
        # Text that is not UTF-8 is a ValueError, and so is a NUL in the path.
        raise SettingsError(
            f"{found}, which cannot be read as text. Correct the path, or set {name} instead."
        ) from error
    if not text:
        raise SettingsError(
            f"{found}, which is empty; expected the value of {name}. Write it to the file, or set "
            f"{name} instead."
        )
    return Variable(text, f"{found}, which")
