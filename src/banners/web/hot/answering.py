"""Prepares the answers for a campaign from its figures and from the catalogue, if there is one."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Protocol

from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign, State
from banners.core.rule import count_picked, draws_on_inventory, line_up
from banners.core.showing import OwnedBanner, showing
from banners.core.taking import shown_lineups
from banners.serve.catalogue import NO_CATALOGUE, Catalogue
from banners.web.hot.counted import CountedNames
from banners.web.hot.prepared import CampaignAnswers, NothingShown
from banners.web.hot.serving import Serving
from banners.web.hot.writing import ByNames

Answers = CampaignAnswers | NothingShown


class HeldCatalogue(Protocol):
    """Where the catalogue of this worker is; see :mod:`banners.serve.catalogue_copy`."""

    held: Catalogue | None
    """The catalogue: another object for each version, and None until it is known whether there is
    one."""

    def close(self) -> None:
        """Close what the catalogue is read from."""
        ...


class WithoutCatalogue:
    """Says that there is no catalogue."""

    held: Catalogue | None = NO_CATALOGUE

    def close(self) -> None:
        """Do nothing."""


def plain_answers(
    candidates: Candidates, inventory: Callable[[], Sequence[int]], serving: Serving
) -> CampaignAnswers:
    """Prepare the answers for a campaign where there is no catalogue, and so only the rule.

    Args:
        candidates: the campaign's candidates.
        inventory: returns the ids of all candidates of any campaign.
        serving: how all campaigns are served.
    """
    return CampaignAnswers(line_up(candidates), inventory, serving)


def catalogued_answers(
    candidates: Candidates,
    campaign: CatalogueCampaign,
    catalogue: Catalogue,
    serving: Serving,
    second: int,
) -> Answers:
    """Prepare the answers for a campaign of the catalogue.

    Args:
        candidates: the campaign's candidates by its events; there may be none.
        campaign: the campaign.
        catalogue: the catalogue that it is of.
        serving: how all campaigns are served.
        second: the second, since 1970 in UTC, for which they are prepared.
    """
    found = showing(candidates, campaign, second)
    until = inf if found.until is None else found.until
    if found.state is not State.ON:
        return NothingShown(until)
    ranked = candidates if candidates.prepared else None
    lineup, lineups = line_up(found.candidates), shown_lineups(candidates, found.candidates)
    pool: Sequence[OwnedBanner] = ()
    if draws_on_inventory(lineup, serving.policy(has_catalogue=True)):
        drawn = serving.pools.at(catalogue, second)
        pool, until = drawn.banners, min(until, drawn.until)
    if serving.recording is None:
        names = ByNames(campaign, lineup.quarter, serving)
        return CampaignAnswers(
            *(lineup, lambda: pool, serving, names, until), lineups=lineups, ranked=ranked
        )
    return CampaignAnswers(
        *(lineup, lambda: pool, serving),
        CountedNames(
            *(campaign, lineup.quarter, serving, serving.recording),
            tuple(each.banner_id for each in lineup.banners),
        ),
        until,
        is_paused=_is_changed(candidates, campaign, found.candidates),
        lineups=lineups,
        ranked=ranked,
    )


def _is_changed(ranked: Candidates, campaign: CatalogueCampaign, shown: Candidates) -> bool:
    """Return whether the lineup lacks a banner of the campaign that is off now.

    Args:
        ranked: the campaign's candidates by its events.
        campaign: the campaign.
        shown: the candidates that are on.
    """
    assigned = ranked.among({each.banner_id for each in campaign.banners})
    on = set(shown.banner_ids)
    return any(each not in on for each in assigned.banner_ids[: count_picked(assigned)])
