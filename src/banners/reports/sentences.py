"""The sentences of a report: why the lineup is as it is, and what it earned."""

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

from banners.core.figures import Figures
from banners.core.model import FillPolicy, Lineup, RuleName
from banners.core.rule import LEAST_SHOWN, MOST_OTHERS, draws_on_inventory, missing
from banners.reports.figures import Row, exactly, percent

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def explain(lineup: Lineup) -> str:
    """Return a sentence that says which case of the rule applied, and what follows from it."""
    converting, shown = lineup.converting, len(lineup.banners)
    if converting == 0:
        earned = "no banner earned anything"
    else:
        earned = f"{_number(converting)} {_plural('banner', converting)} earned something"
    match lineup.rule:
        case RuleName.TOP_REVENUE:
            follows = f"so the {_number(shown)} with the most revenue are shown"
        case RuleName.ALL_CONVERTING:
            follows = "so all of these are shown"
        case RuleName.REVENUE_THEN_CLICKS:
            first = "so it is shown" if converting == 1 else "so these are shown"
            follows = f"{first}, and then {_by_clicks(shown - converting, shown)}"
        case RuleName.MOST_CLICKS:
            if shown:
                follows = f"so {_by_clicks(shown, shown)} {'is' if shown == 1 else 'are'} shown"
            else:
                follows = "and none was clicked either"
        case never:
            assert_never(never)
    return f"{earned[0].upper()}{earned[1:]}, {follows}."


def explain_fill(lineup: Lineup, policy: FillPolicy) -> str:
    """Return a sentence that says how a lineup is filled up; empty if it has five banners or more.

    Args:
        lineup: what the rule picked.
        policy: where the fill may come from.
    """
    if len(lineup.banners) >= LEAST_SHOWN:
        return ""
    needed, own = missing(lineup, policy), len(lineup.others)
    if needed == 0:
        return "Nothing is added, since lineups are not filled up."
    # Where the rule picks nothing, there is nothing that others could be added to.
    other, more, done = ("other ", " more", "added") if lineup.banners else ("", "", "shown")
    if own > needed:
        some = (
            f"{own} of the campaign's" if own == MOST_OTHERS else f"the campaign's {_number(own)}"
        )
        return f"{_are(needed, more)} drawn at random from {some} {other}banners, afresh each time."
    sources = []
    if own == 1:
        sources.append(f"the campaign's only {other}banner")
    elif own:
        every = f"other {_number(own)}" if lineup.banners else f"{_number(own)} banners"
        sources.append(f"the campaign's {every}")
    if draws_on_inventory(lineup, policy):
        count = f"{_number(needed - own)} " if own else ""
        sources.append(f"{count}drawn at random from all banners of the quarter, afresh each time")
        own = needed
    if not sources:
        return f"Nothing is {done}, since the campaign has no {other}banner."
    return f"{_are(own, more)} {done}: {', and '.join(sources)}."


def share_sentence(total: Figures, lineup: Figures) -> str:
    """Return a sentence on the lineup's share of the campaign's revenue; empty without revenue.

    Args:
        total: the figures of all candidates.
        lineup: the figures of the lineup's banners, which are among the candidates.
    """
    if not total.revenue_micros:
        return ""
    earned = percent(Decimal(lineup.revenue_micros) / total.revenue_micros)
    sentence = f"The lineup earned {earned} of the campaign's revenue"
    if not total.impressions:
        return f"{sentence}."
    shown = percent(Decimal(lineup.impressions) / total.impressions)
    return f"{sentence}, with {shown} of its impressions."


def cut_sentence(rows: Sequence[Row]) -> str:
    """Return a sentence that says why the best of the others is left out; empty without others.

    Args:
        rows: the candidates, best first.
    """
    rows = [row for row in rows if not row.out]
    picked = [row for row in rows if row.position is not None]
    if not picked or len(picked) == len(rows):
        return ""
    last, first_out = picked[-1], rows[len(picked)]
    inside, outside = last.figures, first_out.figures
    if not outside.clicks:
        return "None of the others was clicked."
    if inside.revenue_micros != outside.revenue_micros:
        return (
            f"Banner {last.banner_id}, the last of the lineup, earned {exactly(inside.revenue)}; "
            f"banner {first_out.banner_id}, the first left out, {exactly(outside.revenue)}."
        )
    earned = exactly(inside.revenue) if inside.revenue_micros else "nothing"
    both = (
        f"Banner {last.banner_id}, the last of the lineup, and banner {first_out.banner_id}, the "
        f"first left out, both earned {earned}"
    )
    if inside.clicks != outside.clicks:
        return f"{both}; clicks decided, {inside.clicks:,} to {outside.clicks:,}."
    times = {1: "once", 2: "twice"}.get(inside.clicks, f"{inside.clicks:,} times")
    return f"{both} and were clicked {times}; the smaller id decided."


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _are(count: int, more: str) -> str:
    return f"{_number(count).capitalize()}{more} {'is' if count == 1 else 'are'}"


def _by_clicks(count: int, shown: int) -> str:
    """Describe the ``count`` banners that are in a lineup of ``shown`` by their clicks alone."""
    if count == 0:
        return "nothing more, since no other was clicked"
    if shown < LEAST_SHOWN:
        others = " others" if count < shown else ""
        if count == 1:
            return f"the only {'other ' if others else ''}one that was clicked"
        return f"the {_number(count)}{others} that were clicked"
    return f"the {_number(count)} with the most clicks"
