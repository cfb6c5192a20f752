"""What differs between two catalogues, as values and as sentences."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.catalogue.compare import Difference, FieldChange, Kind, compare
from banners.catalogue.sentences import (
    contents,
    house_sentence,
    lacking_sentence,
    sentence,
    summary,
)
from banners.core.catalogue import CatalogueCampaign
from support.catalogues import banner, by_id, campaign

ALIKE = campaign(3, 1, 2)


def test_equal_catalogues_do_not_differ() -> None:
    assert list(compare([ALIKE, campaign(5, 1)], [ALIKE, campaign(5, 1)])) == []


def test_what_was_added_removed_and_changed_is_found_in_order() -> None:
    old = [campaign(1, 7), ALIKE, campaign(5, 1, 2, 3)]
    paused = replace(banner(2), active=False)
    new = [ALIKE, replace(campaign(5), banners=(paused, banner(3), banner(4))), campaign(6, 9)]
    assert list(compare(old, new)) == [
        Difference(1, None, campaign(1), None),
        Difference(1, 7, banner(7), None),
        Difference(5, 1, banner(1), None),
        Difference(5, 2, banner(2), paused),
        Difference(5, 4, None, banner(4)),
        Difference(6, None, None, campaign(6)),
        Difference(6, 9, None, banner(9)),
    ]


def test_the_values_that_changed_are_told() -> None:
    new = replace(campaign(5), name="Sale", ends=7)
    (difference,) = compare([campaign(5, 1)], [replace(new, banners=(banner(1),))])
    assert difference.kind is Kind.CHANGED
    assert difference.changes == (
        FieldChange("ends", None, 7),
        FieldChange("name", "Campaign no. 5", "Sale"),
    )
    assert difference.reversed.changes[0] == FieldChange("ends", 7, None)


def test_what_was_added_or_removed_has_no_changed_values() -> None:
    added = Difference(5, None, None, campaign(5))
    assert (added.kind, added.changes) == (Kind.ADDED, ())
    assert (added.reversed.kind, added.reversed.changes) == (Kind.REMOVED, ())


CATALOGUES = st.dictionaries(
    st.integers(1, 6), st.sets(st.tuples(st.integers(1, 4), st.booleans()), max_size=4), max_size=5
).map(
    lambda found: [
        replace(
            campaign(number, name=f"Campaign of {len(of)}"),
            banners=tuple(
                replace(banner(each), active=on) for each, on in sorted(dict(of).items())
            ),
        )
        for number, of in sorted(found.items())
    ]
)


def flat(campaigns: list[CatalogueCampaign]) -> dict[tuple[int, int | None], object]:
    alone: dict[tuple[int, int | None], object] = {
        (each.campaign_id, None): replace(each, banners=()) for each in campaigns
    }
    of_campaigns: dict[tuple[int, int | None], object] = {
        (each.campaign_id, of.banner_id): of for each in campaigns for of in each.banners
    }
    return {**alone, **of_campaigns}


@given(CATALOGUES, CATALOGUES)
def test_the_differences_are_those_of_the_entries_by_key(
    old: list[CatalogueCampaign], new: list[CatalogueCampaign]
) -> None:
    before, after = flat(old), flat(new)
    found = {(each.campaign_id, each.banner_id): each for each in compare(old, new)}
    assert {key: (each.old, each.new) for key, each in found.items()} == {
        key: (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }
    assert by_id(new).keys() >= {
        each.campaign_id for each in found.values() if each.kind is Kind.ADDED
    }


def changed(**values: object) -> Difference:
    old = replace(banner(414, name="Red shoe"), ends=1_796_083_200)
    return Difference(5, 414, old, replace(old, **values))  # type: ignore[arg-type]  # its fields


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (Difference(5, None, None, campaign(5, name="Sale")), "Campaign 5 “Sale” was added."),
        (Difference(5, None, campaign(5, name="Sale"), None), "Campaign 5 “Sale” was removed."),
        (
            Difference(5, 414, None, banner(414, name="Red shoe")),
            "Banner 414 “Red shoe” of campaign 5 was added.",
        ),
        (changed(active=False), "Banner 414 “Red shoe” of campaign 5: paused."),
        (changed(active=False).reversed, "Banner 414 “Red shoe” of campaign 5: resumed."),
        (
            changed(name="Shoe", ends=None),
            (
                "Banner 414 “Shoe” of campaign 5: end: 2026-12-01 00:00:00 UTC → none; "
                "renamed from “Red shoe”."
            ),
        ),
        (
            changed(starts=0),
            "Banner 414 “Red shoe” of campaign 5: start: none → 1970-01-01 00:00:00 UTC.",
        ),
        (
            changed(landing_url=""),
            (
                "Banner 414 “Red shoe” of campaign 5: "
                "landing page: “https://shop.example/414” → none."
            ),
        ),
        (changed(image="a"), "Banner 414 “Red shoe” of campaign 5: an image was uploaded."),
        (
            changed(image="a").reversed,
            "Banner 414 “Red shoe” of campaign 5: the uploaded image was removed.",
        ),
        (
            Difference(5, 4, replace(banner(4), image="a"), replace(banner(4), image="b")),
            "Banner 4 “Banner no. 4” of campaign 5: the image was replaced.",
        ),
        (
            Difference(5, None, campaign(5), replace(campaign(5), policy="learning")),
            "Campaign 5 “Campaign no. 5”: policy: the default → “learning”.",
        ),
    ],
    ids=str,
)
def test_a_difference_is_told_in_a_sentence(difference: Difference, told: str) -> None:
    assert sentence(difference) == told


def test_times_are_told_in_the_zone() -> None:
    told = sentence(changed(ends=None), ZoneInfo("Europe/Berlin"))
    assert "2026-12-01 01:00:00 CET → none" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, 5, "Campaign 5 is the house campaign now."),
        (4, 5, "Campaign 5 is the house campaign now in place of campaign 4."),
        (5, None, "Campaign 5 is no longer the house campaign."),
    ],
)
def test_a_change_of_the_house_campaign_is_told(old: int | None, new: int, told: str) -> None:
    assert house_sentence(old, new) == told


def test_many_differences_are_told_shortly() -> None:
    added = [Difference(each, None, None, campaign(each, name="Sale")) for each in range(1, 1_004)]
    assert summary(added[:1], 1) == "Campaign 1 “Sale” was added."
    assert summary(added, len(added)).startswith(
        "Campaign 1 “Sale” was added. Campaign 2 “Sale” was added."
    )
    assert summary(added, len(added)).endswith(" And 1,000 more.")


def test_the_size_of_a_catalogue_is_told_in_words() -> None:
    assert contents(1, 0) == "1 campaign with 0 banners"
    assert contents(1_200, 1) == "1,200 campaigns with 1 banner"


@pytest.mark.parametrize(
    ("lacking", "who", "ids"),
    [
        ([7], "1 published campaign is not in the files, so its page shows", "7"),
        ([5, 6, 7], "3 published campaigns are not in the files, so their pages show", "5, 6, 7"),
        (
            range(1, 1_005),
            "1,004 published campaigns are not in the files, so their pages show",
            "1, 2, 3 and 1,001 more",
        ),
    ],
    ids=["one", "three", "many"],
)
def test_published_campaigns_that_a_catalogue_lacks_are_named(
    lacking: Sequence[int], who: str, ids: str
) -> None:
    assert lacking_sentence(lacking) == f"{who} nothing with this catalogue: {ids}."
