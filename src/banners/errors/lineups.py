"""The errors of requests for a lineup that does not exist."""

from collections.abc import Iterable

from banners.errors.root import BannersError
from banners.errors.texts import joined, listed, shorten


class NoLineup(BannersError):
    """There is no lineup to return."""


class InvalidCampaignId(NoLineup):
    """The text is not a campaign id."""

    def __init__(self, given: str) -> None:
        self.given = given
        found = f"{shorten(given)} is not a campaign id." if given else "No campaign id was given."
        super().__init__(f"{found} Give a whole number above zero, of 1 to 18 digits, such as 27.")


class InvalidQuarter(NoLineup):
    """The text is not a quarter of the hour."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(f"{shorten(given)} is not a quarter of the hour. Give 1, 2, 3 or 4.")


class InvalidGeneration(NoLineup):
    """The text is not the number of a generation."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(
            f"{shorten(given)} is not the number of a generation. Give one that is kept, such as "
            "3. List them with: banners generations"
        )


class UnknownGeneration(NoLineup):
    """The generation is not kept for the quarter, or for any quarter."""

    def __init__(self, number: int, quarter: int | None, kept: Iterable[int]) -> None:
        self.number = number
        self.quarter = quarter
        self.kept = tuple(kept)
        which = f"quarter {quarter}" if quarter else "any quarter"
        next_step = (
            f"Choose generation {joined(self.kept, 'or')}."
            if self.kept
            else "No generation of it is kept. Crunch event files first: banners crunch DIR"
        )
        super().__init__(f"Generation {number} is not kept for {which} of the hour. {next_step}")


class UnknownCampaign(NoLineup):
    """No published quarter, or no quarter of a generation, has events of the campaign.

    Where there is a catalogue, it means that the catalogue does not have the campaign.
    """

    def __init__(
        self, campaign_id: int, generation: int | None = None, *, in_catalogue: bool = False
    ) -> None:
        self.campaign_id = campaign_id
        where = f"no quarter of generation {generation}" if generation else "no published quarter"
        why = "the catalogue does not have it" if in_catalogue else f"{where} has events of it"
        super().__init__(
            f"Campaign {campaign_id} is unknown: {why}. Check the number, or try another campaign."
        )


class CampaignOff(NoLineup):
    """The campaign is paused, has ended, or has not started.

    Args:
        campaign_id: the campaign.
        state: its state in one word: ``paused``, ``ended`` or ``starts``.
        since: when it was paused, ended or starts, in UTC, such as ``2026-01-31 10:20:00``; empty
            if that is not known.
    """

    def __init__(self, campaign_id: int, state: str, since: str) -> None:
        self.campaign_id = campaign_id
        self.state = state
        self.since = since
        time = f"{since} UTC" if since else ""
        found = {
            "ended": f"ended at {time}",
            "starts": f"starts at {time}",
        }.get(state, f"has been paused since {time}" if time else "is paused")
        super().__init__(
            f"Campaign {campaign_id} is not shown: it {found}. Try another campaign, or ask "
            "whoever runs it."
        )


class NothingToShow(NoLineup):
    """The campaign has no banners in the quarter, and the fill cannot add any."""

    def __init__(self, campaign: str) -> None:
        super().__init__(
            f"Campaign {shorten(campaign)} has no banner to show in this quarter of the hour. "
            "Try another campaign, or set BANNERS_FILL to inventory."
        )


class NotInQuarter(NoLineup):
    """The campaign has banners in other quarters only."""

    def __init__(
        self,
        campaign_id: int,
        quarter: int,
        elsewhere: Iterable[int],
        generation: int | None = None,
    ) -> None:
        self.campaign_id = campaign_id
        self.quarter = quarter
        self.elsewhere = tuple(elsewhere)
        of_it = f" of generation {generation}" if generation else ""
        super().__init__(
            f"Campaign {campaign_id} has no banners in quarter {quarter} of the hour{of_it}. "
            f"It has banners in {listed(self.elsewhere)}."
        )


class NothingPublished(NoLineup):
    """No generation is live, so there is nothing to serve yet."""

    def __init__(self, where: str = "") -> None:
        place = f" in {where}" if where else ""
        super().__init__(
            f"Nothing is published yet{place}. To publish event files, run: banners crunch DIR. "
            "To publish what visitors do, run: banners loop. To start with sample data, run: "
            "banners demo"
        )
