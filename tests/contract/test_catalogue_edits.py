"""One suite over every database: single changes of the catalogue."""

from dataclasses import replace

import pytest

from banners.catalogue.versions import Edit
from banners.errors import (
    CatalogueError,
    EditOvertaken,
    InvalidValue,
)
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogue_versions import content, put, rename
from support.catalogues import banner, campaign


def test_a_banner_has_one_image_in_all_campaigns(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1), campaign(6, 1), campaign(7, 2))
    edits = [Edit.of_banner(each, replace(banner(1), image="new")) for each in (5, 6)]
    with pytest.raises(EditOvertaken, match="Campaign 6 has banner 1 with another image"):
        writer.edit(edits[:1], seen=1, by="ada")
    writer.edit(edits, seen=1, by="ada")
    added = Edit.of_banner(7, banner(1))
    with pytest.raises(EditOvertaken, match="Campaign 5 has banner 1 with another image"):
        writer.edit([added], seen=2, by="ada")
    two = [Edit.of_banner(each, replace(banner(9), image=f"of {each}")) for each in (5, 6)]
    with pytest.raises(EditOvertaken, match="has banner 9 with another image"):
        writer.edit(two, seen=2, by="ada")
    assert {of.image for each in content(reader) for of in each.banners} == {"new", ""}


def test_an_edit_changes_what_it_names_and_nothing_else(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1, 2), campaign(6, 1))
    made = writer.edit(
        [
            rename(5, "Sale"),
            Edit.of_banner(5, replace(banner(2), active=False)),
            Edit.of_banner(5, banner(3)),
            Edit.without_banner(5, 1),
            Edit.of_campaign(campaign(7)),
            Edit.of_banner(7, banner(1)),
        ],
        seen=1,
        by="grace",
    )
    expected = replace(
        campaign(5, name="Sale"), banners=(replace(banner(2), active=False), banner(3))
    )
    assert content(reader) == [expected, campaign(6, 1), campaign(7, 1)]
    assert made.by == "grace"
    assert made.what == (
        "Campaign 5 “Sale”: renamed from “Campaign no. 5”. "
        "Banner 1 “Banner no. 1” of campaign 5 was removed. "
        "Banner 2 “Banner no. 2” of campaign 5: paused. And 3 more."
    )


def test_the_first_edit_makes_the_first_version(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    made = writer.edit([Edit.of_campaign(campaign(5))], seen=None, by="ada")
    assert (reader.in_force(), content(reader)) == (made.version, [campaign(5)])


def test_an_edit_that_changes_nothing_makes_no_version(writer: DatabaseCatalogueWriter) -> None:
    made = put(writer, campaign(5, 1))
    assert writer.edit([Edit.of_banner(5, banner(1))], seen=1, by="ada") == made
    assert writer.edit([], seen=1, by="ada") == made


def test_an_overtaken_edit_is_refused_with_what_changed(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1, 2))
    writer.edit([Edit.of_banner(5, replace(banner(1), active=False))], seen=1, by="grace")
    with pytest.raises(EditOvertaken, match="nothing was changed") as caught:
        writer.edit([Edit.of_banner(5, banner(1, name="Shoe")), rename(5, "x")], seen=1, by="ada")
    assert caught.value.changes == ("Banner 1 “Banner no. 1” of campaign 5: paused.",)
    assert len(reader.versions()) == 2
    writer.edit([Edit.of_banner(5, banner(2, name="Shoe"))], seen=1, by="ada")
    assert len(reader.versions()) == 3


def test_what_somebody_else_has_added_or_removed_overtakes_an_edit(
    writer: DatabaseCatalogueWriter,
) -> None:
    put(writer, campaign(5, 1))
    writer.edit([Edit.of_campaign(campaign(6)), Edit.without_banner(5, 1)], seen=1, by="grace")
    with pytest.raises(EditOvertaken) as caught:
        writer.edit([rename(6, "Mine"), Edit.of_banner(5, banner(1, name="x"))], seen=1, by="ada")
    assert caught.value.changes == (
        "Campaign 6 “Campaign no. 6” was added.",
        "Banner 1 “Banner no. 1” of campaign 5 was removed.",
    )


def test_of_many_changes_that_overtook_an_edit_the_first_are_told(
    writer: DatabaseCatalogueWriter,
) -> None:
    put(writer, campaign(5, *range(1, 14)))
    paused = [Edit.of_banner(5, replace(banner(each), active=False)) for each in range(1, 14)]
    writer.edit(paused, seen=1, by="grace")
    with pytest.raises(EditOvertaken) as caught:
        writer.edit(paused, seen=1, by="ada")
    assert (len(caught.value.changes), caught.value.changes[-1]) == (11, "… and 3 more.")


def test_what_was_changed_and_changed_back_overtakes_nothing(
    writer: DatabaseCatalogueWriter,
) -> None:
    put(writer, campaign(5, 1))
    writer.edit([rename(5, "x")], seen=1, by="grace")
    writer.undo(2, by="grace")
    assert writer.edit([rename(5, "y")], seen=1, by="ada").version.number == 4


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            Edit.of_banner(9, banner(1)),
            "Campaign 9 is not in the catalogue, and would have a banner",
        ),
        (Edit(5, None, None), "would have 2 banners. Add the campaign first, or take its banners"),
    ],
)
def test_a_banner_without_its_campaign_is_refused(
    writer: DatabaseCatalogueWriter, edit: Edit, told: str
) -> None:
    put(writer, campaign(5, 1, 2))
    with pytest.raises(CatalogueError, match=told):
        writer.edit([edit], seen=1, by="ada")


def test_too_many_banners_of_a_campaign_are_refused(
    writer: DatabaseCatalogueWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banners.catalogue.edits.MOST_OF_CAMPAIGN", 2)
    put(writer, campaign(5, 1, 2))
    with pytest.raises(CatalogueError, match="would have 3 banners; expected at most 2"):
        writer.edit([Edit.of_banner(5, banner(3))], seen=1, by="ada")


def test_an_invalid_value_is_refused(writer: DatabaseCatalogueWriter) -> None:
    put(writer, campaign(5))
    with pytest.raises(InvalidValue, match="not a full address"):
        writer.edit(
            [Edit.of_banner(5, replace(banner(1), landing_url="javascript:1"))], seen=1, by="ada"
        )


def test_a_campaign_without_banners_can_be_removed(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1), campaign(6))
    writer.edit([Edit.without_banner(5, 1), Edit(5, None, None)], seen=1, by="ada")
    assert content(reader) == [campaign(6)]
