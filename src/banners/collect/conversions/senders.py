"""Who may report conversions, and for which campaigns: a file with a line for each.

``name key campaigns``: the name becomes part of the ids of its conversions, the key is a secret of
32 characters or more, and the campaigns are ids separated by commas, or ``*`` for all.
"""

import hmac
import re
from collections.abc import Iterable
from pathlib import Path

from banners.collect.token import campaign_tag
from banners.core.model import parse_campaign_id
from banners.errors import CollectError, InvalidCampaignId

SHORTEST_KEY = 32
"""Minimum number of characters of a key."""

ANY_CAMPAIGN = 0
"""Stands for any campaign in a record."""

_MOST_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_ALL = "*"


class Sender:
    """Somebody who may report conversions.

    Args:
        name: what it is called.
        campaigns: the campaigns that it may report for; None for all.

    Raises:
        CollectError: two of the campaigns have the same tag in the tokens of clicks.
    """

    def __init__(self, name: str, campaigns: Iterable[int] | None) -> None:
        self.name = name
        self._by_tag: dict[int, int] | None = None
        if campaigns is not None:
            self._by_tag = {}
            for campaign_id in sorted(set(campaigns)):
                first = self._by_tag.setdefault(campaign_tag(campaign_id), campaign_id)
                if first != campaign_id:
                    raise CollectError(
                        f"The sender {name} has the campaigns {first} and {campaign_id}, which the "
                        "tokens of clicks cannot tell apart; expected one of them at the most. "
                        "Move the other one to a line of its own, with another name and key."
                    )

    def campaign_of(self, tag: int) -> int | None:
        """Return the campaign for which it reports a click.

        Args:
            tag: the tag of the click's campaign.

        Returns:
            The campaign that the click must be of, which closing compares; :data:`ANY_CAMPAIGN` if
            it may be of any; None if it may not report the click.
        """
        if self._by_tag is None:
            return ANY_CAMPAIGN
        return self._by_tag.get(tag)


class Senders:
    """Those who may report conversions.

    Args:
        keys: each sender with its key.
    """

    def __init__(self, keys: Iterable[tuple[Sender, str]]) -> None:
        self._keys = [(sender, key.encode()) for sender, key in keys]

    def named(self, name: str) -> Sender | None:
        """Return the sender with a name; None if there is none."""
        return next((sender for sender, _ in self._keys if sender.name == name), None)

    def names(self) -> list[str]:
        """List the names."""
        return [sender.name for sender, _ in self._keys]

    def with_key(self, given: bytes) -> Sender | None:
        """Return the sender with a key; None if nobody has it.

        The time that this takes does not depend on the key.
        """
        found = [sender for sender, key in self._keys if hmac.compare_digest(key, given)]
        return found[0] if found else None


def read_senders(path: Path) -> Senders:
    """Read the senders of a file; blank lines, and lines that begin with #, do not count.

    Raises:
        CollectError: the file cannot be read, or a line of it is malformed. The message does not
            quote the line, which may hold a key.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = file.read(_MOST_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else "it is not UTF-8"
        raise CollectError(
            f"{path}, the file with the keys of conversions, cannot be read: {reason}. Correct "
            "BANNERS_CONVERSION_KEYS_FILE, or the file."
        ) from error
    keys: dict[str, tuple[Sender, str]] = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            sender, key = _read_line(line, f"{path}, line {number}")
            if sender.name in keys or any(key == other for _, other in keys.values()):
                raise CollectError(
                    f"{path}, line {number} has a name or a key that an earlier line has. Give "
                    "every sender a name and a key of its own."
                )
            keys[sender.name] = sender, key
    return Senders(keys.values())


def _read_line(line: str, place: str) -> tuple[Sender, str]:
    parts = line.split()
    if len(parts) != len(("name", "key", "campaigns")):
        raise CollectError(
            f"{place} has {len(parts)} parts; expected: name key campaigns, separated by spaces, "
            "with campaigns such as 7,27 or * for all."
        )
    name, key, campaigns = parts
    if not _NAME.fullmatch(name):
        raise CollectError(
            f"{place} begins with a name that is not one; expected up to 63 letters, digits, and "
            "any of . _ - after the first."
        )
    if len(key) < SHORTEST_KEY:
        raise CollectError(
            f"{place} has a key of {len(key)} characters; expected {SHORTEST_KEY} or more. Write a "
            "longer one, such as the output of: openssl rand -hex 32"
        )
    if campaigns == _ALL:
        return Sender(name, None), key
    try:
        ids = [parse_campaign_id(each) for each in campaigns.split(",")]
    except InvalidCampaignId as error:
        raise CollectError(
            f"{place} has a campaign that is not an id; expected ids separated by commas, such as "
            "7,27, or * for all."
        ) from error
    try:
        return Sender(name, ids), key
    except CollectError as error:
        raise CollectError(f"{place}: {error}") from error
