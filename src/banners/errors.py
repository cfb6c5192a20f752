"""Every error that Banners raises on purpose.

::

    BannersError
    ├── SettingsError          a setting has a value that it cannot have
    ├── SourceError            event files cannot be used: names the file, the line, the reason
    ├── CrunchError            the engine failed while it computed
    ├── FiguresError           figures to choose lineups from cannot be used: names the column
    ├── SampleError            sample data cannot be made there
    ├── StoreError             the database refused or broke
    │   ├── StoreUnavailable   it cannot be reached
    │   ├── StoreClosed        it was closed before
    │   ├── DamagedRecord      what it keeps is not the record of what was asked for
    │   ├── RollbackError      there is no generation to go back to
    │   └── PublisherBusy      another job is publishing to it
    ├── StressError            the stress test has nothing to ask for, or nobody to ask
    ├── PortTaken              the web application cannot listen where it was told to
    └── NoLineup               there is no lineup to answer with
        ├── InvalidCampaignId  what was given is not a campaign id
        ├── InvalidQuarter     what was given is not a quarter
        ├── InvalidGeneration  what was given is not the number of a generation
        ├── UnknownGeneration  the generation is not kept
        ├── UnknownCampaign    no published quarter knows the campaign
        ├── NothingToShow      the campaign has no banner to show, and nothing to fill it up from
        ├── NotInQuarter       the campaign has banners in other quarters only
        └── NothingPublished   no generation is active

A message says what was found, what was expected, and what to do next. Messages are shown to
people as they are, so they never hold a secret, and echo at most a short piece of what was given.
"""

import re
from collections.abc import Iterable, Sequence


class BannersError(Exception):
    """Root of all errors that Banners raises on purpose."""

    def __init__(self, message: str = "") -> None:
        super().__init__(readable(message))


class SettingsError(BannersError):
    """A setting has a value that it cannot have."""


class SourceError(BannersError):
    """Event files cannot be used."""


class CrunchError(BannersError):
    """The engine failed while it computed."""


class FiguresError(BannersError):
    """The figures handed over to choose lineups from cannot be used."""


class SampleError(BannersError):
    """Sample data cannot be made there."""


class StoreError(BannersError):
    """The database refused or broke."""


class StoreUnavailable(StoreError):
    """The database cannot be reached."""


class StoreClosed(StoreError):
    """The database was closed before."""


class DamagedRecord(StoreError):
    """What a cache or the database keeps is not the record of what was asked for."""


class RollbackError(StoreError):
    """There is no generation to go back to."""


class PublisherBusy(StoreError):
    """Another job is publishing to the same database."""


class StressError(BannersError):
    """The stress test has nothing to ask for, or nobody to ask."""


class PortTaken(BannersError):
    """The web application cannot listen where it was told to."""


class NoLineup(BannersError):
    """There is no lineup to answer with."""


class InvalidCampaignId(NoLineup):
    """What was given is not a campaign id."""

    def __init__(self, given: str) -> None:
        self.given = given
        found = f"{shorten(given)} is not a campaign id." if given else "No campaign id was given."
        super().__init__(
            f"{found} It is a whole number above zero, written in 1 to 18 digits and nothing else, "
            "such as 27."
        )


class InvalidQuarter(NoLineup):
    """What was given is not a quarter of the hour."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(f"{shorten(given)} is not a quarter of the hour. Give 1, 2, 3 or 4.")


class InvalidGeneration(NoLineup):
    """What was given is not the number of a generation."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(
            f"{shorten(given)} is not the number of a generation. Give one that is kept, such as "
            "3; they are listed by: banners generations"
        )


class UnknownGeneration(NoLineup):
    """The generation asked for is not kept of this quarter, or of any, or never was."""

    def __init__(self, number: int, quarter: int | None, kept: Iterable[int]) -> None:
        self.number = number
        self.quarter = quarter
        self.kept = tuple(kept)
        match self.kept:
            case ():
                there = "No other is either: crunch that quarter first"
            case (only,):
                there = f"Kept is generation {only}"
            case _:
                there = f"Kept are generations {_joined(self.kept)}"
        which = f"quarter {quarter}" if quarter else "any quarter"
        super().__init__(f"Generation {number} is not kept of {which} of the hour. {there}.")


class UnknownCampaign(NoLineup):
    """No published quarter knows the campaign, or none of the generation asked for."""

    def __init__(self, campaign_id: int, generation: int | None = None) -> None:
        self.campaign_id = campaign_id
        where = f"no quarter of generation {generation}" if generation else "no published quarter"
        super().__init__(
            f"Campaign {campaign_id} is unknown: {where} has events of it. "
            "Check the number, or try another campaign."
        )


class NothingToShow(NoLineup):
    """The campaign has no banner to show, and nothing to fill it up from."""

    def __init__(self, campaign: str) -> None:
        super().__init__(
            f"Campaign {shorten(campaign)} has no banner to show in this quarter of the hour. "
            "Try another campaign, or let the fill draw on the inventory (BANNERS_FILL)."
        )


class NotInQuarter(NoLineup):
    """The campaign has banners, but not in the quarter asked for."""

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
    """No generation is active, so there is nothing to serve yet."""

    def __init__(self, where: str = "") -> None:
        place = f" in {where}" if where else ""
        super().__init__(
            f"Nothing is published yet{place}. Publish event files with: banners crunch DIR "
            "(or start with sample data: banners demo)."
        )


def listed(quarters: Iterable[int]) -> str:
    """Write quarters as a person would: ``quarter 2``, ``quarters 2, 3 and 4``."""
    numbers = [int(quarter) for quarter in quarters]
    if len(numbers) == 1:
        return f"quarter {numbers[0]}"
    return f"quarters {_joined(numbers)}"


def _joined(numbers: Sequence[int]) -> str:
    *first, last = numbers
    return f"{', '.join(map(str, first))} and {last}"


def readable(path: object) -> str:
    r"""Write a path, or what names one, as text that can be printed and stored anywhere.

    A byte of it that is not UTF-8 appears as ``\xff``.
    """
    # Python holds such a byte in a code point of its own, which no encoding has.
    return re.sub("[\udc80-\udcff]", lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", str(path))


def shorten(given: str, *, most: int = 40) -> str:
    """Quote what somebody gave, on one line and in at most ``most`` characters."""
    shown = given if len(given) <= most else given[:most] + "…"
    return f"“{shown}”" if shown.isprintable() else ascii(shown)
