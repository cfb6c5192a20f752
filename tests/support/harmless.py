"""What must be true of every answer, whatever was asked and by whomever."""

import csv
import io
import re
from collections.abc import Iterator

from strategies.requests import MARK
from support.answers import SECURITY
from support.wire import Answered, Sent

MOST_PAGE_BYTES = 100_000
"""Maximum number of bytes of a page without its images."""

MOST_BYTES = 2_000_000
"""Maximum number of bytes of any answer; a file of Swagger UI has the most."""

MONEY = re.compile(rb"(?:70|140|420)[.]00")
"""The revenues that :func:`support.recordings.recording_in` publishes, and their sums."""

_MARKUP = {"text/html", "image/svg+xml", "application/xml", "text/xml"}
# What could end an attribute or begin an element, between pieces of the text that was sent.
_REFLECTED = [MARK[start : start + 7] for start in (0, 4, 8)]
_FORMULAS = ("=", "+", "@", "\t", "\r")
# Answers that visitors get without signing in.
_FOR_VISITORS = re.compile(
    r"/|/campaigns/[0-9]+(?:/banner)?|/static/.*|/docs|/openapi\.json|/sign-in|/healthz|/readyz"
    r"|/api/v1/(?:campaigns/.*/banners/*|conversions)|/[ec]/.*|/robots\.txt|/favicon\.ico",
    re.DOTALL,
)


def harms(sent: Sent, answer: Answered) -> Iterator[str]:
    """Yield what is wrong with an answer; nothing, if all is well."""
    if answer.status >= 500 and not _asks_again(sent, answer):
        yield f"The status is {answer.status}."
    if missing := SECURITY - {name.lower() for name in answer.headers}:
        yield f"The answer lacks {missing}."
    elif not answer.headers["content-security-policy"].startswith("default-src 'none'"):
        yield "The policy allows more than it names."
    elif answer.headers["x-content-type-options"] != "nosniff":
        yield "A browser may guess the type."
    if "x-injected" in answer.headers:
        yield "A header was injected."
    most = MOST_PAGE_BYTES if answer.media_type == "text/html" else MOST_BYTES
    if len(answer.body) > most:
        yield f"The answer has {len(answer.body):,} bytes, more than {most:,}."
    if answer.media_type in _MARKUP and any(each in answer.body for each in _REFLECTED):
        yield "The answer repeats what was sent without escaping it."
    if answer.media_type == "text/csv" and any(_is_formula(each) for each in _cells(answer)):
        yield "A spreadsheet would take a cell for a formula."


def leaks(path: str, answer: Answered) -> Iterator[str]:
    """Yield what is wrong with an answer to somebody who has not signed in.

    Args:
        path: what was asked for, decoded.
        answer: the answer.
    """
    if MONEY.search(answer.body):
        yield "The answer shows money."
    # Starlette also takes a path with a line break at its end.
    if 200 <= answer.status < 300 and not _FOR_VISITORS.fullmatch(path.removesuffix("\n")):
        yield f"A page for operators is answered with {answer.status}."


def _asks_again(sent: Sent, answer: Answered) -> bool:
    """Return whether a browser that asks in advance is told to ask when the visitor comes."""
    is_early = any(name.lower() == b"sec-purpose" for name, _ in sent.fields)
    is_later = sent.method == "HEAD" or answer.body.startswith(b"This page is not made")
    return is_early and answer.status == 503 and is_later


def _cells(answer: Answered) -> Iterator[str]:
    for row in csv.reader(io.StringIO(answer.body.decode())):
        yield from row


def _is_formula(cell: str) -> bool:
    return cell.startswith(_FORMULAS) or bool(re.match("-(?![0-9.]+$)", cell))
