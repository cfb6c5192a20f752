"""Versions of the catalogue, how they came to be, and what to search in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from banners.catalogue.compare import Difference, Entry
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign, State


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the catalogue, which never changes.

    Args:
        number: 1 or more; each version has a larger number than all before it.
        stamp: when it was made, in UTC, ISO 8601. It distinguishes versions of the same number
            after a database was recreated or restored from a back-up.
        house: the campaign whose banners are shown where another has nothing to show; None for
            none.
    """

    number: int
    stamp: str
    house: int | None = None


@dataclass(frozen=True, slots=True)
class MadeVersion:
    """A version of the catalogue, and how it came to be.

    Args:
        version: the version.
        by: who made it.
        what: a short text that says what changed.
        in_force: whether it is the one that visitors see.
    """

    version: Version
    by: str
    what: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class CampaignChange:
    """What one version changed of a campaign.

    Args:
        made: the version.
        differences: what differs from the version before, the campaign before its banners.
    """

    made: MadeVersion
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """A new content of one campaign or of one banner of a campaign.

    Args:
        campaign_id: the campaign.
        banner_id: the banner of it; None if it is the campaign itself.
        new: its content from now on (of a campaign without its banners); None to remove a banner.
    """

    campaign_id: int
    banner_id: int | None
    new: Entry | None

    @classmethod
    def of_campaign(cls, campaign: CatalogueCampaign) -> "Edit":
        """Add a campaign, or change its own values; its banners stay as they are."""
        return cls(campaign.campaign_id, None, campaign)

    @classmethod
    def of_banner(cls, campaign_id: int, banner: CatalogueBanner) -> "Edit":
        """Add a banner to a campaign, or change it there."""
        return cls(campaign_id, banner.banner_id, banner)

    @classmethod
    def without_banner(cls, campaign_id: int, banner_id: int) -> "Edit":
        """Take a banner out of a campaign."""
        return cls(campaign_id, banner_id, None)


class SearchOrder(StrEnum):
    """What found campaigns are sorted by."""

    CAMPAIGN = "campaign"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which campaigns are wanted.

    Args:
        text: part of a name of a campaign or of one of its banners in any case, the first digits
            of a campaign's id, or the id of a banner; empty for all.
        state: only those in this state; None for all.
        second: the second that the state is meant for.
        order: what they are sorted by; equal ones are sorted by id.
        descending: whether the largest comes first.
        ranked: ids in the order that is wanted in place of ``order``; campaigns that are not among
            them come after them, by id. ``descending`` reverses that order.
        first: how many are skipped.
        most: how many are returned at most.
    """

    text: str = ""
    state: State | None = None
    second: int = 0
    order: SearchOrder = SearchOrder.CAMPAIGN
    descending: bool = False
    ranked: Sequence[int] | None = None
    first: int = 0
    most: int = 50


@dataclass(frozen=True, slots=True)
class FoundCampaign:
    """A campaign that was found.

    Args:
        campaign: its own values, without its banners.
        banners: the number of its banners.
    """

    campaign: CatalogueCampaign
    banners: int


@dataclass(frozen=True, slots=True)
class FoundCampaigns:
    """Some of the campaigns that were found.

    Args:
        total: the number of all that were found.
        campaigns: those of the page that was asked for.
    """

    total: int
    campaigns: Sequence[FoundCampaign]
