"""The sentences of a report that its figures are put into."""

from collections.abc import Sequence
from decimal import Decimal

from banners.web.figures import Figures, Row, exactly, percent


def share_sentence(whole: Figures, lineup: Figures) -> str:
    """Say how much of what the campaign earns comes from its lineup; empty where it earns nothing.

    Args:
        whole: the figures of all candidates.
        lineup: those of the lineup's banners, which are part of them.
    """
    if not whole.revenue_micros:
        return ""
    earned = percent(Decimal(lineup.revenue_micros) / whole.revenue_micros)
    sentence = f"The lineup earned {earned} of the campaign's revenue"
    if not whole.impressions:
        return f"{sentence}."
    shown = percent(Decimal(lineup.impressions) / whole.impressions)
    return f"{sentence}, with {shown} of its impressions."


def cut_sentence(rows: Sequence[Row]) -> str:
    """Say what kept the best of the others out of the lineup; empty where there are none.

    Args:
        rows: the candidates, best first.
    """
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
            f"banner {first_out.banner_id}, the first that is out, {exactly(outside.revenue)}."
        )
    earned = f"{exactly(inside.revenue)} each" if inside.revenue_micros else "nothing"
    both = (
        f"Banner {last.banner_id}, the last of the lineup, and banner {first_out.banner_id}, the "
        f"first that is out, earned {earned}"
    )
    if inside.clicks != outside.clicks:
        return f"{both}; {inside.clicks:,} clicks to {outside.clicks:,} decided."
    times = {1: "once", 2: "twice"}.get(inside.clicks, f"{inside.clicks:,} times")
    return f"{both} and were clicked {times}; the smaller id decided."
