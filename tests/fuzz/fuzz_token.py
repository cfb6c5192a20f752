"""Feeds random bytes, and tokens with changes, to the reader of tokens: ``make fuzz``.

The reader must accept nothing that was not signed, and return what was signed as it was.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["banners"]):
    from banners.collect.token import Click, Tokens, campaign_tag
    from banners.core.model import Quarter
    from banners.core.views import Group, View

import reference.tokens

TOKENS = Tokens([b"a key of thirty-two characters..", b"another key, as long as the one."])
BEFORE = Tokens([b"another key, as long as the one."])
"""The same installation before its first key was added."""

MOST_CHANGED = 4
"""Maximum number of characters that are changed together."""


def read_any(given: bytes) -> None:
    """Read bytes that nobody has signed."""
    assert TOKENS.read_view(given) is None
    assert TOKENS.read_click(given) is None


def read_signed(given: bytes) -> None:
    """Read the tokens of a view and of a click, then the same with changes."""
    source = atheris.FuzzedDataProvider(given)
    signs = TOKENS if source.ConsumeBool() else BEFORE
    view = _view(source)
    token = signs.view_token(view)
    assert TOKENS.read_view(token) == view
    _compare_with_reference(token, view)
    click = Click(view.slot, source.ConsumeIntInRange(0, 2**59 - 1), campaign_tag(view.campaign_id))
    click_token = signs.click_token(click.slot, click.click_id, view.campaign_id)
    assert TOKENS.read_click(click_token) == click
    assert TOKENS.read_click(token) is None
    assert TOKENS.read_view(click_token) is None
    changed = _changed(source, token)
    assert changed == token or TOKENS.read_view(changed) is None
    changed = _changed(source, click_token)
    assert changed == click_token or TOKENS.read_click(changed) is None


def _view(source: "atheris.FuzzedDataProvider") -> View:
    places = source.ConsumeIntInRange(1, 15)
    largest = source.PickValueInList([2**16 - 1, 2**32 - 1, 10**18 - 1])
    campaign_id = source.ConsumeIntInRange(1, largest)
    owners = [0, campaign_id, source.ConsumeIntInRange(1, largest)]
    fill = tuple(source.PickValueInList(owners) for _ in range(places))
    return View(
        slot=source.ConsumeIntInRange(0, 2**24 - 1),
        quarter=source.PickValueInList(list(Quarter)),
        campaign_id=campaign_id,
        generation=source.ConsumeIntInRange(0, 2**32 - 1),
        group=source.PickValueInList(list(Group)),
        view_id=source.ConsumeIntInRange(0, 2**55 - 1),
        banner_ids=tuple(source.ConsumeIntInRange(1, largest) for _ in range(places)),
        fill=fill if any(fill) else (),
        paused=source.ConsumeBool(),
    )


def _compare_with_reference(token: bytes, view: View) -> None:
    found = reference.tokens.read_token(token.decode())
    assert (found.slot, found.quarter, found.group) == (view.slot, view.quarter, view.group)
    assert (found.campaign_id, found.view_id) == (view.campaign_id, view.view_id)
    assert found.banner_ids == view.banner_ids
    assert found.owners == tuple(map(view.owner, range(1, 1 + len(view.banner_ids))))


def _changed(source: "atheris.FuzzedDataProvider", token: bytes) -> bytes:
    """Return a token with some characters in place of others, at any place."""
    place = source.ConsumeIntInRange(0, len(token))
    removed = source.ConsumeIntInRange(0, MOST_CHANGED)
    added: bytes = source.ConsumeBytes(source.ConsumeIntInRange(0, MOST_CHANGED))
    return token[:place] + added + token[place + removed :]


READERS = (read_any, read_signed)


def read(given: bytes) -> None:
    """Let the first byte choose what is done with the rest."""
    if given:
        READERS[given[0] % len(READERS)](given[1:])


def beginnings() -> list[bytes]:
    """Return inputs for the fuzzer to begin with: the tokens of a foreign key, and any bytes."""
    foreign = Tokens([b"a key that this installation never had"])
    view = View(1_994_405, Quarter.THIRD, 54, 3, Group.RULE, 77, (1, 22, 333), (0, 54, 9))
    tokens = foreign.view_token(view), foreign.click_token(view.slot, 17, 54)
    return [*(b"\0" + token for token in tokens), *(bytes([1, byte]) * 60 for byte in (0, 85, 255))]


if __name__ == "__main__":
    # The fuzzer keeps inputs that reach new code for the next run.
    corpus = Path("var/fuzz/tokens")
    corpus.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(beginnings()):
        (corpus / f"begin-{number}").write_bytes(content)
    atheris.Setup([*sys.argv, str(corpus)], read)
    atheris.Fuzz()
