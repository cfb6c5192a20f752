"""A report says which banners the catalogue keeps from being shown, and what it leaves."""

from dataclasses import replace

import pytest

from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign
from banners.core.model import Generation, Quarter
from banners.reports.taken_out import left_of, taken_out_sentence
from support.catalogues import banner, campaign

SECOND = 100
RANKED = Candidates(
    5, Quarter.FIRST, Generation(1, ""), (1, 2, 3), (9, 9, 9), (3, 2, 1), (0, 0, 0), (0, 0, 0)
)
REST = "the lineup that they see is picked from the others."


def told_of(of: CatalogueCampaign | None, second: int = SECOND) -> str:
    return taken_out_sentence(left_of(RANKED, of, second))


def test_without_a_catalogue_nothing_is_said() -> None:
    assert taken_out_sentence(None) == ""


@pytest.mark.parametrize("of", [campaign(5, 1, 2, 3), campaign(5, 1, 2, 3, 4)])
def test_nothing_is_said_if_visitors_see_all_of_it(of: CatalogueCampaign) -> None:
    assert told_of(of) == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"active": False}, "The campaign is paused, so visitors see none of its banners now."),
        ({"ends": SECOND}, "The campaign is ended, so visitors see none of its banners now."),
        (
            {"starts": SECOND + 1},
            "The campaign is not started yet, so visitors see none of its banners now.",
        ),
    ],
)
def test_a_campaign_that_is_not_on_shows_nothing(change: dict[str, int], told: str) -> None:
    of = replace(campaign(5, 1, 2, 3), **change)  # type: ignore[arg-type]  # its fields
    assert told_of(of) == told


def test_each_banner_is_told_with_the_reason() -> None:
    banners = (replace(banner(1), active=False), banner(2))
    assert told_of(replace(campaign(5), banners=banners)) == (
        "By the catalogue, visitors do not see banners 1 (paused), 3 (not in the catalogue) now; "
        f"{REST}"
    )


def test_a_single_banner_is_told_as_one() -> None:
    banners = (banner(1), banner(2), replace(banner(3), ends=SECOND))
    assert told_of(replace(campaign(5), banners=banners)) == (
        f"By the catalogue, visitors do not see banner 3 (ended) now; {REST}"
    )
    assert told_of(replace(campaign(5), banners=banners), SECOND - 1) == ""


def test_a_campaign_that_the_catalogue_lacks_shows_nothing() -> None:
    assert told_of(None) == (
        "The catalogue does not have this campaign, so visitors see none of its banners now."
    )


def test_if_no_banner_is_left_that_is_said() -> None:
    assert told_of(campaign(5)).endswith("3 (not in the catalogue) now, and no other is left.")


def test_of_very_many_banners_the_best_are_listed() -> None:
    ids = tuple(range(1, 2_001))
    zeros = (0,) * len(ids)
    ranked = Candidates(5, Quarter.FIRST, Generation(1, ""), ids, *[zeros] * 4)
    told = taken_out_sentence(left_of(ranked, campaign(5), SECOND))
    assert " 10 (not in the catalogue) and 1,990 more now" in told


def test_the_rule_picks_from_what_is_left_and_from_banners_without_events() -> None:
    left = left_of(RANKED, campaign(5, 2, 4), SECOND)
    assert (*left.candidates.banner_ids,) == (2, 4)
    assert [*left.out] == [1, 3]
