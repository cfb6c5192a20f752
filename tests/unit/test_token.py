"""Tokens hold a view or a click, and nobody else can make one."""

import base64
import hmac
import string
import struct
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.collect import token
from banners.collect.token import Click, Tokens, campaign_tag
from banners.core.model import Quarter
from banners.core.views import Group, View, event_id
from strategies.views import IDS, views

KEY, OTHER_KEY = b"a key of thirty-two characters..", b"another key, as long as the one."
TOKENS = Tokens([KEY])
LETTERS = (string.ascii_letters + string.digits + "-_+/=. \n%").encode()
CLICKS = st.builds(
    Click,
    slot=st.integers(0, 2**24 - 1),
    click_id=st.integers(1, 2**59 - 1),
    tag=IDS.map(campaign_tag),
)


def view_of(banner_ids: tuple[int, ...], campaign_id: int) -> View:
    return View(
        slot=1_994_405,
        quarter=Quarter.THIRD,
        campaign_id=campaign_id,
        generation=3,
        group=Group.RULE,
        view_id=2**55 - 1,
        banner_ids=banner_ids,
    )


def decoded(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def independently_signed(body: bytes, purpose: bytes) -> bytes:
    """Return a token with a MAC that is made from the description alone."""
    secret = blake2b(KEY, person=b"banners key").digest()
    mac = blake2b(body, key=secret, person=purpose, digest_size=12).digest()
    return base64.urlsafe_b64encode(body + mac).rstrip(b"=")


@given(views())
def test_a_token_holds_its_view(view: View) -> None:
    assert TOKENS.read_view(TOKENS.view_token(view)) == view


@given(views())
def test_a_token_of_a_view_fits_into_its_bound_and_needs_no_escape_in_a_url(view: View) -> None:
    written = TOKENS.view_token(view).decode()
    assert len(written) <= token.LONGEST_TOKEN
    assert set(written) <= set(string.ascii_letters + string.digits + "-_")


def test_the_longest_view_fits_into_the_bound() -> None:
    places = range(10**18 - 15, 10**18)
    view = view_of(tuple(places), 10**18 - 99)._replace(fill=tuple(places))
    written = TOKENS.view_token(view)
    assert len(written) <= token.LONGEST_TOKEN
    assert TOKENS.read_view(written) == view


def test_the_token_of_ten_banners_is_short() -> None:
    short = TOKENS.view_token(view_of(tuple(range(100, 110)), 999))
    long = TOKENS.view_token(view_of(tuple(range(10**18 - 10, 10**18)), 10**18 - 99))
    assert len(short) <= 90
    assert len(long) <= 160


@given(views(), st.data())
def test_a_token_with_another_byte_is_none_of_ours(view: View, data: st.DataObject) -> None:
    written = bytearray(TOKENS.view_token(view))
    place = data.draw(st.integers(0, len(written) - 1))
    letter = data.draw(st.sampled_from(LETTERS).filter(lambda each: each != written[place]))
    written[place] = letter
    assert TOKENS.read_view(bytes(written)) is None


def test_every_other_letter_at_every_place_is_refused() -> None:
    written = TOKENS.view_token(view_of((1, 22, 333), 54))
    click = TOKENS.click_token(1_994_405, event_id(77, 1), 54)
    for read, right in ((TOKENS.read_view, written), (TOKENS.read_click, click)):
        assert read(right) is not None
        for place in range(len(right)):
            for letter in set(LETTERS) - {right[place]}:
                changed = right[:place] + bytes([letter]) + right[place + 1 :]
                assert read(changed) is None, (place, letter)


@given(views())
def test_a_token_that_is_cut_off_or_longer_is_none_of_ours(view: View) -> None:
    written = TOKENS.view_token(view)
    for end in range(len(written)):
        assert TOKENS.read_view(written[:end]) is None
    for more in (b"A", b"=", b"\n", b"AAAA", b"-" * 1000):
        assert TOKENS.read_view(written + more) is None


@given(st.binary(max_size=500))
def test_any_bytes_are_none_of_ours(given_bytes: bytes) -> None:
    assert TOKENS.read_view(given_bytes) is None
    assert TOKENS.read_click(given_bytes[:34]) is None


@given(views())
def test_a_token_of_a_foreign_key_is_none_of_ours(view: View) -> None:
    foreign = Tokens([OTHER_KEY])
    assert TOKENS.read_view(foreign.view_token(view)) is None
    assert TOKENS.read_click(foreign.click_token(view.slot, 17, view.campaign_id)) is None


def test_a_foreign_key_with_the_same_id_is_refused_by_the_mac() -> None:
    body = bytearray(decoded(TOKENS.view_token(view_of((1,), 54))))
    body[-1] ^= 1
    assert TOKENS.read_view(base64.urlsafe_b64encode(body).rstrip(b"=")) is None


def test_a_mac_of_another_purpose_is_refused() -> None:
    body = decoded(TOKENS.view_token(view_of((1,), 54)))[:-12]
    right = independently_signed(body, b"banners view")
    assert TOKENS.read_view(right) == view_of((1,), 54)
    assert TOKENS.read_view(independently_signed(body, b"banners click")) is None
    click = decoded(b"AA" + TOKENS.click_token(1_994_405, 17, 54))[:-12]
    assert TOKENS.read_click(independently_signed(click, b"banners click")[2:]) is not None
    assert TOKENS.read_click(independently_signed(click, b"banners view")[2:]) is None


@pytest.mark.parametrize(
    ("banner_id", "letter", "width"),
    [(2**16 - 1, "H", 0), (2**16, "I", 1), (2**32 - 1, "I", 1), (2**32, "Q", 2)],
)
def test_the_token_of_a_view_is_written_as_described(
    banner_id: int, letter: str, width: int
) -> None:
    key_id = blake2b(KEY, person=b"banners key id", digest_size=2).digest()
    numbers = 1_994_405, 3, 54, 2 << 59 | 2 << 55 | 2**55 - 1, banner_id, 1
    body = bytes([1 << 5 | width]) + key_id + struct.pack(f">IIQQ2{letter}", *numbers)
    written = Tokens([KEY]).view_token(view_of((banner_id, 1), 54))
    assert written == independently_signed(body, b"banners view")


def test_the_token_of_a_click_is_written_as_described() -> None:
    key_id = blake2b(KEY, person=b"banners key id", digest_size=2).digest()[0] >> 4
    tag = blake2b((54).to_bytes(8), person=b"banners campaign", digest_size=4).digest()
    bits = f"{key_id:04b}{int.from_bytes(tag):032b}"[:25] + f"{1_994_405:024b}{17:059b}"
    body = int(bits, 2).to_bytes(15)
    written = Tokens([KEY]).click_token(1_994_405, 17, 54)
    assert written == independently_signed(body, b"banners click")[2:]


def test_views_are_read_back_whatever_letters_their_tokens_end_in() -> None:
    seen = [view_of((1, 2, 3), 54)._replace(view_id=number) for number in range(1_000)]
    written = [TOKENS.view_token(view) for view in seen]
    assert {token[-1:] for token in written} >= {b"A", b"X", b"_", b"-"}
    assert [TOKENS.read_view(token) for token in written] == seen


def test_even_a_signed_token_is_refused_if_it_is_too_long_or_has_no_banner() -> None:
    view = view_of((1,), 54)
    body = decoded(TOKENS.view_token(view))[:-12]
    longest = independently_signed(body + bytes(276 - len(body)), b"banners view")
    assert len(longest) == token.LONGEST_TOKEN
    assert TOKENS.read_view(longest) == view
    longer = independently_signed(body + bytes(277 - len(body)), b"banners view")
    assert TOKENS.read_view(longer) is None
    for end in range(28):
        assert TOKENS.read_view(independently_signed(body[:end], b"banners view")) is None


def test_a_signed_token_of_a_click_is_refused_if_it_is_longer() -> None:
    body = decoded(b"AA" + TOKENS.click_token(1_994_405, 17, 54))[:-12]
    longer = independently_signed(bytes(3) + body, b"banners click")[2:]
    assert longer.startswith(b"AA")
    assert TOKENS.read_click(longer) is None


@pytest.mark.parametrize("number", range(16))
def test_a_click_is_read_back_whatever_the_id_of_the_key(number: int) -> None:
    tokens = Tokens([b"%032d" % number])
    for campaign_id in range(1, 50):
        written = tokens.click_token(2**24 - 1, 2**59 - 1, campaign_id)
        assert tokens.read_click(written) == Click(2**24 - 1, 2**59 - 1, campaign_tag(campaign_id))


def test_a_token_of_another_format_is_refused() -> None:
    body = bytearray(decoded(TOKENS.view_token(view_of((1,), 54)))[:-12])
    body[0] ^= 1 << 5
    assert TOKENS.read_view(independently_signed(bytes(body), b"banners view")) is None


@given(views())
def test_keys_can_be_moved_and_added(view: View) -> None:
    before, both, after = Tokens([KEY]), Tokens([OTHER_KEY, KEY]), Tokens([KEY, OTHER_KEY])
    assert both.read_view(before.view_token(view)) == view
    assert after.read_view(both.view_token(view)) == view
    click = both.click_token(view.slot, 17, view.campaign_id)
    assert after.read_click(click) == Click(view.slot, 17, campaign_tag(view.campaign_id))


@given(CLICKS, IDS)
def test_the_token_of_a_click_holds_it_in_34_characters(click: Click, campaign_id: int) -> None:
    written = TOKENS.click_token(click.slot, click.click_id, campaign_id)
    assert len(written) == 34
    assert TOKENS.read_click(written) == click._replace(tag=campaign_tag(campaign_id))


@given(CLICKS, st.data())
def test_the_token_of_a_click_with_another_byte_is_refused(
    click: Click, data: st.DataObject
) -> None:
    written = bytearray(TOKENS.click_token(click.slot, click.click_id, 54))
    place = data.draw(st.integers(0, len(written) - 1))
    letter = data.draw(st.sampled_from(LETTERS).filter(lambda each: each != written[place]))
    written[place] = letter
    assert TOKENS.read_click(bytes(written)) is None
    for end in range(len(written)):
        assert TOKENS.read_click(bytes(written[:end])) is None


def test_campaigns_have_different_tags() -> None:
    assert len({campaign_tag(campaign_id) for campaign_id in range(1, 200)}) == 199


@given(views())
def test_whose_banner_it_is_follows_from_the_view(view: View) -> None:
    for position in range(1, len(view.banner_ids) + 1):
        owner = view.fill[position - 1] if view.fill else 0
        assert view.is_fill(position) == bool(owner)
        assert view.owner(position) == (owner or view.campaign_id)


@given(views())
def test_every_place_of_a_view_has_an_event_id_of_its_own(view: View) -> None:
    places = range(1, len(view.banner_ids) + 1)
    found = [event_id(view.view_id, position) for position in places]
    assert found == [view.view_id * 16 + position for position in places]


@pytest.mark.parametrize("fill", [(54, 0), (0, 54), (54, 54), (54, 7), (7, 54), (7, 8)])
def test_a_token_says_whose_fill_it_is(fill: tuple[int, ...]) -> None:
    view = view_of((1, 2), 54)._replace(fill=fill)
    assert TOKENS.read_view(TOKENS.view_token(view)) == view


def test_no_fill_and_fill_of_nobody_are_the_same() -> None:
    view = view_of((1, 2), 54)
    assert TOKENS.view_token(view._replace(fill=(0, 0))) == TOKENS.view_token(view)


def test_nothing_but_compare_digest_compares_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(made: bytes, given: bytes) -> bool:
        compared.append(made)
        return made == given

    written = TOKENS.view_token(view_of((1,), 54))
    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert TOKENS.read_view(written) is not None
    assert decoded(written)[-12:] in compared
    source = Path(token.__file__).read_text(encoding="utf-8")
    assert "digest() ==" not in source
