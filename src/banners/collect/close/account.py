"""The outcome of closing a slot: its account, and the segments that it was made from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Self

from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import slot_name, slot_named
from banners.core.totals import SlotState
from banners.errors import InvalidSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedSlot:
    """A slot as it was closed last.

    Args:
        slot: the slot.
        quarters: the quarters that have event files of it; usually one.
        segments: the segments that hold records of it, with the number of these records.
        missing: hosts that had not sealed the slot yet.
        account: for each kind what became of everything that was recorded, by outcome.
        totals: SHA-256 of the file with its totals (banners.collect.close.totals_file).
        archived: whether it has left the window; then it is never closed again.
    """

    slot: int
    quarters: tuple[Quarter, ...]
    segments: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    account: Mapping[Kind, Mapping[str, int]] = field(default_factory=dict)
    totals: str = ""
    archived: bool = False

    def count(self, kind: Kind, outcome: str) -> int:
        """Return how many events of a kind had an outcome."""
        return self.account.get(kind, {}).get(outcome, 0)

    def state(self) -> SlotState:
        """Return what others may know of it; its digest covers all of that and the totals."""
        known = json.dumps([self.totals, self.missing, self.account], sort_keys=True)
        return SlotState(
            slot=self.slot,
            digest=sha256(known.encode()).hexdigest(),
            missing=self.missing,
            account=self.account,
        )

    def as_json(self) -> str:
        """Return it as JSON, always the same for the same content."""
        content = asdict(self) | {"slot": slot_name(self.slot)}
        return json.dumps(content, sort_keys=True, separators=(",", ":")) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the slot that :meth:`as_json` wrote.

        Raises:
            ValueError: the text is anything else.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            return cls(
                slot=slot_named(content["slot"]),
                quarters=tuple(map(Quarter, content["quarters"])),
                segments=content["segments"],
                missing=tuple(content["missing"]),
                account={Kind(kind): counts for kind, counts in content["account"].items()},
                totals=_text(content["totals"]),
                archived=content["archived"],
            )
        except (KeyError, TypeError, AttributeError, InvalidSlot) as error:
            raise ValueError("the account of a slot is expected") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
