"""The lines of the file of passwords: who may sign in, as what."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from banners.core.model import parse_campaign_id
from banners.errors import InvalidCampaignId, SettingsError
from banners.web.http.caller import Role

ONLY_NAME = "operator"
"""The name of the operator whose file is one bare password."""

SHORTEST_SAFE = 12
"""Number of characters of a password below which operators are warned that it can be guessed."""

_NAME = re.compile(r"[\w.@-]{1,64}")
_MOST_CHARACTERS = 1_000
_MOST_FAULTS = 20
_MOST_CAMPAIGNS = 5_000
_EXPECTED = "name password [role] [campaigns]"


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may sign in.

    Args:
        name: the name.
        password: the password.
        role: what it may do.
        campaigns: the ids of the campaigns that it may see; None for all of them.
        line: the number of its line in the file, from 1.
    """

    name: str
    password: str = field(repr=False)
    role: Role = Role.OPERATOR
    campaigns: frozenset[int] | None = None
    line: int = field(default=0, compare=False)


def parse(text: str, place: str) -> list[Operator]:
    """Return who may sign in.

    Args:
        text: the content of the file. Empty lines, and those that begin with ``#``, are ignored.
        place: the name of the file, for messages.

    Raises:
        SettingsError: the file has no line, or lines with faults; the message names each line, and
            quotes no word of it, since any could be part of a password that has spaces.
    """
    lines = {
        number: line.split()
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    }
    if [len(words) for words in lines.values()] == [1]:
        ((number, words),) = lines.items()
        lines = {number: [ONLY_NAME, *words]}
    faults: list[str] = []
    found: list[Operator] = []
    for number, words in lines.items():
        try:
            operator = replace(_operator(words), line=number)
            _check_unlike(operator, found)
            found.append(operator)
        except ValueError as error:
            faults.append(f"{place}, line {number}: {error}")
    if faults:
        more = [f"And {len(faults) - _MOST_FAULTS} more."] if len(faults) > _MOST_FAULTS else []
        raise SettingsError(*faults[:_MOST_FAULTS], *more)
    if not found:
        raise SettingsError(
            f"{place} has no password; expected one, or lines of: {_EXPECTED}. Write them to the "
            "file."
        )
    return found


def of_short_passwords(operators: Iterable[Operator], place: str) -> str | None:
    """Return a sentence that names the lines with passwords that can be guessed; None without any.

    Args:
        operators: who may sign in.
        place: the name of the file.
    """
    lines = [each.line for each in operators if len(each.password) < SHORTEST_SAFE]
    if not lines:
        return None
    named = ", ".join(map(str, lines[:_MOST_FAULTS]))
    more = f" and {len(lines) - _MOST_FAULTS} more" if len(lines) > _MOST_FAULTS else ""
    return (
        f"{place}, line{'s' if len(lines) > 1 else ''} {named}{more}: a password of fewer than "
        f"{SHORTEST_SAFE} characters can be guessed. Choose a longer one."
    )


def _operator(words: list[str]) -> Operator:
    """Return the operator of a line; a ValueError says what is wrong with it."""
    if not 2 <= len(words) <= 4:  # noqa: PLR2004  # as the message says
        raise ValueError(
            f"found {len(words)} word{'s' if len(words) > 1 else ''}; expected: {_EXPECTED}. "
            "Passwords have no spaces, and commas alone separate campaigns."
        )
    name, password, role, campaigns = (*words, "", "")[:4]
    if not _NAME.fullmatch(name):
        raise ValueError(
            "found a name with other characters or too many; expected up to 64 letters, digits, "
            "and any of . _ @ -"
        )
    if len(password) > _MOST_CHARACTERS or not password.isprintable():
        raise ValueError(
            "found a password that is too long or has control characters; expected up to "
            f"{_MOST_CHARACTERS} visible characters."
        )
    if role not in {"", *Role}:
        raise ValueError(
            f"found another role than {' or '.join(Role)} in the third word; expected one of them, "
            "and a password without spaces."
        )
    if role != Role.READER:
        if campaigns:
            raise ValueError("an operator sees all campaigns; expected none listed here.")
        return Operator(name, password)
    return Operator(name, password, Role.READER, frozenset(_campaigns(campaigns)))


def _campaigns(text: str) -> Iterator[int]:
    if not text:
        raise ValueError("a reader needs campaigns to see; expected their ids, as in 7,27.")
    found = text.split(",")
    if len(found) > _MOST_CAMPAIGNS:
        raise ValueError(f"found {len(found)} campaigns; expected {_MOST_CAMPAIGNS} at the most.")
    for number, each in enumerate(found, start=1):
        try:
            yield parse_campaign_id(each)
        except InvalidCampaignId:
            # The error quotes what it found.
            raise ValueError(
                f"campaign {number} of the fourth word is not a campaign id; expected "
                "whole numbers above zero with commas between them, as in 7,27."
            ) from None


def _check_unlike(operator: Operator, others: list[Operator]) -> None:
    """Raise a ValueError if a name or a password does not tell an operator from the others."""
    for other in others:
        if other.name == operator.name:
            raise ValueError("the name is that of an earlier line, too; expected one of its own.")
        if other.password == operator.password:
            # A program may send only the password, so it must be unique.
            raise ValueError(
                "the password is that of an earlier line as well; expected one of its own."
            )
