"""What a visitor is shown in successive visits, compared with a record of all earlier ones."""

import random
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.rotation import BANNER_COOKIE, PAGE_COOKIE, next_banner, order, round_of

Edition = tuple[int, int]

ids = st.one_of(st.integers(1, 15), st.integers(1, 10**18 - 1))
lineups = st.lists(ids, min_size=1, max_size=10, unique=True)
editions = st.tuples(st.integers(1, 10**18 - 1), st.integers(1, 4))
seeds = st.integers(0, 2**32)
true_values = st.from_regex(rb"[1-9][0-9]{0,17}(\.[0-9]{1,18}\.[1-4]\.[0-9]{1,4})?", fullmatch=True)

NONSENSE = [
    b"1.",
    b"\n414",
    b"414\n",
    b" 414",
    b"+414",
    b"-414",
    b"4_14",
    b"414.0",
    b'"414"',
    b"414;",
    b"0414",
    b"0000000000000000414",
    "٤١٤".encode(),
    b"414.",
    b"414.3",
    b"414.3.1",
    b"414.3.1.",
    b"414.3.1.1.",
    b"414.3.1.-1",
    b"414.3.1.+1",
    b"414.3.1.1_0",
    b"414.3.1.00001",
    b"414.3.0.1",
    b"414.3.5.1",
    b"414.3.11.1",
    b"414..1.1",
    b".3.1.1",
    b"414.0000000000000000003.1.1",
    b"414,3,1,1",
    b"414\x003\x001\x001",
    b"\xff\xfe",
    b"4" * 5000,
]


class Visitor:
    """One who remembers everything shown: docs/rule.md, "Not twice in a row", to the letter."""

    def __init__(self) -> None:
        self.cookie = b""
        self.last: int | None = None
        self.edition: Edition | None = None
        self.seen: set[int] = set()

    def acceptable(self, edition: Edition, lineup: Sequence[int]) -> set[int]:
        """The banners of which any may come next."""
        if edition == self.edition and len(self.seen) < len(lineup):
            return set(lineup) - self.seen
        if len(lineup) == 1:
            return set(lineup)
        return set(lineup) - {self.last}

    def visit(self, edition: Edition, lineup: Sequence[int], source: random.Random) -> int:
        """Ask for the next banner."""
        banner, self.cookie = next_banner(self.cookie, lineup, *edition, source)
        if edition != self.edition or len(self.seen) == len(lineup):
            self.seen = set()
        self.seen.add(banner)
        self.last, self.edition = banner, edition
        return banner


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Edition, list[int]]]:
    """Visits to one campaign whose lineup changes now and then, and changes back."""
    published = draw(st.dictionaries(editions, lineups, min_size=1, max_size=4))
    stays = draw(st.lists(st.tuples(st.sampled_from(sorted(published)), st.integers(1, 25))))
    return [(edition, published[edition]) for edition, visits in stays for _ in range(visits)]


@given(histories(), seeds)
def test_each_banner_comes_once_a_round_and_none_twice_in_a_row(
    history: list[tuple[Edition, list[int]]], seed: int
) -> None:
    visitor, source = Visitor(), random.Random(seed)
    for edition, lineup in history:
        acceptable = visitor.acceptable(edition, lineup)
        assert visitor.visit(edition, lineup, source) in acceptable


@given(editions, lineups, st.lists(st.booleans(), max_size=60), seeds)
def test_two_concurrent_visitors_do_not_affect_each_other(
    edition: Edition, lineup: list[int], turns: list[bool], seed: int
) -> None:
    visitors, source = (Visitor(), Visitor()), random.Random(seed)
    for turn in turns:
        acceptable = visitors[turn].acceptable(edition, lineup)
        assert visitors[turn].visit(edition, lineup, source) in acceptable


@pytest.mark.parametrize("changed", [(4, 1), (3, 2)])
def test_a_round_starts_again_when_the_generation_or_the_quarter_changes(changed: Edition) -> None:
    visitor, source, lineup = Visitor(), random.Random(1), (11, 12, 13, 14, 15)
    for _ in range(3):
        last = visitor.visit((3, 1), lineup, source)
    shown = [visitor.visit(changed, lineup, source) for _ in lineup]
    assert sorted(shown) == [11, 12, 13, 14, 15]
    assert shown[0] != last


def test_a_round_goes_on_in_other_processes() -> None:
    step = (
        "import random, sys; from banners.core.rotation import next_banner; "
        "banner, cookie = next_banner(sys.argv[1].encode(), (11, 12, 13), 3, 1, random.Random()); "
        "print(banner, cookie.decode())"
    )
    cookie, shown = "", []
    for _ in range(6):
        told = subprocess.check_output([sys.executable, "-c", step, cookie], text=True)
        banner, cookie = told.split()
        shown.append(int(banner))
    assert sorted(shown[:3]) == sorted(shown[3:]) == [11, 12, 13]
    assert shown[2] != shown[3]


@pytest.mark.parametrize("cookie", [b"414.3.1.37", b"7.3.1.37"])
def test_the_places_still_to_come_are_the_bits_of_the_last_number(cookie: bytes) -> None:
    lineup = tuple(range(410, 420))
    came = {next_banner(cookie, lineup, 3, 1, random.Random(seed)) for seed in range(50)}
    assert came == {(410, b"410.3.1.36"), (412, b"412.3.1.33"), (415, b"415.3.1.5")}


