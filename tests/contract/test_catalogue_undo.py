"""One suite over every database: undo, rollback and the house campaign."""

from dataclasses import replace

import pytest

from banners.catalogue.versions import Edit
from banners.errors import (
    CatalogueError,
    EditOvertaken,
)
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogue_versions import content, put, rename
from support.catalogues import banner, campaign


def test_an_undo_takes_back_one_version_and_keeps_later_ones(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1, 2))
    writer.edit([Edit.of_banner(5, replace(banner(1), active=False))], seen=1, by="ada")
    writer.edit([rename(5, "Sale")], seen=2, by="ada")
    made = writer.undo(2, by="grace")
    assert content(reader) == [replace(campaign(5, 1, 2), name="Sale")]
    assert made.what == "Undid version 2. Banner 1 “Banner no. 1” of campaign 5: resumed."
    writer.undo(made.version.number, by="grace")
    assert content(reader, 5)[0].banners[0].active is False


def test_an_undo_of_what_was_changed_again_is_refused(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1))
    writer.edit([rename(5, "first")], seen=1, by="ada")
    writer.edit([rename(5, "second")], seen=2, by="ada")
    with pytest.raises(EditOvertaken) as caught:
        writer.undo(2, by="grace")
    assert caught.value.changes == ("Campaign 5 “second”: renamed from “first”.",)
    assert len(reader.versions()) == 3


def test_an_undo_that_would_leave_banners_without_their_campaign_is_refused(
    writer: DatabaseCatalogueWriter,
) -> None:
    writer.edit([Edit.of_campaign(campaign(5))], seen=None, by="ada")
    writer.edit([Edit.of_banner(5, banner(1))], seen=1, by="ada")
    with pytest.raises(CatalogueError, match="Campaign 5 is not in the catalogue, and would have"):
        writer.undo(1, by="ada")


def test_an_import_can_be_undone(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1), campaign(6, 2))
    put(writer, campaign(6, 3), campaign(7))
    writer.undo(2, by="ada")
    assert content(reader) == [campaign(5, 1), campaign(6, 2)]


def test_a_rollback_makes_a_new_version_with_the_old_content(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1))
    put(writer, campaign(6, 2))
    put(writer, campaign(5, 3), campaign(6, 2))
    made = writer.roll_back(1, by="ada")
    assert (made.version.number, content(reader)) == (4, [campaign(5, 1)])
    assert made.what == (
        "Rolled back to version 1: 1 banner added, 1 campaign removed, 2 banners removed."
    )
    assert writer.roll_back(3, by="ada").version.number == 5
    assert content(reader) == content(reader, 3)


def test_a_rollback_to_what_is_in_force_makes_no_version(writer: DatabaseCatalogueWriter) -> None:
    made = put(writer, campaign(5, 1))
    assert writer.roll_back(1, by="ada") == made


def test_the_house_campaign_belongs_to_the_version(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1), campaign(6))
    made = writer.choose_house(5, seen=1, by="ada")
    assert (made.version.house, made.what) == (5, "Campaign 5 is the house campaign now.")
    assert (reader.in_force(), content(reader)) == (made.version, content(reader, 1))
    renamed = writer.edit([rename(6, "Sale")], seen=2, by="ada")
    assert renamed.version.house == 5
    assert writer.roll_back(1, by="ada").version.house is None
    assert writer.roll_back(3, by="ada").version.house == 5
    assert writer.choose_house(None, seen=5, by="ada").version.house is None


def test_the_choice_of_the_house_campaign_can_be_undone(writer: DatabaseCatalogueWriter) -> None:
    put(writer, campaign(5), campaign(6))
    writer.choose_house(5, seen=1, by="ada")
    assert writer.undo(2, by="ada").version.house is None
    writer.choose_house(6, seen=3, by="ada")
    with pytest.raises(EditOvertaken) as caught:
        writer.undo(2, by="ada")
    assert caught.value.changes == ("Campaign 6 is the house campaign now in place of campaign 5.",)


def test_the_house_campaign_that_somebody_else_chose_is_kept(
    writer: DatabaseCatalogueWriter,
) -> None:
    put(writer, campaign(5), campaign(6))
    writer.choose_house(5, seen=1, by="ada")
    with pytest.raises(EditOvertaken, match="Campaign 5 is the house campaign now"):
        writer.choose_house(6, seen=1, by="grace")


def test_a_house_campaign_is_one_of_the_catalogue(writer: DatabaseCatalogueWriter) -> None:
    with pytest.raises(CatalogueError, match="Campaign 7 is not in the catalogue"):
        writer.choose_house(7, seen=None, by="ada")


def test_an_import_keeps_the_house_campaign_while_it_is_there(
    writer: DatabaseCatalogueWriter,
) -> None:
    put(writer, campaign(5), campaign(6))
    writer.choose_house(5, seen=1, by="ada")
    assert put(writer, campaign(5, 1)).version.house == 5
    assert put(writer, campaign(6)).version.house is None


def test_a_campaign_whose_addition_is_undone_is_no_house_campaign(
    writer: DatabaseCatalogueWriter,
) -> None:
    put(writer, campaign(5))
    writer.edit([Edit.of_campaign(campaign(6))], seen=1, by="ada")
    writer.choose_house(6, seen=2, by="ada")
    assert writer.undo(2, by="ada").version.house is None


def test_a_campaign_that_is_removed_is_no_house_campaign_when_it_comes_back(
    writer: DatabaseCatalogueWriter,
) -> None:
    put(writer, campaign(5), campaign(6))
    writer.choose_house(5, seen=1, by="ada")
    removed = writer.edit([Edit(5, None, None)], seen=2, by="ada")
    assert removed.version.house is None
    assert "Campaign 5 is no longer the house campaign." in removed.what
    again = writer.edit([Edit.of_campaign(campaign(5))], seen=3, by="ada")
    assert again.version.house is None


def test_undoing_the_removal_of_the_house_campaign_makes_it_that_again(
    writer: DatabaseCatalogueWriter,
) -> None:
    put(writer, campaign(5), campaign(6))
    writer.choose_house(5, seen=1, by="ada")
    writer.edit([Edit(5, None, None)], seen=2, by="ada")
    assert writer.undo(3, by="ada").version.house == 5


def test_no_undo_makes_a_campaign_that_is_gone_the_house_campaign(
    writer: DatabaseCatalogueWriter,
) -> None:
    put(writer, campaign(5), campaign(6))
    writer.choose_house(5, seen=1, by="ada")
    writer.choose_house(None, seen=2, by="ada")
    writer.edit([Edit(5, None, None)], seen=3, by="ada")
    with pytest.raises(CatalogueError, match="Campaign 5 is not in the catalogue"):
        writer.undo(3, by="ada")
