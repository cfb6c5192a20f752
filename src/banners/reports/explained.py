"""Explains a report's lineup in sentences: the rule, and what a catalogue changes."""

from banners.core.model import FillPolicy
from banners.reports.campaign import Report
from banners.reports.sentences import explain, explain_fill


def explain_report(report: Report) -> str:
    """Return a sentence that says why visitors see what they see."""
    left = report.left
    if not report.is_recorded:
        quarter = int(report.read.lineup.quarter)
        return f"Nothing has been recorded of this campaign in quarter {quarter} of the hour yet."
    if left is None or not left.out:
        return explain(report.read.lineup)
    if not len(left.candidates):
        return "The catalogue leaves none of the campaign's banners to show."
    sentence = explain(report.read.lineup)
    return f"Of the banners that the catalogue leaves, {_lower(sentence)}"


def explain_report_fill(report: Report, policy: FillPolicy) -> str:
    """Return a sentence that says how the lineup is filled up; empty if it is not short.

    Args:
        report: the report.
        policy: where the fill may come from.
    """
    if report.left is not None and report.left.campaign_off:
        return ""
    return explain_fill(report.read.lineup, policy)


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
