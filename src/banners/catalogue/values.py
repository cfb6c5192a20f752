"""Parses and checks single values of the catalogue, from files and from forms alike.

Each function returns the value, or raises :class:`InvalidValue` with a reason for people.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, tzinfo
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import urlsplit

from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.core.model import ID_PATTERN
from banners.core.policy import PolicyName
from banners.errors import InvalidValue, shorten

MOST_NAME = 200
"""Maximum number of characters of a name."""
MOST_URL = 2_048
"""Maximum number of characters of a landing page."""
LAST_SECOND = 253_402_300_799
"""The last second of the year 9999, in seconds since 1970 in UTC: ISO 8601 has four digits."""
CLICK = "{click}"
"""Where a landing page takes the id of a click."""
POLICIES = tuple(each.value for each in PolicyName)
"""What may pick the lineups of a campaign; empty for the default."""

_ID = re.compile(ID_PATTERN)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_HOST = re.compile(r"\w(?:[\w.-]*\w)?\.?")
_PORT = re.compile(r":[0-9]+$")
_BAD_HOST = "has a malformed host or port; expected one as in https://shop.example"
_YES = {"", "yes", "y", "true", "on", "1"}
_NO = {"no", "n", "false", "off", "0"}
# Direction marks in a name would reorder the text around it.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}


def parse_id(text: str) -> int:
    """Return the id of a campaign or a banner.

    Raises:
        InvalidValue: the text is not 1 to 18 digits, or is zero.
    """
    if not _ID.fullmatch(text) or int(text) == 0:
        found = f"{shorten(text)} is not an id" if text else "the id is empty"
        raise InvalidValue(f"{found}; expected a whole number above zero, of 1 to 18 digits")
    return int(text)


def parse_name(text: str) -> str:
    """Return a name without the spaces around it.

    Raises:
        InvalidValue: it is empty, too long, or holds a control character.
    """
    name = text.strip()
    if not name:
        raise InvalidValue("the name is empty; expected what people call it")
    if len(name) > MOST_NAME:
        raise InvalidValue(f"the name has {len(name):,} characters; expected at most {MOST_NAME}")
    if has_control_characters(name):
        raise InvalidValue(
            f"the name {shorten(name)} holds a control character; expected one line of text"
        )
    return name


def has_control_characters(text: str) -> bool:
    """Return whether a text holds line breaks, other control characters or direction marks.

    Noncharacters count as control characters: no text in Unicode has them, and HTML forbids them.
    """
    return not text.isprintable() and any(
        each in _DIRECTIONS or unicodedata.category(each) in _UNSEEN or _is_noncharacter(each)
        for each in text
    )


def _is_noncharacter(character: str) -> bool:
    """Return whether a code point is never a character.

    Source: The Unicode Standard, section 23.7: U+FDD0 to U+FDEF, and the last two of each plane.
    """
    number = ord(character)
    return 0xFDD0 <= number <= 0xFDEF or number & 0xFFFE == 0xFFFE  # noqa: PLR2004


def folded(text: str) -> str:
    """Return a text as names are searched: without regard to case, and to how accents are stored.

    The result is longer than the text only where a capital stands for several letters, and is cut
    off after three times the length of the longest name.
    """
    return unicodedata.normalize("NFC", text).casefold()[: 3 * MOST_NAME]


def parse_landing_url(text: str) -> str:
    """Return the address of a landing page; empty for none.

    Raises:
        InvalidValue: it is not an http or https address that a click may lead to.
    """
    if not text:
        return ""
    if len(text) > MOST_URL:
        raise InvalidValue(
            f"the landing page has {len(text):,} characters; expected at most {MOST_URL:,}"
        )
    if "\\" in text or has_control_characters(text) or any(map(str.isspace, text)):
        raise InvalidValue(
            f"the landing page {shorten(text)} holds a space, a backslash or a control character; "
            "write these as %20, %5C and so on"
        )
    if fault := _url_fault(text):
        raise InvalidValue(f"the landing page {shorten(text)} {fault}")
    return text


def _url_fault(text: str) -> str:
    """Return what is wrong with an address; empty if nothing is."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return _BAD_HOST
    faults = {
        "is not a full address; expected http:// or https:// and a host": (
            parts.scheme not in {"http", "https"} or not parts.netloc
        ),
        "holds a user name; expected an address without one": "@" in parts.netloc,
        f"holds {CLICK} in its host; expected it in path, query or fragment": (
            CLICK in parts.netloc
        ),
        _BAD_HOST: port == 0 or not _is_host(_PORT.sub("", parts.netloc)),
        f"holds {CLICK} more than once; expected it once": text.count(CLICK) > 1,
    }
    return next((fault for fault, is_so in faults.items() if is_so), "")


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return bool(_HOST.fullmatch(host))
    try:
        # Browsers know no other address in brackets, and none with a zone.
        return host.endswith("]") and not IPv6Address(host[1:-1]).scope_id
    except AddressValueError:
        return False


