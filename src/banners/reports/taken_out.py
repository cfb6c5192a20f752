"""Applies the catalogue to a report: which banners visitors cannot see, and sentences about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign, State
from banners.core.showing import showing

_WHY = {
    None: "not in the catalogue",
    State.PAUSED: "paused",
    State.STARTS: "not started yet",
    State.ENDED: "ended",
}
_MOST_LISTED = 10
"""Maximum number of banners that a sentence lists."""


@dataclass(frozen=True, slots=True)
class Left:
    """What the catalogue leaves of a campaign's candidates at a second.

    Args:
        candidates: those that the rule picks from, best first; a banner without events has zeros.
        out: why each other candidate is not shown, by id and best first.
        campaign_off: why the whole campaign is not shown; empty if it is on.
    """

    candidates: Candidates
    out: Mapping[int, str]
    campaign_off: str = ""


def left_of(ranked: Candidates, campaign: CatalogueCampaign | None, second: int) -> Left:
    """Return what the catalogue leaves of a campaign's candidates.

    Args:
        ranked: the candidates by the campaign's events; there may be none.
        campaign: the campaign in the catalogue; None if the catalogue does not have it.
        second: whole seconds since 1970, in UTC.
    """
    if campaign is None:
        out = dict.fromkeys(ranked.banner_ids, _WHY[None])
        return Left(ranked.among(()), out, "The catalogue does not have this campaign")
    found = showing(ranked, campaign, second)
    if found.state is not State.ON:
        why = _WHY[found.state]
        out = dict.fromkeys(ranked.banner_ids, f"campaign {why}")
        return Left(found.candidates, out, f"The campaign is {why}")
    states = {banner.banner_id: banner.state(second) for banner in campaign.banners}
    return Left(
        found.candidates,
        {
            each: _WHY[state]
            for each in ranked.banner_ids
            if (state := states.get(each)) is not State.ON
        },
    )


def taken_out_sentence(left: Left | None, *, by_rule: bool = True) -> str:
    """Return a sentence about the banners that visitors do not see; empty if they can see all.

    Args:
        left: what the catalogue leaves; None if there is no catalogue.
        by_rule: whether the rule picks, and not a policy that has prepared lineups.
    """
    if left is None:
        return ""
    if left.campaign_off:
        return f"{left.campaign_off}, so visitors see none of its banners now."
    if not left.out:
        return ""
    noun = "banner" if len(left.out) == 1 else "banners"
    if not len(left.candidates):
        rest = ", and no other is left."
    elif by_rule:
        rest = "; the lineup that they see is picked from the others."
    else:
        rest = "; others have their places."
    return f"By the catalogue, visitors do not see {noun} {_listed(left.out.items())} now{rest}"


def _listed(out: Iterable[tuple[int, str]]) -> str:
    texts = [f"{banner_id} ({why})" for banner_id, why in out]
    more = len(texts) - _MOST_LISTED
    return ", ".join(texts[:_MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")
