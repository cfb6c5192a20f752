"""The text of a page, as it is read."""

import re
from html import unescape


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))
