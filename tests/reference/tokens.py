"""Reads tokens of views as docs/adr/0029-tokens.md describes them, without checking their MAC."""

import struct
from base64 import urlsafe_b64decode
from dataclasses import dataclass

_GROUPS = ("rule", "policy", "probe", "trial_rule", "trial_policy")


@dataclass(frozen=True)
class TokenView:
    """A view, as its token describes it."""

    slot: int
    quarter: int
    group: str
    campaign_id: int
    view_id: int
    banner_ids: tuple[int, ...]
    owners: tuple[int, ...]
    """The campaign in whose report each banner counts."""

    def event_id(self, position: int) -> int:
        """The id of the impression at a place, and of the click on it."""
        return self.view_id * 16 + position


def read_token(token: str) -> TokenView:
    content = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    first, _key, slot, _generation, campaign_id, packed = struct.unpack_from(">BHIIQQ", content)
    has_others, has_fill = bool(first & 16), bool(first & 8)
    width = (2, 4, 8)[first & 3]
    quarter, places = (packed >> 59 & 3) + 1, packed >> 55 & 15
    end = 27
    ids = [
        int.from_bytes(content[end + place * width : end + (place + 1) * width], "big")
        for place in range(places)
    ]
    end += places * width + 2 * has_fill
    owners = [campaign_id] * places
    if has_others:
        (mask,) = struct.unpack_from(">H", content, end)
        others = iter(struct.unpack_from(f">{mask.bit_count()}Q", content, end + 2))
        owners = [
            next(others) if mask >> place & 1 else owner for place, owner in enumerate(owners)
        ]
    view_id = packed & (1 << 55) - 1
    group = _GROUPS[packed >> 61]
    return TokenView(slot, quarter, group, campaign_id, view_id, tuple(ids), tuple(owners))
