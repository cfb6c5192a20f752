"""Tells crawlers and monitors from browsers by the header ``User-Agent``.

The package crawler-user-agents lists those that somebody has reported, and has none that visitors
use. A list never has all of them, so three signs are added that no browser with images has, and
nearly every crawler of an unknown name. See docs/adr/0039.
"""

import re
from functools import lru_cache

from crawleruseragents import is_crawler as is_listed

MOST_READ = 256
"""Number of characters that are looked at, since the time grows with it. Browsers send fewer; what
apps add behind them says nothing about crawlers."""

MOST_REMEMBERED = 4_096
"""Number of user agents for which a worker remembers the answer, up to 1.5 MB."""

_NOT_OF_BROWSERS = re.compile(
    r"\A[^(]*\Z"  # says nothing in parentheses about its platform; or is missing
    r"|://"  # names an address with information about it
    r"|(?<!cu)(?:bot|crawler|spider)/[0-9]",  # CUBOT is the maker of a phone
    re.IGNORECASE,
)


def prepare() -> None:
    """Compile the patterns, which takes a quarter of a second, before the first request."""
    is_listed("")


@lru_cache(MOST_REMEMBERED)
def is_crawler(user_agent: bytes) -> bool:
    """Return whether a client calls itself something that is not a visitor's browser.

    Args:
        user_agent: the value of the header, at most :data:`MOST_READ` characters of it; empty if
            it was not sent.
    """
    text = user_agent.decode("latin-1")
    return bool(_NOT_OF_BROWSERS.search(text)) or is_listed(text)