def test_a_lineup_of_one_is_that_one_each_time() -> None:
    banner, cookie = next_banner(b"", (414,), 3, 1, random.Random(1))
    assert banner == 414
    assert next_banner(cookie, (414,), 3, 1, random.Random(1)) == (414, cookie)


@given(true_values, lineups, editions, seeds)
def test_whatever_a_cookie_claims_none_comes_twice_in_a_row_and_all_come(
    cookie: bytes, lineup: list[int], edition: Edition, seed: int
) -> None:
    source = random.Random(seed)
    shown = [int(cookie.partition(b".")[0])]
    for _ in range(2 * len(lineup)):
        banner, cookie = next_banner(cookie, lineup, *edition, source)
        shown.append(banner)
    assert set(shown[1:]) == set(lineup)
    assert len(lineup) == 1 or all(one != other for one, other in pairwise(shown))


@given(st.integers(0, 9999), lineups, editions, seeds)
def test_a_forged_round_of_the_right_lineup_does_not_repeat_the_last_banner(
    coming: int, lineup: list[int], edition: Edition, seed: int
) -> None:
    cookie = b"%d.%d.%d.%d" % (lineup[0], *edition, coming)
    banner, _ = next_banner(cookie, lineup, *edition, random.Random(seed))
    assert banner in (lineup[1:] or lineup)


@pytest.mark.parametrize(
    ("cookie", "found"),
    [
        (b"414.37.2.5", 37),
        (b"414.0.1.1", 0),
        (b"414.37.2.0", None),  # all banners of the round came
        (b"414", None),
        (b"", None),
        (b"414.37.5.5", None),
        (b"414.37.2.5;", None),
    ],
)
def test_the_round_of_a_cookie_is_known_as_long_as_banners_are_to_come(
    cookie: bytes, found: int | None
) -> None:
    assert round_of(cookie) == found


@given(histories(), seeds)
def test_a_cookie_needs_no_quotes_and_is_short(
    history: list[tuple[Edition, list[int]]], seed: int
) -> None:
    visitor, source = Visitor(), random.Random(seed)
    for edition, lineup in history:
        visitor.visit(edition, lineup, source)
        _, value = order(visitor.cookie, lineup, source)
        assert re.fullmatch(rb"[0-9.]{1,44}", visitor.cookie)
        assert re.fullmatch(rb"[0-9]{1,18}", value)


def test_visitors_who_saw_the_same_have_the_same_cookie() -> None:
    source, cookies = random.Random(1), defaultdict(set)
    for _ in range(2000):
        visitor = Visitor()
        for _ in range(4):
            visitor.visit((3, 1), (11, 12, 13, 14), source)
            cookies[visitor.last, frozenset(visitor.seen)].add(visitor.cookie)
    # each last banner with any set of the other three
    assert len(cookies) == 4 * 2**3
    assert all(len(values) == 1 for values in cookies.values())


@given(st.lists(st.lists(ids, max_size=12, unique=True)), seeds)
def test_a_page_shows_what_it_is_given_and_another_one_first_than_last_time(
    pages: list[list[int]], seed: int
) -> None:
    source = random.Random(seed)
    cookie, last = b"", None
    for shown in pages:
        given_order = tuple(shown)
        ordered, cookie = order(cookie, shown, source)
        assert sorted(ordered) == sorted(shown)
        assert len(shown) < 2 or ordered[0] != last
        assert tuple(shown) == given_order
        last = ordered[0] if ordered else None


def test_a_page_without_banners_has_nothing_to_remember() -> None:
    assert order(b"414", (), random.Random(1)) == ([], b"")


def test_what_fills_an_empty_lineup_is_not_the_banner_that_ended_a_round() -> None:
    for seed in range(50):
        assert order(b"414.3.1.0", (414, 7), random.Random(seed)) == ([7, 414], b"7")


@pytest.mark.parametrize("cookie", NONSENSE)
def test_a_cookie_that_makes_no_sense_is_as_none(cookie: bytes) -> None:
    shown = (414, 1, 12)
    for seed in range(50):
        assert order(cookie, shown, random.Random(seed)) == order(b"", shown, random.Random(seed))
        assert next_banner(cookie, shown, 3, 1, random.Random(seed)) == next_banner(
            b"", shown, 3, 1, random.Random(seed)
        )


@given(st.binary(), lineups, editions, seeds)
def test_no_cookie_is_an_error(
    cookie: bytes, lineup: list[int], edition: Edition, seed: int
) -> None:
    source = random.Random(seed)
    assert next_banner(cookie, lineup, *edition, source)[0] in lineup
    assert sorted(order(cookie, lineup, source)[0]) == sorted(lineup)


def test_page_and_one_banner_do_not_overwrite_each_others_cookie() -> None:
    assert PAGE_COOKIE != BANNER_COOKIE
    assert re.fullmatch(r"[a-z_]+", PAGE_COOKIE)
    assert re.fullmatch(r"[a-z_]+", BANNER_COOKIE)
