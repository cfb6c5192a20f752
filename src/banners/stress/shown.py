"""What campaigns of a catalogue are expected to show, worked out for each when it is asked for."""

from collections.abc import Callable, Iterator, Mapping

from banners.core.candidates import Candidates
from banners.core.catalogue import State
from banners.core.showing import showing
from banners.serve.catalogue import Catalogue
from banners.stress.expectations import Expectation


class ShownCampaigns(Mapping[int, Expectation]):
    """The expectation of each campaign that a catalogue lets be shown at a second.

    Args:
        candidates: returns the candidates of a campaign by its events; None if it has none.
        campaign_ids: the campaigns to request.
        catalogue: the catalogue.
        second: the second, since 1970 in UTC.
        expected: returns what is expected, by the published candidates and those that are left.
    """

    def __init__(
        self,
        candidates: Callable[[int], Candidates | None],
        campaign_ids: Mapping[int, object],
        catalogue: Catalogue,
        second: int,
        expected: Callable[[Candidates, Candidates], Expectation],
    ) -> None:
        self._candidates = candidates
        self._campaign_ids = campaign_ids
        self._catalogue = catalogue
        self._second = second
        self._expected = expected

    def __getitem__(self, campaign_id: int) -> Expectation:
        """Return what a campaign is expected to show."""
        campaign = self._catalogue.campaign(campaign_id)
        candidates = self._candidates(campaign_id)
        if campaign is None or candidates is None:
            raise KeyError(campaign_id)
        found = showing(candidates, campaign, self._second)
        if found.state is not State.ON:
            raise KeyError(campaign_id)
        return self._expected(candidates, found.candidates)

    def __iter__(self) -> Iterator[int]:
        """Yield the campaigns to request: those that show something."""
        for campaign_id in self._campaign_ids:
            expectation = self.get(campaign_id)
            if expectation and expectation.count:
                yield campaign_id

    def __len__(self) -> int:
        """Return the number of campaigns to request."""
        return sum(1 for _ in self)


def banners_on(catalogue: Catalogue, second: int) -> frozenset[int]:
    """Return the banners of all campaigns that are on."""
    campaigns = filter(None, map(catalogue.campaign, catalogue.records))
    return frozenset(
        banner.banner_id
        for campaign in campaigns
        if campaign.state(second) is State.ON
        for banner in campaign.banners
        if banner.state(second) is State.ON
    )
