"""Tokens: signed descriptions of a view or a click, for links.

A token is binary, ends in a MAC, and is written in base64url without padding. The MAC is keyed
BLAKE2b with a ``person`` for each purpose, so a token of one purpose is never one of another.
Invalid tokens are to be expected, so reading one returns None instead of raising an error.

The token of a view, big endian::

    1 byte    format (3 bits), whether banners are of other campaigns, whether any is fill, whether
              a pause changed the lineup, bytes of a banner id (2 bits: 2, 4 or 8)
    2 bytes   key id
    4 bytes   slot
    4 bytes   generation
    8 bytes   campaign id
    8 bytes   group (3 bits), quarter - 1 (2 bits), number of places (4 bits), view id (55 bits)
    n         banner ids
    2 bytes   if any is fill: which places are
    2 + 8 k   if banners are of other campaigns: which places, and these campaigns
    12 bytes  MAC

The token of a click has 204 bits, so 34 characters: key id (4 bits), campaign tag (21), slot (24),
click id (59), MAC (96). The tag is a hash of the campaign, so that a conversion of another
campaign's click is refused without a look at the event log.
"""

import hmac
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

from banners.core.model import Quarter
from banners.core.views import MOST_PLACES, VIEW_BITS, Group, View

CLICK_LENGTH = 34
"""Number of characters of the token of a click."""

LONGEST_TOKEN = 384
"""Maximum number of characters of the token of a view; longer ones are refused unread."""

_MAC_BYTES = 12
_FORMAT = 1
_OTHERS, _FILL, _PAUSED = 16, 8, 4
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_GROUPS = tuple(Group)
_GROUP_NUMBERS = {group: number << 61 for number, group in enumerate(_GROUPS)}
_QUARTERS = tuple(Quarter)
_VIEW_ID = (1 << VIEW_BITS) - 1
_HEAD = Struct(">BHIIQQ")
_MASK = Struct(">H")
_ID_BYTES = (2, 4, 8)
_BODIES = tuple(
    tuple(Struct(f">BHIIQQ{places}{letter}") for places in range(MOST_PLACES + 1))
    for letter in "HIQ"
)
_IDS = tuple(
    tuple(Struct(f">{places}{letter}") for places in range(MOST_PLACES + 1)) for letter in "HIQ"
)

_TAG_BITS, _SLOT_BITS, _CLICK_BITS = 21, 24, VIEW_BITS + 4
_CLICK_BYTES = 27
_CLICK_BODY_BYTES = _CLICK_BYTES - _MAC_BYTES
# 204 bits are 25.5 bytes. With twelve zeros in front they are 27, and these zeros are two letters.
_ZEROS = b"AA"


class Click(NamedTuple):
    """A click, as its token describes it.

    Args:
        slot: the slot of its view.
        click_id: its id; see :func:`banners.core.views.event_id`.
        tag: the tag of its campaign; see :func:`campaign_tag`.
    """

    slot: int
    click_id: int
    tag: int


class _Key:
    """What is made of one key: its ids, and a MAC for each purpose that only lacks the content."""

    def __init__(self, key: bytes) -> None:
        # A key of any length is hashed to the length that BLAKE2b takes.
        secret = blake2b(key, person=b"banners key").digest()
        number = int.from_bytes(blake2b(key, person=b"banners key id", digest_size=2).digest())
        self.id = number
        self.click_id = number >> 12
        self.view = _mac(secret, b"banners view")
        self.click = _mac(secret, b"banners click")


