"""The operators' home: the campaigns of the catalogue, to search, filter and sort."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from banners.catalogue.versions import Search, SearchOrder
from banners.core.addresses import Site
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign, State
from banners.core.model import Quarter
from banners.core.policy import PolicyName
from banners.errors import StoreError
from banners.reports.reader import ListedCampaign
from banners.reports.totals import RecentOrder
from banners.web.catalogue.editing import Editing
from banners.web.catalogue.shown_now import ShownNow
from banners.web.http.parameters import example
from banners.web.pages.editing import Pages
from banners.web.pages.home_figures import HomeFigures, LastDay, Sparkled

PAGE_CAMPAIGNS = 50
"""Number of campaigns on a page."""

MOST_THUMBNAILS = 5
"""Maximum number of banners that a row shows."""

FEW_THUMBNAILS = 3
"""Maximum number of banners in a row that has figures of the last day as well."""


@dataclass(frozen=True, slots=True)
class HomeAsked:
    """The page of the list that is asked for.

    Args:
        text: what to search for; empty for all.
        state: only those in this state; empty for all.
        order: what they are sorted by, with ``-`` in front for the largest first.
        page: the number of the page, from 1.
    """

    text: str = ""
    state: str = ""
    order: str = SearchOrder.NAME
    page: int = 1

    @property
    def query(self) -> str:
        """The query that asks for this page."""
        default = HomeAsked()
        given = {"q": self.text, "state": self.state, "order": self.order, "from": self.page}
        usual = ("", "", default.order, 1)
        pairs = zip(given.items(), usual, strict=True)
        return "?" + urlencode({name: value for (name, value), least in pairs if value != least})

    def turned(self, page: int) -> str:
        """Return the query that asks for another page."""
        return replace(self, page=page).query

    def filtered(self, state: str) -> str:
        """Return the query that asks for the campaigns in another state."""
        return replace(self, state=state, page=1).query

    def sorted(self, order: SearchOrder | RecentOrder) -> str:
        """Return the query that sorts by something, or the other way round if it already does.

        Figures are sorted by the largest first, names and ids upwards.
        """
        first, other = order.value, f"-{order}"
        if order in set(RecentOrder):
            first, other = other, first
        return replace(self, order=other if self.order == first else first, page=1).query

    def direction(self, order: SearchOrder | RecentOrder) -> str:
        """Return how the list is sorted by something; empty if it is sorted by something else."""
        return {order: "ascending", f"-{order}": "descending"}.get(self.order, "")


_Text = Annotated[
    str,
    Query(
        alias="q",
        max_length=200,
        description="Operators, with a catalogue: part of a name, or the beginning of an id.",
        openapi_examples=example("shoes"),
    ),
]
_StateText = Annotated[
    str,
    Query(
        alias="state",
        pattern=f"^(?:{'|'.join(State)})?$",
        description="Operators, with a catalogue: only campaigns in this state.",
        openapi_examples=example("on"),
    ),
]
_OrderText = Annotated[
    str,
    Query(
        alias="order",
        pattern=f"^-?(?:{'|'.join([*SearchOrder, *RecentOrder])})$",
        description="Operators, with a catalogue: what the campaigns are sorted by; with a `-` in "
        "front, the other way round.",
        openapi_examples=example("-name"),
    ),
]
_FromText = Annotated[
    str,
    Query(
        alias="from",
        pattern="^[1-9][0-9]{0,8}$",
        description="Operators, with a catalogue: the number of the page, from 1.",
        openapi_examples=example("2"),
    ),
]


def _asked(
    text: _Text = "",
    state: _StateText = "",
    order: _OrderText = SearchOrder.NAME.value,
    page: _FromText = "1",
) -> HomeAsked:
    return HomeAsked(text, state, order, int(page))


AskedHome = Annotated[HomeAsked, Depends(_asked)]


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign of the list.

    Args:
        campaign: the campaign.
        state: whether it is shown now.
        banners: those of its banners that visitors see now, best first.
        last_day: its figures of the last 24 hours; None where nothing is recorded.
        figures: what it earned in the live generation of this quarter; None if it is not in it.
        policy: the policy that is chosen for it.
        gain: the interval of its lift over the rule, as text; empty while nothing can be said.
    """

    campaign: CatalogueCampaign
    state: State
    banners: list[CatalogueBanner]
    last_day: Sequence[Sparkled] | None
    figures: ListedCampaign | None
    policy: PolicyName
    gain: str


