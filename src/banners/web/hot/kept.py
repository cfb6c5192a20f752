"""The answers that a worker keeps prepared for a quarter."""

from collections import OrderedDict
from enum import Enum

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Quarter
from banners.core.showing import no_candidates
from banners.errors import StoreError
from banners.serve.catalogue import Catalogue
from banners.serve.reader import HeldQuarter
from banners.web.hot.answering import Answers, catalogued_answers, plain_answers
from banners.web.hot.serving import Serving

MOST_PREPARED = 10_000
"""Maximum number of campaigns of a quarter whose answers are kept prepared, 5 to 10 kB each."""


class Lacking(Enum):
    """Why there are no answers."""

    UNREAD = 1
    """The campaign's candidates have to be read first."""

    ABSENT = 2
    """The catalogue does not have the campaign."""

    UNKNOWN = 3
    """The worker does not know the campaign, or holds nothing: the framework answers."""


class KeptAnswers:
    """The answers prepared from what is held of a quarter, the most recently used last.

    Args:
        quarter: the quarter of the hour.
        held: what is held of it; None for nothing.
        catalogue: the catalogue; None if it is not known whether there is one.
        serving: how all campaigns are served.
    """

    def __init__(
        self,
        quarter: Quarter,
        held: HeldQuarter | None,
        catalogue: Catalogue | None,
        serving: Serving,
    ) -> None:
        self.quarter = quarter
        self.held = held
        self.catalogue = catalogue
        self._serving = serving
        self._answers: OrderedDict[int, Answers] = OrderedDict()

    def follow(self, catalogue: Catalogue | None) -> None:
        """Take another version of the catalogue, and drop the answers that it changes."""
        known, self.catalogue = self.catalogue, catalogue
        follows = (
            known is not None
            and catalogue is not None
            and catalogue.before is not None
            and catalogue.before == known.version
            # Pages that draw on all campaigns may show what was changed in another one.
            and self._serving.policy(has_catalogue=True) is not FillPolicy.INVENTORY
        )
        if catalogue is None or not follows:
            self._answers.clear()
        else:
            for campaign_id in catalogue.changed:
                self._answers.pop(campaign_id, None)

    def find(self, campaign_id: int, second: float) -> Answers | Lacking:
        """Return the answers for a campaign, prepared now if they are not yet.

        Args:
            campaign_id: the campaign.
            second: seconds since 1970, in UTC.
        """
        answers = self._answers.get(campaign_id)
        if answers is None or second >= answers.until:
            return self._prepare(campaign_id, int(second))
        self._answers.move_to_end(campaign_id)
        return answers

    def keep(self, candidates: Candidates, second: int) -> Answers | Lacking:
        """Prepare the answers for a campaign, and drop those least recently used.

        Args:
            candidates: the campaign's candidates.
            second: seconds since 1970, in UTC.
        """
        campaign_id, catalogue, serving = candidates.campaign_id, self.catalogue, self._serving
        answers: Answers
        if catalogue is not None and catalogue.exists:
            campaign = catalogue.campaign(campaign_id)
            if campaign is None:
                return Lacking.UNKNOWN
            answers = catalogued_answers(candidates, campaign, catalogue, serving, second)
        else:
            held = self.held
            answers = plain_answers(candidates, lambda: held.inventory if held else (), serving)
        self._answers[campaign_id] = answers
        self._answers.move_to_end(campaign_id)
        if len(self._answers) > MOST_PREPARED:
            self._answers.popitem(last=False)
        return answers

    def _prepare(self, campaign_id: int, second: int) -> Answers | Lacking:
        held, catalogue = self.held, self.catalogue
        if held is None or catalogue is None:
            return Lacking.UNKNOWN
        if catalogue.exists and campaign_id not in catalogue:
            return Lacking.ABSENT
        if not catalogue.exists and campaign_id not in held:
            return Lacking.UNKNOWN
        if campaign_id not in held:
            return self.keep(no_candidates(campaign_id, self.quarter), second)
        try:
            candidates = held.candidates(campaign_id)
        except StoreError:
            return Lacking.UNKNOWN  # the framework reads it again, and answers with the error
        return Lacking.UNREAD if candidates is None else self.keep(candidates, second)
