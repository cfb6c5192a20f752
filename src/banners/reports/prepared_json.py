"""What a policy prepared for a campaign, as members of the JSON object of its lineup."""

from dataclasses import dataclass

from banners.core.candidates import Candidates
from banners.reports.json_object import JsonObject
from banners.reports.outlook import outlooks_of


@dataclass(frozen=True, kw_only=True)
class PreparedBanner(JsonObject):
    """A candidate of a campaign whose lineups a policy prepared."""

    banner_id: int
    """The id of the banner."""

    banner_id_text: str
    """The same id as text, for languages in which numbers above 2^53 are not exact."""

    of_64: int
    """In how many of the 64 prepared lineups it is."""

    expected_per_thousand: float | None
    """Expected revenue per thousand impressions; null if the policy expects nothing of it."""

    click_rate: float | None
    """Expected clicks per impression."""

    conversion_rate: float | None
    """Expected conversions per click."""

    revenue_per_conversion: float | None
    """Expected revenue per conversion."""


def prepared_banners(ranked: Candidates) -> list[PreparedBanner]:
    """Return the candidates of a campaign with their shares and expectations.

    Args:
        ranked: the candidates as they were published; none are returned without prepared lineups.

    Source: docs/policies.md, "As JSON".
    """
    outlooks = outlooks_of(ranked)
    if outlooks is None:
        return []
    found = []
    for place, (banner_id, of_64) in enumerate(
        zip(ranked.banner_ids, outlooks.counts, strict=True)
    ):
        expected = outlooks.prepared.expected(place)
        found.append(
            PreparedBanner(
                banner_id=banner_id,
                banner_id_text=str(banner_id),
                of_64=of_64,
                expected_per_thousand=expected.per_thousand if expected else None,
                click_rate=expected.click_rate if expected else None,
                conversion_rate=expected.conversion_rate if expected else None,
                revenue_per_conversion=expected.revenue_per_conversion if expected else None,
            )
        )
    return found
