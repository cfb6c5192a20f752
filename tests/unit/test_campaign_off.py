"""The error about a campaign that is off says since when, if that is known."""

from dataclasses import replace

import pytest

from banners.core.catalogue import CatalogueCampaign
from banners.serve.catalogued import off_since
from support.catalogues import campaign

NOW = 1_796_083_200  # 2026-12-01 00:00:00 UTC
SALE = campaign(5)
PAUSED = replace(SALE, active=False)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (replace(SALE, ends=NOW), "it ended at 2026-12-01 00:00:00 UTC"),
        (replace(SALE, ends=0), "it ended at 1970-01-01 00:00:00 UTC"),
        (replace(SALE, starts=NOW + 3_600), "it starts at 2026-12-01 01:00:00 UTC"),
        (replace(PAUSED, ends=NOW - 60), "it ended at 2026-11-30 23:59:00 UTC"),
        (PAUSED, "it has been paused since 2026-11-30 00:00:00 UTC"),
        (replace(PAUSED, campaign_id=6), "it is paused"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_the_error_for_a_campaign_that_is_off_says_since_when(
    found: CatalogueCampaign, told: str
) -> None:
    error = off_since(found, {5: NOW - 86_400}, NOW)
    assert str(error).startswith(f"Campaign {found.campaign_id} is not shown: {told}. Try another")
