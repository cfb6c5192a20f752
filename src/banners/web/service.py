"""What the pages and the API share: finding the answers for a campaign and a quarter."""

from collections.abc import Sequence
from dataclasses import dataclass

from banners.core.catalogue import CatalogueCampaign, State
from banners.core.model import FillPolicy, Quarter, parse_campaign_id
from banners.errors import StoreUnavailable, UnknownCampaign
from banners.serve.catalogue import Catalogue
from banners.serve.catalogued import figures_of, off_since
from banners.serve.reader import LineupReader, read_candidates
from banners.web.hot.answering import HeldCatalogue, catalogued_answers, plain_answers
from banners.web.hot.prepared import CampaignAnswers, EmptyEmbed, NothingShown
from banners.web.hot.serving import Serving


@dataclass(frozen=True, slots=True)
class Service:
    """Answers which banners a campaign shows.

    Args:
        reader: the tier that candidates are read from.
        serving: how all campaigns are served.
        catalogue: where the catalogue is.
    """

    reader: LineupReader
    serving: Serving
    catalogue: HeldCatalogue

    def policy(self) -> FillPolicy:
        """Return where the fill of a short lineup may come from."""
        catalogue = self.catalogue.held
        return self.serving.policy(has_catalogue=catalogue is not None and catalogue.exists)

    def answers(self, campaign: str, quarter: Quarter, second: int) -> CampaignAnswers:
        """Return the answers for a campaign, given its id as text.

        Args:
            campaign: the campaign's id, as the request has it.
            quarter: the quarter of the hour.
            second: the second of the request, since 1970 in UTC.

        Raises:
            NoLineup: the id is malformed, or the campaign has no lineup in the quarter.
            CampaignOff: the campaign is not shown at this second.
            StoreUnavailable: no tier can be reached.
        """
        campaign_id = parse_campaign_id(campaign)
        catalogue = self._held()
        if not catalogue.exists:
            return self._plain(campaign_id, quarter)
        found = self._catalogued(catalogue, campaign_id, quarter, second)
        if isinstance(found, CatalogueCampaign):
            raise off_since(found, catalogue.paused, second)
        return found

    def embedded(
        self, campaign: str, quarter: Quarter, second: int
    ) -> CampaignAnswers | EmptyEmbed:
        """Return the answers for a frame or an image in a page of another site.

        Where there is a catalogue and the campaign has nothing to show, or is not in it, they are
        those of the house campaign or, if that has nothing either, those of which nothing is to be
        seen.

        Args:
            campaign: see :meth:`answers`.
            quarter: see :meth:`answers`.
            second: see :meth:`answers`.

        Raises:
            NoLineup: the id is malformed, or there is no catalogue and the campaign has no lineup
                in the quarter.
            StoreUnavailable: no tier can be reached.
        """
        campaign_id = parse_campaign_id(campaign)
        catalogue = self._held()
        if not catalogue.exists:
            return self._plain(campaign_id, quarter)
        if campaign_id not in catalogue:
            self.serving.count_unknown_embed()
        for each in (campaign_id, catalogue.house):
            if each is not None and each in catalogue:
                found = self._catalogued(catalogue, each, quarter, second)
                if isinstance(found, CampaignAnswers) and found.shows_any:
                    return found
        return EmptyEmbed(self.serving)

    def _held(self) -> Catalogue:
        catalogue = self.catalogue.held
        if catalogue is None:
            raise StoreUnavailable(
                "It is not known yet whether there is a catalogue, which may have paused banners."
            )
        return catalogue

    def _plain(self, campaign_id: int, quarter: Quarter) -> CampaignAnswers:
        candidates = read_candidates(self.reader, campaign_id, quarter)
        generation = candidates.generation

        def inventory() -> Sequence[int]:
            return self.reader.inventory(generation, quarter)

        return plain_answers(candidates, inventory, self.serving)

    def _catalogued(
        self, catalogue: Catalogue, campaign_id: int, quarter: Quarter, second: int
    ) -> CampaignAnswers | CatalogueCampaign:
        """Return the answers for a campaign of the catalogue, or the campaign if it is off."""
        campaign = catalogue.campaign(campaign_id)
        if campaign is None:
            raise UnknownCampaign(campaign_id, in_catalogue=True)
        if campaign.state(second) is not State.ON:
            return campaign
        candidates = figures_of(self.reader, campaign_id, quarter)
        found = catalogued_answers(candidates, campaign, catalogue, self.serving, second)
        return campaign if isinstance(found, NothingShown) else found
