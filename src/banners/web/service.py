"""What the pages and the JSON have in common: a campaign and a quarter in, answers out."""

from dataclasses import dataclass

from banners.model import Lineup, Quarter, parse_campaign_id
from banners.serve.reader import LineupReader, read_lineup
from banners.web.prepared import CampaignAnswers, Serving


@dataclass(frozen=True, slots=True)
class Service:
    """Answers which banners a campaign shows.

    Args:
        reader: the tier that lineups are read from.
        serving: how all campaigns are served.
    """

    reader: LineupReader
    serving: Serving

    def lineup(self, campaign: str, quarter: Quarter) -> Lineup:
        """Read the lineup of the campaign whose id somebody wrote.

        Raises:
            NoLineup: it is no id, or there is no lineup of it in the quarter.
            StoreUnavailable: the tier cannot be reached.
        """
        return read_lineup(self.reader, parse_campaign_id(campaign), quarter)

    def answers(self, campaign: str, quarter: Quarter) -> CampaignAnswers:
        """Prepare all that is answered for the campaign whose id somebody wrote.

        Raises:
            NoLineup: it is no id, or there is no lineup of it in the quarter.
            StoreUnavailable: the tier cannot be reached.
        """
        lineup = self.lineup(campaign, quarter)
        return CampaignAnswers(
            lineup, lambda: self.reader.inventory(lineup.generation, quarter), self.serving
        )
