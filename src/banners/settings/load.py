"""Reads the settings from the environment, a file and the command line."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any

from banners.errors import SettingsError, shorten
from banners.settings.environment import (
    PREFIX,
    Variable,
    check_names,
    from_environment,
    from_file,
    read,
)
from banners.settings.table import Settings


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One row of the table of settings, as the documentation shows it.

    Args:
        variable: the environment variable.
        default: the default, as it would be written there.
        help: what it does, in Markdown.
    """

    variable: str
    default: str
    help: str


def table() -> Iterator[SettingRow]:
    """List the settings in the order in which they are declared."""
    for each in fields(Settings):
        default = "" if each.default is None else str(each.default)
        yield SettingRow(PREFIX + each.name.upper(), default, each.metadata["help"])


def load_settings(
    overrides: Mapping[str, str | None] | None = None,
    *,
    env_file: Path = Path(".env"),
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Read the settings.

    Args:
        overrides: settings by name, as the command line gives them; they take precedence over
            everything else, and None stands for "not given".
        env_file: a file of ``BANNERS_NAME=value`` lines; ignored if it does not exist or is a
            directory.
        environment: the environment variables.

    Raises:
        SettingsError: a value is invalid, a file cannot be read, or what was probably meant as a
            setting is not understood.
    """
    known = [PREFIX + each.name.upper() for each in fields(Settings)]
    sources = (from_environment(environment), from_file(env_file, known))
    found: dict[str, Variable] = {}
    for each, name in zip(fields(Settings), known, strict=True):
        text = (overrides or {}).get(each.name)
        given = read(name, sources) if text is None else Variable(text, each.metadata["option"])
        if given and _is_given(each, given):
            found[name] = given
    check_names(sources, known, found)
    values = {
        each.name: _parse(each, found[name])
        for each, name in zip(fields(Settings), known, strict=True)
        if name in found
    }
    return Settings(**values)


def _is_given(setting: Field[Any], given: Variable) -> bool:
    """Return whether a variable holds a value; an empty one stands for the default."""
    if given.text.strip():
        return True
    if given.text or not setting.metadata["may_be_empty"]:
        found = "only spaces" if given.text else "nothing"
        raise SettingsError(
            f"{given.place} holds {found}; expected a value. Set it, or remove it: the default is "
            f"{setting.default or 'empty'}."
        )
    return False


def _parse(setting: Field[Any], given: Variable) -> Any:
    secret = setting.metadata["secret"]
    try:
        return setting.metadata["parse"](_without_controls(given.text))
    except ValueError as error:
        found = "a value (not shown here)" if secret else shorten(given.text)
        raise SettingsError(f"{given.place} holds {found}; expected {error}.") from error


def _without_controls(text: str) -> str:
    """Return a text unchanged; a line break in it is a mistake, such as an open quote."""
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("a value without line breaks and other control characters")
    return text
