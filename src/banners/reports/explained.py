"""Explains a report in sentences: the rule, what a catalogue changes, and other policies."""

from banners.core.model import FillPolicy
from banners.core.policy import PolicyName
from banners.core.views import Group
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


def explain_policy(report: Report) -> str:
    """Return sentences on how a policy picks what visitors see; empty if the rule picks.

    Source: docs/policies.md, "Sixty-four lineups".
    """
    if report.outlooks is None or report.outlooks.prepared.fallback:
        return ""
    prepared, changed = report.outlooks.prepared, report.changed
    of_rule = sum(each in {Group.RULE, Group.TRIAL_RULE} for each in prepared.groups)
    own = len(prepared.groups) - of_rule
    is_trial = prepared.policy is PolicyName.TRIAL
    policy = PolicyName.LEARNING if is_trial else prepared.policy
    found = (
        f"{'A trial' if is_trial else f'The policy “{policy}”'} picks what visitors see: each page "
        f"shows one of {len(prepared.groups)} prepared lineups, taken at random. {own} are those "
        f"of {f'the policy “{policy}”' if is_trial else 'the policy'}, with {prepared.places} "
        f"{'banner' if prepared.places == 1 else 'banners'}, and {of_rule} are the rule's."
    )
    if is_trial:
        found = (
            f"{found} Each arm picks by its own figures only, so the rule's arm may show other "
            "banners than the rule would by the figures of both, which are given here."
        )
    if not changed:
        return found
    return (
        f"{found} {changed} of the lineups {'is' if changed == 1 else 'are'} not shown as "
        "prepared: the places of banners that are off now, and places that were free, go to the "
        "banners that are expected to earn most."
    )


def explain_fallback(report: Report) -> str:
    """Return why the rule picks in place of a policy; empty if it does not."""
    if report.outlooks is None or not report.outlooks.prepared.fallback:
        return ""
    prepared = report.outlooks.prepared
    return f"The rule picks in place of the policy “{prepared.policy}”. {prepared.fallback}"


def explain_awaited(report: Report, default: PolicyName) -> str:
    """Return that another policy is chosen than the one that picks now; empty if they are the same.

    Args:
        report: the report.
        default: the policy of campaigns for which the catalogue names none.
    """
    campaign, left = report.campaign, report.left
    if campaign is None or left is None or left.campaign_off or report.read.is_preview:
        return ""
    chosen = campaign.policy or default.value
    picks = report.outlooks.prepared.policy if report.outlooks else PolicyName.RULE
    if chosen == picks:
        return ""
    return (
        f"The policy “{chosen}” is chosen for this campaign. It picks as soon as closed slots are "
        f"published with it; until then, “{picks}” picks."
    )


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