def parse_moment(text: str, zone: tzinfo) -> int | None:
    """Return a time as seconds since 1970 in UTC; None for an empty text.

    Args:
        text: ISO 8601, such as ``2026-11-27``, ``2026-11-27T10:00`` or ``2026-11-27T10:00:00Z``.
            A date alone is its first second.
        zone: the time zone of a text that names none.

    Raises:
        InvalidValue: it is malformed, before 1970 or after 9999 in UTC, or a local time that occurs
            twice or not at all.
    """
    if not text:
        return None
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError  # noqa: TRY301  # as for a day that does not exist
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue(
            f"{shorten(text)} is not a time; expected ISO 8601, such as 2026-11-27T10:00:00Z"
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
        _check_occurs_once(moment, text)
    seconds = round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1))
    _check_bounds(seconds, text)
    return seconds


def _check_bounds(seconds: int, text: str) -> None:
    if seconds < 0:
        raise InvalidValue(f"{shorten(text)} is before 1970; expected a later time")
    if seconds > LAST_SECOND:
        raise InvalidValue(
            f"{shorten(text)} is after the year 9999; expected an earlier time, or none"
        )


def _check_occurs_once(moment: datetime, text: str) -> None:
    """Refuse a local time when clocks change: in spring it does not exist, in autumn twice."""
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        raise InvalidValue(
            f"{shorten(text)} occurs twice or not at all, since clocks change in {moment.tzinfo} "
            f"then; add an offset, as in {text}+01:00"
        )


def write_moment(seconds: int | None) -> str:
    """Return a time as ISO 8601 in UTC; an empty text for None."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_moment(seconds: int, zone: tzinfo) -> datetime:
    """Return a time in a zone; in UTC where it would be after the year 9999 in the zone.

    Args:
        seconds: seconds since 1970 in UTC, at most :data:`LAST_SECOND`.
        zone: the time zone.
    """
    try:
        return datetime.fromtimestamp(seconds, zone)
    except OverflowError:
        return datetime.fromtimestamp(seconds, UTC)


def parse_active(text: str) -> bool:
    """Return whether it is on: yes, true, on, 1 or empty; or no, false, off, 0.

    Raises:
        InvalidValue: the text is anything else.
    """
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise InvalidValue(f"{shorten(text)} says neither yes nor no; expected yes or no")


def parse_policy(text: str) -> str:
    """Return the name of a policy; empty for the default.

    Raises:
        InvalidValue: there is no such policy.
    """
    if text and text not in POLICIES:
        raise InvalidValue(
            f"{shorten(text)} is not a policy; expected {' or '.join(POLICIES)}, or nothing"
        )
    return text


def check_times(starts: int | None, ends: int | None) -> None:
    """Refuse an end that is not after the start.

    Raises:
        InvalidValue: it would never be shown.
    """
    if starts is not None and ends is not None and ends <= starts:
        raise InvalidValue(
            f"it ends at {write_moment(ends)}, which is not after its start at "
            f"{write_moment(starts)}; expected a later end, or none"
        )


def check_entry(entry: CatalogueCampaign | CatalogueBanner) -> None:
    """Refuse a campaign or a banner that a file could not hold, whoever made it.

    Raises:
        InvalidValue: one of its values is invalid.
    """
    if isinstance(entry, CatalogueCampaign):
        parse_id(str(entry.campaign_id))
        parse_policy(entry.policy)
    else:
        parse_id(str(entry.banner_id))
        parse_landing_url(entry.landing_url)
    if parse_name(entry.name) != entry.name:
        raise InvalidValue(f"the name {shorten(entry.name)} has spaces around it; remove them")
    for moment in (entry.starts, entry.ends):
        if moment is not None:
            _check_bounds(moment, str(moment))
    check_times(entry.starts, entry.ends)
