"""Order for a visitor, and the value of the cookie that remembers it.

Everything here is a function of the cookie, the banners and the random source, so a visitor may be
served by another worker or host each time. A cookie's value is text of digits and points, at most
44 bytes: the banner shown last and, on the one-banner endpoint, the round that is under way::

    414                 last banner
    414.3.1.37          last banner, generation, quarter, places of the lineup still to come

The places still to come are the set bits of the last number: 37 is 1 + 4 + 32, the first, third
and sixth of the lineup. Whatever else a cookie holds is taken for no cookie.
"""

import random
import re
from collections.abc import Sequence

PAGE_COOKIE = "rotation_page"
"""Name of the cookie that a campaign's page reads and writes."""

BANNER_COOKIE = "rotation_banner"
"""Name of the cookie that a campaign's one-banner endpoint reads and writes."""

COOKIE_SECONDS = 86_400
"""How long a visitor keeps either of them: a day."""

_VALUE = re.compile(rb"([0-9]{1,18})(?:\.([0-9]{1,18})\.([1-4])\.([0-9]{1,4}))?")


def order(cookie: bytes, shown: Sequence[int], source: random.Random) -> tuple[list[int], bytes]:
    """Put banners in a random order with another one first than last time.

    Args:
        cookie: the value that the visitor sent, whatever it holds; empty if none was sent.
        shown: ids of the banners of this response, each once: lineup and fill.
        source: where the randomness comes from.

    Returns:
        The ids, each order equally likely among those that do not begin with the banner in the
        cookie (among all, where that one is not there or has no other beside it), and the new value
        of the cookie; it is empty where nothing is shown.

    Source: docs/rule.md, "Random order" and "Not twice in a row".
    """
    value = _VALUE.fullmatch(cookie)
    last = int(value[1]) if value else 0
    # Two equal keys, which would keep the order given, come up once in 10^14 pages.
    ordered = sorted(shown, key=lambda _: source.random())
    if not ordered:
        return ordered, b""
    if ordered[0] == last and len(ordered) > 1:
        # Changing places with any of the others keeps all orders equally likely.
        other = 1 + int(source.random() * (len(ordered) - 1))
        ordered[0], ordered[other] = ordered[other], ordered[0]
    return ordered, b"%d" % ordered[0]


def next_banner(
    cookie: bytes, lineup: Sequence[int], generation: int, quarter: int, source: random.Random
) -> tuple[int, bytes]:
    """Pick the one banner to show next: each of the lineup comes once before any comes again.

    A new round starts where the old one is over, and with another generation or quarter. It never
    starts with the banner shown last, if the lineup has any other.

    Args:
        cookie: the value that the visitor sent, whatever it holds; empty if none was sent.
        lineup: ids of the banners that the rule picked, 1 to 10, in rank order. Where it picked
            none, the banner to show is the first of :func:`order` over the fill.
        generation: number of the generation that the lineup is of.
        quarter: the quarter of the hour that it is of, 1 to 4.
        source: where the randomness comes from.

    Returns:
        The banner's id, and the new value of the cookie.

    Source: docs/rule.md, "Not twice in a row".
    """
    last, coming = _read(cookie, generation, quarter)
    whole = (1 << len(lineup)) - 1
    others = whole ^ (1 << lineup.index(last)) if last in lineup else whole
    if not coming & others:
        coming = whole
    # A true round has no bit for the last banner. But a database made anew counts its generations
    # from 1 again, and a round from before may say anything of the new lineup.
    choices = coming & others or whole
    places = [place for place in range(len(lineup)) if choices >> place & 1]
    place = places[int(source.random() * len(places))]
    banner = lineup[place]
    return banner, b"%d.%d.%d.%d" % (banner, generation, quarter, coming ^ (1 << place))


def _read(cookie: bytes, generation: int, quarter: int) -> tuple[int, int]:
    """Tell the last banner and, if the round is of this lineup, what is to come; 0 for neither."""
    value = _VALUE.fullmatch(cookie)
    if value is None:
        return 0, 0
    last, of_generation, of_quarter, coming = value.groups()
    if coming is None or int(of_generation) != generation or int(of_quarter) != quarter:
        return int(last), 0
    return int(last), int(coming)
