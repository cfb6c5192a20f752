"""What clients keep is signed, and ends when it should."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.web.operators.signing import (
    LINK_SECONDS,
    SESSION_SECONDS,
    SKEW_SECONDS,
    Signing,
    are_equal,
)
from support.set_clock import SetClock

KEY = "a key of the tests " * 3
MOMENT = 1_000_000.0


@pytest.fixture
def clock() -> SetClock:
    return SetClock(MOMENT)


@pytest.fixture
def signing(clock: SetClock) -> Signing:
    return Signing(KEY, clock)


def test_a_session_says_whose_it_is(signing: Signing) -> None:
    read = signing.read_session(signing.session("anna", "mark"))
    assert read is not None
    assert (read.name, read.mark) == ("anna", "mark")


def test_no_two_sessions_are_alike(signing: Signing) -> None:
    assert signing.session("anna", "mark") != signing.session("anna", "mark")


@pytest.mark.parametrize(("after", "is_valid"), [(0, True), (0.5, True), (1, False), (9e9, False)])
def test_a_session_ends_after_twelve_hours(
    signing: Signing, clock: SetClock, after: float, is_valid: bool
) -> None:
    session = signing.session("anna", "mark")
    clock.now += SESSION_SECONDS + after
    assert (signing.read_session(session) is not None) is is_valid
    assert SESSION_SECONDS == 12 * 60 * 60


def test_a_link_ends_after_ten_minutes(signing: Signing, clock: SetClock) -> None:
    link = signing.link("anna", "mark")
    clock.now += LINK_SECONDS
    assert signing.read_link(link)
    clock.now += 1
    assert signing.read_link(link) is None
    assert LINK_SECONDS == 10 * 60


@pytest.mark.parametrize(("behind", "is_valid"), [(0.01, True), (60, True), (61, False)])
def test_a_clock_may_be_a_minute_behind_the_one_that_signed(
    clock: SetClock, behind: float, is_valid: bool
) -> None:
    ahead = Signing(KEY, SetClock(MOMENT))
    clock.now -= behind
    signing = Signing(KEY, clock)
    assert (signing.read_session(ahead.session("anna", "mark")) is not None) is is_valid
    assert (signing.read_link(ahead.link("anna", "mark")) is not None) is is_valid
    assert SKEW_SECONDS == 60


def test_one_kind_is_never_taken_for_another(signing: Signing) -> None:
    assert signing.read_session(signing.link("anna", "mark")) is None
    assert signing.read_link(signing.session("anna", "mark")) is None
    assert signing.mark(b"same") != signing.form_token("same")


def test_another_key_signs_otherwise(clock: SetClock, signing: Signing) -> None:
    other = Signing(KEY[::-1], clock)
    assert signing.read_session(other.session("anna", "mark")) is None
    assert signing.mark(b"same") != other.mark(b"same")
    assert signing.form_token("same") != other.form_token("same")


@given(st.data())
def test_a_changed_session_is_refused(data: st.DataObject) -> None:
    signing = Signing(KEY)
    session = signing.session("anna", "mark")
    place = data.draw(st.integers(0, len(session) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    changed = session[:place] + other + session[place + 1 :]
    read = signing.read_session(changed)
    # The last character of a signature in base64 has bits that stand for nothing.
    assert read is None or read == signing.read_session(session)


@given(st.text(max_size=2_000))
def test_other_text_is_no_session(text: str) -> None:
    assert Signing(KEY).read_session(text) is None


def test_a_mark_does_not_tell_the_password(signing: Signing) -> None:
    assert "correct-horse" not in signing.mark(b"correct-horse")


@given(st.text(), st.text())
def test_texts_are_equal_where_they_are(first: str, second: str) -> None:
    assert are_equal(first, second) is (first == second)
    assert are_equal(first, first)
