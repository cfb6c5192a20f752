"""``banners evaluate``: what another policy would have earned."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from banners import wiring
from banners.cli.options import database_option, json_option, settings_from
from banners.cli.stopping import stoppable
from banners.core.model import parse_campaign_id
from banners.core.slots import slot_name
from banners.core.totals import TOGETHER
from banners.errors import CollectError

if TYPE_CHECKING:
    from banners.job.evaluate import Evaluated, Evaluation, LeftOut

CONFIDENCE = 0.95
"""Probability that the interval contains what the policy would have earned."""

_HEADINGS = ("campaign", "policy", "pages", "earned", "would earn", "from", "to", "never shown")


@click.command(
    epilog="""\b
Examples:
  banners evaluate
  banners evaluate 27
  banners evaluate --json

Reads the event log and the published lineups in the folder BANNERS_EVENTS. For
campaigns whose lineups learning or a trial picks, it estimates what the rule and
what learning would have earned on the same pages, with a 95 % interval. "never
shown" is the share of what a policy would show that was never shown, so that only
its expectation is known. If the rule and learning show different numbers of banners,
their pages are left out, since a banner earns more on a shorter page. See
docs/policies.md.

Exit status: 0 estimated, 1 there is nothing to evaluate, 2 wrong usage.""",
)
@click.argument(
    "campaign",
    metavar="[CAMPAIGN]",
    required=False,
    help="The id of a campaign, such as 27. Default: all campaigns, and all of them together.",
)
@database_option("Accepted as by every command; evaluating needs no database.")
@json_option()
def evaluate(
    campaign: str | None,
    database_url: str | None,  # noqa: ARG001  # every command takes it
    as_json: bool,
) -> None:
    """Estimate what another policy would have earned."""
    settings = settings_from()
    campaign_id = parse_campaign_id(campaign) if campaign is not None else None
    with stoppable() as check:
        found = wiring.evaluate(settings, campaign_id, lambda _: check())
    left_out = list(_left_out(found))
    if not found.campaigns:
        raise CollectError("There are no pages to evaluate.", *left_out)
    if as_json:
        click.echo(json.dumps(_as_json(found)))
        return
    _show(found, left_out)


def _show(found: "Evaluation", left_out: list[str]) -> None:
    from rich.table import Table

    from banners.cli.terminal import console, draw, say

    out = console()
    first, last = slot_name(found.slots[0]), slot_name(found.slots[-1])
    say(out, f"Slots {first} to {last}, per thousand pages", style="bold")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading == "policy" else "right", no_wrap=True)
    for campaign_id, policies in found.campaigns.items():
        for policy, each in policies.items():
            figures = _per_thousand(each)
            table.add_row(
                "all" if campaign_id == TOGETHER else str(campaign_id),
                policy.value,
                f"{each.pages:,}",
                *(f"{value:,.2f}" for value in figures.values()),
                f"{each.estimate.unsupported:.1%}",
                style="bold" if campaign_id == TOGETHER else "",
            )
    draw(out, table)
    for sentence in left_out:
        say(out, sentence)


def _left_out(found: "Evaluation") -> Iterator[str]:
    """Yield a sentence for each reason why pages were not evaluated."""
    for reason, pages in sorted(found.left_out.items()):
        yield f"{pages:,} pages are left out: {_why(reason)}"


def _why(reason: "LeftOut") -> str:
    from banners.job.evaluate import LeftOut

    return {
        LeftOut.PLACES: "the policies show different numbers of banners on a page, so an estimate "
        "would be wrong by up to 9 %. With BANNERS_THETA=0, learning always shows ten.",
        LeftOut.ALTERED: "a pause changed lineups of their campaign in the slot.",
        LeftOut.SINGLE: "they show a part of a lineup, such as a single banner.",
        LeftOut.DAMAGED: "the file with their lineups is damaged. Restore it from a backup; "
        "without it, these pages cannot be evaluated.",
        LeftOut.RULE: "the rule alone picked their lineups, or their lineups are not kept.",
    }[reason]


def _per_thousand(each: "Evaluated") -> dict[str, float]:
    lower, upper = each.estimate.interval(CONFIDENCE)
    sums = {"earned": each.earned, "estimate": each.estimate.value, "lower": lower, "upper": upper}
    return {name: 1_000 * value / each.pages for name, value in sums.items()}


def _as_json(found: "Evaluation") -> dict[str, Any]:
    return {
        "confidence": CONFIDENCE,
        "slots": [slot_name(each) for each in found.slots],
        "left_out": {reason.value: pages for reason, pages in sorted(found.left_out.items())},
        "policies": [
            {
                "campaign_id": campaign_id or None,
                "policy": policy.value,
                "pages": each.pages,
                "per_thousand": _per_thousand(each),
                "unsupported": each.estimate.unsupported,
            }
            for campaign_id, policies in found.campaigns.items()
            for policy, each in policies.items()
        ],
    }