@dataclass(frozen=True, slots=True)
class Home:
    """Writes the home.

    Args:
        editing: looks up the catalogue.
        figures: reads the figures of campaigns.
        shown_now: says what visitors see now.
        templates: the pages' templates.
        site: the application as others reach it.
        default: the policy of campaigns for which the catalogue names none.
    """

    editing: Editing
    figures: HomeFigures
    shown_now: ShownNow
    templates: Jinja2Templates
    site: Site
    default: PolicyName

    def has_catalogue(self) -> bool:
        """Return whether there is a catalogue; yes while it is not known."""
        try:
            return self.editing.catalogue.in_force() is not None
        except StoreError:
            return True

    def is_to_be_shown(self) -> bool:
        """Return whether there is a catalogue to show, or nothing else either."""
        return self.editing.catalogue.in_force() is not None or not self._is_published()

    def hides_published(self) -> bool:
        """Return whether the first campaign of a catalogue would hide campaigns now published.

        Raises:
            StoreUnavailable: that is not known.
        """
        return self.editing.catalogue.in_force() is None and bool(self.shown_now.reader.active())

    def answer(self, request: Request, asked: HomeAsked, quarter: Quarter) -> Response:
        """Show some of the campaigns."""
        editing = self.editing
        version = editing.catalogue.in_force()
        found = editing.catalogue.search(version, self._wanted(asked)) if version else None
        ids = [each.campaign.campaign_id for each in found.campaigns] if found else []
        whole = editing.catalogue.campaigns_among(version, ids) if version else {}
        last_day = self.figures.last_day(ids)
        of_quarter = {} if last_day else self.figures.of_quarter(ids, quarter)
        context = {
            "asked": asked,
            "total": found.total if found else 0,
            "pages": -(-found.total // PAGE_CAMPAIGNS) if found else 0,
            "rows": [
                self._row(whole[each], quarter, last_day, of_quarter)
                for each in ids
                if each in whole
            ],
            "most_thumbnails": FEW_THUMBNAILS if last_day else MOST_THUMBNAILS,
            "quarter": quarter,
            "zone": editing.zone,
            "State": State,
            "Order": SearchOrder,
            "Recent": RecentOrder,
            "last_day": last_day,
            "is_published": bool(of_quarter) or self._is_published(),
        }
        return self.templates.TemplateResponse(request, "home.html", context)

    def _wanted(self, asked: HomeAsked) -> Search:
        """Return which campaigns are asked for."""
        by, is_falling = asked.order.removeprefix("-"), asked.order.startswith("-")
        ranked = self.figures.ranked(by)
        return Search(
            text=asked.text,
            state=State(asked.state) if asked.state else None,
            second=self.editing.second,
            order=SearchOrder.CAMPAIGN if ranked is not None else SearchOrder(by),
            ranked=ranked,
            # A ranking begins with the largest.
            descending=is_falling if ranked is None else not is_falling,
            first=(asked.page - 1) * PAGE_CAMPAIGNS,
            most=PAGE_CAMPAIGNS,
        )

    def _row(
        self,
        campaign: CatalogueCampaign,
        quarter: Quarter,
        last_day: LastDay | None,
        of_quarter: Mapping[int, ListedCampaign],
    ) -> Row:
        second, campaign_id = self.editing.second, campaign.campaign_id
        policy = PolicyName(campaign.policy or self.default)
        return Row(
            campaign,
            campaign.state(second),
            self._shown(campaign, quarter, second),
            last_day.of(campaign_id) if last_day else None,
            of_quarter.get(campaign_id),
            policy,
            last_day.gain(campaign_id, policy) if last_day else "",
        )

    def _shown(
        self, campaign: CatalogueCampaign, quarter: Quarter, second: int
    ) -> list[CatalogueBanner]:
        """Return the banners that visitors of a campaign see, best first."""
        on = {each.banner_id: each for each in campaign.banners if each.state(second) is State.ON}
        try:
            shares = self.shown_now.shares(campaign, quarter, second).banners
        except StoreError:  # then all that are on may be shown
            shares = dict.fromkeys(on, Fraction(1))
        return [on[each] for each in shares if each in on]

    def _is_published(self) -> bool:
        try:
            return bool(self.shown_now.reader.active())
        except StoreError:
            return False


def home_of(
    pages: Pages | None, figures: HomeFigures, shown_now: ShownNow, default: PolicyName
) -> Home | None:
    """Return the home over the same catalogue as other pages; None without one.

    Args:
        pages: write the pages of the catalogue.
        figures: reads the figures of campaigns.
        shown_now: says what visitors see now.
        default: the policy of campaigns for which the catalogue names none.
    """
    if pages is None:
        return None
    return Home(pages.editing, figures, shown_now, pages.templates, pages.site, default)