class Tokens:
    """Makes tokens with the first key, and reads those of every key.

    Args:
        keys: one or more secret keys, each of 32 bytes or more.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(map(_Key, keys))
        self._first = self._keys[0]

    def view_token(self, view: View) -> bytes:
        """Return the token of a view."""
        banner_ids = view.banner_ids
        largest = max(banner_ids)
        width = 0 if largest < 1 << 16 else 1 if largest < 1 << 32 else 2
        flags = _FORMAT << 5 | (_PAUSED if view.paused else 0) | width
        tail = b""
        if view.fill:
            more, tail = _fill_of(view)
            flags |= more
        body = _BODIES[width][len(banner_ids)].pack(
            flags,
            self._first.id,
            view.slot,
            view.generation,
            view.campaign_id,
            _GROUP_NUMBERS[view.group]
            | (view.quarter - 1) << 59
            | len(banner_ids) << VIEW_BITS
            | view.view_id,
            *banner_ids,
        )
        body += tail
        mac = self._first.view.copy()
        mac.update(body)
        written = b2a_base64(body + mac.digest(), newline=False)
        return written.translate(_TO_URL).rstrip(b"=")

    def read_view(self, token: bytes) -> View | None:
        """Return the view that a token describes; None if no key of ours made it."""
        content = _decoded(token) if len(token) <= LONGEST_TOKEN else None
        if content is None or len(content) <= _HEAD.size + _MAC_BYTES:
            return None
        body, given = content[:-_MAC_BYTES], content[-_MAC_BYTES:]
        key_id = int.from_bytes(body[1:3])
        if not any(_is_mac_of(key.view, body, given) for key in self._keys if key.id == key_id):
            return None
        return _view_in(body) if body[0] >> 5 == _FORMAT else None

    def click_token(self, slot: int, click_id: int, campaign_id: int) -> bytes:
        """Return the token of a click, for the address of a landing page.

        Args:
            slot: the slot of its view.
            click_id: its id; see :func:`banners.core.views.event_id`.
            campaign_id: the campaign in whose report it counts.
        """
        bits = self._first.click_id
        bits = bits << _TAG_BITS | campaign_tag(campaign_id)
        bits = bits << _SLOT_BITS | slot
        bits = bits << _CLICK_BITS | click_id
        body = bits.to_bytes(_CLICK_BODY_BYTES)
        mac = self._first.click.copy()
        mac.update(body)
        written = b2a_base64(body + mac.digest(), newline=False)
        return written[len(_ZEROS) :].translate(_TO_URL)

    def read_click(self, token: bytes) -> Click | None:
        """Return the click that a token describes; None if no key of ours made it."""
        content = _decoded(_ZEROS + token) if len(token) == CLICK_LENGTH else None
        if content is None:
            return None
        body, given = content[:-_MAC_BYTES], content[-_MAC_BYTES:]
        bits = int.from_bytes(body)
        key_id = bits >> _TAG_BITS + _SLOT_BITS + _CLICK_BITS
        if not any(
            _is_mac_of(key.click, body, given) for key in self._keys if key.click_id == key_id
        ):
            return None
        return Click(
            slot=bits >> _CLICK_BITS & (1 << _SLOT_BITS) - 1,
            click_id=bits & (1 << _CLICK_BITS) - 1,
            tag=bits >> _CLICK_BITS + _SLOT_BITS & (1 << _TAG_BITS) - 1,
        )


def campaign_tag(campaign_id: int) -> int:
    """Return the tag of a campaign in the tokens of clicks, a hash of 21 bits."""
    digest = blake2b(campaign_id.to_bytes(8), person=b"banners campaign", digest_size=4).digest()
    return int.from_bytes(digest) >> 32 - _TAG_BITS


def _mac(secret: bytes, purpose: bytes) -> blake2b:
    return blake2b(key=secret, person=purpose, digest_size=_MAC_BYTES)


def _is_mac_of(keyed: blake2b, body: bytes, given: bytes) -> bool:
    mac = keyed.copy()
    mac.update(body)
    return hmac.compare_digest(mac.digest(), given)


def _decoded(token: bytes) -> bytes | None:
    """Return the bytes that a token holds; None if it is not in canonical base64url."""
    try:
        # More padding than is needed changes nothing.
        content = a2b_base64(token.translate(_FROM_URL) + b"==")
    except NotBase64:
        return None
    written = b2a_base64(content, newline=False).translate(_TO_URL).rstrip(b"=")
    # The same bytes have several forms in base64; only the canonical one is accepted.
    return content if hmac.compare_digest(written, token) else None


def _fill_of(view: View) -> tuple[int, bytes]:
    """Return the flags and the last bytes of a token that say which banners are fill, and whose."""
    fill = others = 0
    owners = []
    for place, owner in enumerate(view.fill):
        if owner:
            fill |= 1 << place
            if owner != view.campaign_id:
                others |= 1 << place
                owners.append(owner)
    if not fill:
        return 0, b""
    if not others:
        return _FILL, _MASK.pack(fill)
    return _FILL | _OTHERS, _MASK.pack(fill) + _MASK.pack(others) + _IDS[2][len(owners)].pack(
        *owners
    )


def _view_in(body: bytes) -> View:
    """Return the view that the bytes describe; we made them ourselves, so they are complete."""
    flags, _, slot, generation, campaign_id, head = _HEAD.unpack_from(body)
    width = flags & 3
    places = head >> VIEW_BITS & 15
    fill: tuple[int, ...] = ()
    if flags & _FILL:
        end = _HEAD.size + places * _ID_BYTES[width]
        (filled,) = _MASK.unpack_from(body, end)
        others, owners = 0, iter(())
        if flags & _OTHERS:
            (others,) = _MASK.unpack_from(body, end + 2)
            owners = iter(_IDS[2][others.bit_count()].unpack_from(body, end + 4))
        fill = tuple(
            next(owners) if others >> place & 1 else campaign_id if filled >> place & 1 else 0
            for place in range(places)
        )
    return View(
        slot,
        _QUARTERS[head >> 59 & 3],
        campaign_id,
        generation,
        _GROUPS[head >> 61],
        head & _VIEW_ID,
        _IDS[width][places].unpack_from(body, _HEAD.size),
        fill,
        bool(flags & _PAUSED),
    )
