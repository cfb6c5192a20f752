"""What a campaign of the catalogue may show at a second, and when that changes.

The catalogue decides this where lineups are made, never where rows are accounted for: a banner that
it takes out keeps its history (docs/rule.md, "With a catalogue").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign, State, Times
from banners.core.model import FillPolicy, Generation, Quarter
from banners.core.rule import count_clicked

NO_GENERATION = Generation(0, "")
"""The generation of a lineup for which there are no published figures."""


@dataclass(frozen=True, slots=True)
class Showing:
    """What a campaign may show at a second.

    Args:
        state: the campaign's state; nothing is shown unless it is ``on``.
        candidates: the banners to pick a lineup from, best first; none unless it is on.
        until: the first later second, since 1970 in UTC, at which the state or the candidates
            change; None if they never do.
    """

    state: State
    candidates: Candidates
    until: int | None


class OwnedBanner(int):
    """The id of a banner of another campaign, which fills up a page.

    It is a number like other ids, so that whatever orders and remembers banners takes it as one.

    Args:
        owner: the campaign whose landing page its link leads to.
        banner: the banner, as that campaign has it in the catalogue.
    """

    owner: int
    banner: CatalogueBanner

    def __new__(cls, owner: int, banner: CatalogueBanner) -> Self:
        """Make the id of a banner."""
        self = super().__new__(cls, banner.banner_id)
        self.owner, self.banner = owner, banner
        return self


def no_candidates(campaign_id: int, quarter: Quarter) -> Candidates:
    """Return the candidates of a campaign that the live generation has no figures of."""
    return Candidates(campaign_id, quarter, NO_GENERATION, (), (), (), (), ())


def showing(ranked: Candidates, campaign: CatalogueCampaign, second: int) -> Showing:
    """Return what a campaign may show at a second.

    Args:
        ranked: the campaign's candidates by its events; there may be none.
        campaign: the campaign in the catalogue.
        second: whole seconds since 1970, in UTC.

    Returns:
        Its candidates are the banners that the catalogue assigns to it and that are on, each with
        the figures of its events; a banner without events has zeros.

    Source: docs/rule.md, "With a catalogue".
    """
    state = campaign.state(second)
    if state is not State.ON:
        return Showing(state, ranked.among(()), campaign.next_change(second))
    on = {each.banner_id for each in campaign.banners if each.state(second) is State.ON}
    changes = [campaign.ends, *(next_switch(banner, second) for banner in campaign.banners)]
    return Showing(state, _with_zeros(ranked.among(on), on), first_of(changes))


def next_switch(times: Times, second: int) -> int | None:
    """Return the first later second at which its dates switch a campaign or a banner on or off."""
    upcoming = times.next_change(second)
    is_on = times.state(second) is State.ON
    if upcoming is None or is_on == (times.state(upcoming) is State.ON):
        return None  # such as the end of a banner that is paused
    return upcoming


def first_of(moments: Iterable[int | None]) -> int | None:
    """Return the earliest of some moments; None if there is none."""
    return min((each for each in moments if each is not None), default=None)


def fill_policy(setting: FillPolicy | None, *, has_catalogue: bool) -> FillPolicy:
    """Return where the fill may come from.

    Args:
        setting: what the setting says; None for its default.
        has_catalogue: whether there is a catalogue. With one, no page shows another campaign's
            banner unless the setting says so.
    """
    if setting is not None:
        return setting
    return FillPolicy.CAMPAIGN if has_catalogue else FillPolicy.INVENTORY


def _with_zeros(candidates: Candidates, on: set[int]) -> Candidates:
    """Add the banners that have no events; they rank by their ids among those without clicks."""
    new = on.difference(candidates.banner_ids)
    if not new:
        return candidates
    clicked = count_clicked(candidates)
    rows = [*zip(*candidates.columns, strict=True)]
    unclicked = sorted([*rows[clicked:], *((each, 0, 0, 0, 0) for each in new)])
    columns: Sequence[Sequence[int]] = [*zip(*[*rows[:clicked], *unclicked], strict=True)]
    return Candidates(candidates.campaign_id, candidates.quarter, candidates.generation, *columns)
