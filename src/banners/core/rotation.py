"""The order of banners for a visitor, and the value of the cookie that remembers it.

Everything here is a function of the cookie, the banners and the random source, so that any worker
or host can serve a visitor's next request. A cookie's value consists of digits and points, at most
44 bytes: the banner shown last and, on the one-banner endpoint, the current round::

    414                 last banner
    414.3.1.37          last banner, lineup, quarter, places of the lineup still to come

The places still to come are the bits of the last number that are set: 37 is 1 + 4 + 32, the first,
third and sixth of the lineup. The lineup is named by the number of its generation or, where a
catalogue changes lineups within a generation, by a checksum. A cookie of any other form is ignored.
"""

import random
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations, permutations
from operator import itemgetter

PAGE_COOKIE = "rotation_page"
"""Name of the cookie that a campaign's page reads and writes."""

BANNER_COOKIE = "rotation_banner"
"""Name of the cookie that a campaign's one-banner endpoint reads and writes."""

COOKIE_SECONDS = 86_400
"""Seconds that a browser keeps either cookie: a day."""

_MOST_PREPARED = 10
"""Largest number of items whose orders are prepared; a page shows no more."""

_Arrange = Callable[[Sequence[int]], tuple[int, ...]]

_VALUE = re.compile(rb"([1-9][0-9]{0,17})(?:\.([0-9]{1,18})\.([1-4])\.([0-9]{1,4}))?")


def order(cookie: bytes, shown: Sequence[int], source: random.Random) -> tuple[list[int], bytes]:
    """Return banners in a random order that begins with another one than last time.

    Args:
        cookie: the value that the visitor sent, whatever it holds; empty if none was sent.
        shown: ids of the banners of this response, each once: lineup and fill.
        source: where the randomness comes from.

    Returns:
        The ids and the new value of the cookie, which is empty if nothing is shown. All orders
        that do not begin with the banner in the cookie are equally likely; if that banner is not
        shown, or is the only one, all orders are.

    Source: docs/rule.md, "Random order" and "Not twice in a row".
    """
    ordered = _shuffled(shown, source)
    if not ordered:
        return ordered, b""
    first = b"%d" % ordered[0]
    # This comparison takes less time than reading the cookie, and is usually false.
    if cookie.startswith(first) and _last(cookie) == ordered[0] and len(ordered) > 1:
        # To swap it with any of the others keeps all orders equally likely.
        other = 1 + int(source.random() * (len(ordered) - 1))
        ordered[0], ordered[other] = ordered[other], ordered[0]
        first = b"%d" % ordered[0]
    return ordered, first


def next_banner(
    cookie: bytes, lineup: Sequence[int], generation: int, quarter: int, source: random.Random
) -> tuple[int, bytes]:
    """Return the next banner of a visitor's round: each banner comes once before any comes again.

    A new round starts when the old one is over, and with another generation or quarter. It does
    not start with the banner shown last, unless the lineup has no other.

    Args:
        cookie: the value that the visitor sent, whatever it holds; empty if none was sent.
        lineup: ids of the banners that the rule picked, 1 to 10, in rank order. If it picked
            none, show the first banner of :func:`order` over the fill instead.
        generation: number that distinguishes the lineup from earlier ones, such as that of its
            generation.
        quarter: the quarter of the hour that it is of, 1 to 4.
        source: where the randomness comes from.

    Returns:
        The banner's id, and the new value of the cookie.

    Source: docs/rule.md, "Not twice in a row".
    """
    last, coming = _read(cookie, generation, quarter)
    complete = (1 << len(lineup)) - 1
    others = complete ^ (1 << lineup.index(last)) if last in lineup else complete
    if not coming & others:
        coming = complete
    # A valid round has no bit for the last banner. But a new database numbers its generations from
    # 1 again, so that a round of an earlier database may have any bits.
    places = _places(coming & others or complete)
    place = places[int(source.random() * len(places))]
    banner = lineup[place]
    return banner, b"%d.%d.%d.%d" % (banner, generation, quarter, coming ^ (1 << place))


def round_of(cookie: bytes) -> int | None:
    """Return the number of the round that a cookie is in; None if it is over, or there is none.

    Args:
        cookie: the value that the visitor sent, whatever it holds.
    """
    value = _VALUE.fullmatch(cookie)
    if value is None or value[4] is None or not int(value[4]):
        return None
    return int(value[2])


def _read(cookie: bytes, generation: int, quarter: int) -> tuple[int, int]:
    """Return the last banner, and the places to come if the round is of this lineup; else 0."""
    value = _VALUE.fullmatch(cookie)
    if value is None:
        return 0, 0
    last, of_generation, of_quarter, coming = value.groups()
    if coming is None or int(of_generation) != generation or int(of_quarter) != quarter:
        return int(last), 0
    return int(last), int(coming)


def _last(cookie: bytes) -> int:
    """Return the banner shown last; 0 if there is none."""
    value = _VALUE.fullmatch(cookie)
    return int(value[1]) if value else 0


def _shuffled(items: Sequence[int], source: random.Random) -> list[int]:
    """Return items in random order; all orders are equally likely.

    Up to ten items are put into one of their orders by prepared functions, which takes half the
    time of sorting by random keys: some go to the first half, and then each half is put in order.
    """
    count = len(items)
    if count > _MOST_PREPARED:
        # Two equal keys, which would leave the given order as it is, occur once in 10^14 pages.
        return sorted(items, key=lambda _: source.random())
    if count < 2:  # noqa: PLR2004
        return list(items)
    divide, order_first, order_second = _halves(count)
    number = int(source.random() * (len(divide) * len(order_first) * len(order_second)))
    number, of_second = divmod(number, len(order_second))
    division, of_first = divmod(number, len(order_first))
    return list(order_second[of_second](order_first[of_first](divide[division](items))))


@lru_cache(_MOST_PREPARED)
def _halves(count: int) -> tuple[list[_Arrange], list[_Arrange], list[_Arrange]]:
    """Return functions that divide items into two halves, and that order the first or second one.

    Args:
        count: the number of items, at least 2.
    """
    places = range(count)
    first, second = places[: count // 2], places[count // 2 :]
    return (
        [
            itemgetter(*chosen, *(each for each in places if each not in chosen))
            for chosen in combinations(places, len(first))
        ],
        [itemgetter(*ordered, *second) for ordered in permutations(first)],
        [itemgetter(*first, *ordered) for ordered in permutations(second)],
    )


@lru_cache(1 << _MOST_PREPARED)
def _places(bits: int) -> tuple[int, ...]:
    """Return the places of the bits that are set, from 0."""
    return tuple(place for place in range(bits.bit_length()) if bits >> place & 1)
