"""The list of a quarter's campaigns, a page at a time: what is asked for, and what is found."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from pydantic import WithJsonSchema

from banners.core.model import Generation, Quarter
from banners.errors import NothingPublished, StoreUnavailable
from banners.reports.reader import CampaignOrder, CampaignsWanted, ListedCampaigns, ReportReader
from banners.serve.reader import LineupReader
from banners.web.http.caller import caller_of
from banners.web.http.parameters import AskedFor, example

PAGE_CAMPAIGNS = 50
"""Number of campaigns on a page."""

# The largest page number that is accepted; any database can count to the rows before it.
_LAST_PAGE = 999_999_999
_DIGITS = re.compile("[0-9]{1,18}", re.ASCII)
_SORTS = [sign + order for order in CampaignOrder for sign in ("", "-")]

_PageText = Annotated[
    str,
    Query(
        alias="page",
        pattern="^[1-9][0-9]{0,8}$",
        description=f"The number of the page, from 1; a page has {PAGE_CAMPAIGNS} campaigns.",
        openapi_examples=example(1),
    ),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": _LAST_PAGE, "default": 1}),
]
_SearchText = Annotated[
    str,
    Query(
        alias="search",
        max_length=200,
        description="The digits that the campaigns' ids begin with, or part of a campaign's or a "
        "banner's name in the catalogue; all campaigns if not given.",
        openapi_examples=example("2"),
    ),
]
_SortText = Annotated[
    str,
    Query(
        alias="sort",
        pattern=f"^-?(?:{'|'.join(CampaignOrder)})$",
        description="What the campaigns are sorted by; with a `-` in front, the largest first. "
        "Equal ones are sorted by their ids.",
        openapi_examples=example("-revenue"),
    ),
    WithJsonSchema({"type": "string", "enum": _SORTS, "default": _SORTS[0]}),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """The page of the list that is asked for.

    Args:
        quarter: the quarter of the hour.
        page: the number of the page, from 1.
        search: the digits that ids begin with, or part of a name; empty for all.
        sort: what campaigns are sorted by, with ``-`` in front for the largest first.
        among: the ids of the campaigns that the caller may see; None for all of them.
    """

    quarter: Quarter
    page: int
    search: str
    sort: str
    among: frozenset[int] | None = None

    @property
    def wanted(self) -> CampaignsWanted:
        """The campaigns of the page."""
        return CampaignsWanted(
            first=(self.page - 1) * PAGE_CAMPAIGNS,
            most=PAGE_CAMPAIGNS,
            beginning=self.search if _DIGITS.fullmatch(self.search) else "",
            among=self.among,
            order=CampaignOrder(self.sort.removeprefix("-")),
            descending=self.sort.startswith("-"),
        )

    def at(self, address: str) -> str:
        """Return the address of this page; it names the quarter even if it is the current one.

        Args:
            address: that of the list, as a page or as JSON.
        """
        defaults = {"page": 1, "search": "", "sort": CampaignOrder.CAMPAIGN}
        given = {"page": self.page, "search": self.search, "sort": self.sort}
        others = {name: value for name, value in given.items() if value != defaults[name]}
        return f"{address}?{urlencode({'quarter': int(self.quarter), **others})}"


def _asked(
    request: Request,
    quarter: AskedFor,
    page: _PageText = "1",
    search: _SearchText = "",
    sort: _SortText = CampaignOrder.CAMPAIGN.value,
) -> Asked:
    return Asked(quarter, int(page), search, sort, caller_of(request).campaigns)


AskedList = Annotated[Asked, Depends(_asked)]
"""The type of the argument by which a route gets the requested page of the list."""


@dataclass(frozen=True, slots=True)
class Found:
    """The page that was found.

    Args:
        asked: what was asked for.
        generation: the live generation of the quarter; None if there is none.
        listed: its campaigns.
        names: the names of those that are in the catalogue, by id.
    """

    asked: Asked
    generation: Generation | None
    listed: ListedCampaigns
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.listed.total // PAGE_CAMPAIGNS)

    def page_at(self, address: str, page: int) -> str | None:
        """Return the address of another page; None if there is no page of that number."""
        if not 1 <= page <= self.pages:
            return None
        return replace(self.asked, page=page).at(address)


@dataclass(frozen=True, slots=True)
class CampaignList:
    """Lists the campaigns of the live generations.

    Args:
        reader: returns the live generations.
        reports: what the campaigns are read from.
        out_of_reach: names the tiers that cannot be reached.
    """

    reader: LineupReader
    reports: ReportReader
    out_of_reach: Callable[[], Collection[str]]

    def find(self, asked: Asked) -> Found:
        """Read a page of the list.

        Raises:
            NothingPublished: no quarter has been published.
            StoreUnavailable: the database cannot be reached.
        """
        # A request that waited for an unreachable database would hold a thread that others need.
        if "database" in self.out_of_reach():
            raise StoreUnavailable("Campaigns are listed by the database, which is out of reach.")
        active = self.reader.active()
        if not active:
            raise NothingPublished
        generation = active.get(asked.quarter)
        if generation is None:
            return Found(asked, None, ListedCampaigns(0, ()))
        wanted, names = asked.wanted, self.reports.names
        if asked.search:
            wanted = replace(wanted, named=names.matching(asked.search))
        listed = self.reports.campaigns(generation, asked.quarter, wanted)
        return Found(
            asked, generation, listed, names.names([each.campaign_id for each in listed.campaigns])
        )
