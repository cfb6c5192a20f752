"""The input digest: what a quarter's result is made from, as one SHA-256.

Equal digests mean equal results, so that nothing is published anew, and random numbers are derived
from the digest. It covers the events of the quarter, those of the other quarters where the policy
uses them, the version of the catalogue, and the policy with its settings. Nothing else may compute
it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from banners.core.events import Kind
from banners.core.model import Quarter

RULE = "rule"
"""The name of the policy that uses the events of the quarter alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What decides the result of a quarter besides its own events.

    Args:
        policy: the name of the policy.
        settings: the settings that the policy uses, with their values as text.
        catalogue: the version of the catalogue; None if there is none, or nothing depends on it.
        others: for each other quarter that the policy uses, the digest of its events.
    """

    policy: str = RULE
    settings: Mapping[str, str] = field(default_factory=dict)
    catalogue: int | None = None
    others: Mapping[Quarter, str] = field(default_factory=dict)


def digest_of_files(contents: Iterable[tuple[Kind, str]]) -> str:
    """Return the digest of event files, whatever their order.

    Args:
        contents: the kind of each file and the SHA-256 of its content, in hexadecimal.
    """
    return _sha256("".join(f"{kind} {sha}\n" for kind, sha in sorted(contents)))


def digest_of_slots(slots: Iterable[str]) -> str:
    """Return the digest of the events of several slots, whatever their order.

    Args:
        slots: the digest of the files of each slot that has any row.
    """
    return _sha256("".join(f"slot {digest}\n" for digest in sorted(slots)))


def input_digest(events: str, basis: Basis) -> str:
    """Return the input digest of a quarter.

    Args:
        events: the digest of its events; it is the input digest if nothing else decides the result.
        basis: what else decides it.
    """
    if basis == Basis():
        return events
    others = {str(int(quarter)): digest for quarter, digest in basis.others.items()}
    return _sha256(
        json.dumps(
            {
                "events": events,
                "others": others,
                "catalogue": basis.catalogue,
                "policy": basis.policy,
                "settings": dict(basis.settings),
            },
            sort_keys=True,
        )
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
