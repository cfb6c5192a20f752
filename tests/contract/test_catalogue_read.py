"""One suite over every database: what is told of the catalogue and its history."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy.engine import Engine

from banners.catalogue.compare import Difference
from banners.catalogue.versions import Edit
from banners.core.model import Quarter
from banners.errors import (
    CatalogueError,
)
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogue_versions import NOON, put, rename
from support.catalogues import banner, campaign
from support.publishing import publish


def test_the_campaigns_that_differ_between_two_versions_are_listed(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    first = put(writer, campaign(4), campaign(5, 1), campaign(6, 2), campaign(7, 3)).version
    put(writer, campaign(4), campaign(5, 1, 9), campaign(7, 3), campaign(8))
    third = put(writer, campaign(4), campaign(5, 1), campaign(7, 9), campaign(8)).version
    changed = reader.changed(first, third)
    assert changed is not None
    found = dict(changed)
    assert found == {5: campaign(5, 1), 6: None, 7: campaign(7, 9), 8: campaign(8)}
    back = reader.changed(third, first)
    assert back is not None
    assert dict(back) == {5: campaign(5, 1), 6: campaign(6, 2), 7: campaign(7, 3), 8: None}
    assert list(reader.differences(first, third)) == [
        Difference(6, None, campaign(6), None),
        Difference(6, 2, banner(2), None),
        Difference(7, 3, banner(3), None),
        Difference(7, 9, None, banner(9)),
        Difference(8, None, None, campaign(8)),
    ]


def test_since_when_campaigns_are_paused_does_not_depend_on_other_changes(
    database: Engine, reader: DatabaseCatalogue
) -> None:
    minutes = count()
    later = lambda: NOON + timedelta(minutes=next(minutes))  # noqa: E731
    writer = DatabaseCatalogueWriter(database, now=later, wait_seconds=10)
    on, late = campaign(1, 10), replace(campaign(3, 30), active=False)
    seen = put(writer, on, campaign(2, 20)).version.number
    paused = replace(on, active=False)
    made = []
    for edit in (
        Edit.of_campaign(paused),
        Edit.of_campaign(replace(paused, name="Renamed")),
        Edit.of_campaign(replace(late, banners=())),
    ):
        seen = writer.edit([edit], seen=seen, by="a test").version.number
        version = reader.in_force()
        assert version is not None
        made.append(version)
    since = [int(datetime.fromisoformat(each.stamp).timestamp()) for each in made]
    assert reader.paused(made[0]) == {1: since[0]}
    assert reader.paused(made[1]) == {1: since[0]}
    assert reader.paused(made[2]) == {1: since[0], 3: since[2]}


def test_the_banners_whose_image_was_uploaded_are_those_of_the_version(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    uploaded = replace(banner(11), image="ab" * 32)
    first = put(writer, replace(campaign(1, 10), banners=(banner(10), uploaded))).version
    edit = Edit.of_banner(1, replace(banner(10), image="cd" * 32))
    second = writer.edit([edit], seen=first.number, by="a test").version
    assert reader.with_uploads(first) == {11}
    assert reader.with_uploads(second) == {10, 11}


def test_differences_from_a_version_of_another_database_are_unknown(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    version = put(writer, campaign(5)).version
    assert reader.changed(replace(version, stamp="another"), version) is None
    assert reader.changed(replace(version, number=99), version) is None


def test_campaigns_and_their_names_are_looked_up(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    old = put(writer, campaign(5, 1), campaign(6)).version
    new = writer.edit([rename(5, "Sale")], seen=1, by="ada").version
    assert reader.campaign(old, 5) == campaign(5, 1)
    assert reader.campaign(new, 5) == replace(campaign(5, 1), name="Sale")
    assert reader.campaign(new, 99) is None
    assert reader.names(new, [6, 5, 99]) == {5: "Sale", 6: "Campaign no. 6"}
    assert reader.names(new, []) == {}
    assert reader.campaigns_among(old, [5, 6, 99]) == {5: campaign(5, 1), 6: campaign(6)}


def test_free_ids_are_larger_than_all_that_were_ever_used(
    database: Engine, writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(7, 30), campaign(8, 40))
    put(writer, campaign(7, 30))
    assert reader.free_ids() == (9, 41)
    with pytest.raises(CatalogueError, match=f"{10**18 - 1}, which is the largest, is in use"):
        publish(database, 100, Quarter.FIRST)
        reader.free_ids()


def test_free_ids_are_larger_than_those_of_live_generations(
    database: Engine, writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    publish(database, 100, Quarter.FIRST)
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM candidates WHERE campaign_id > 10")
    put(writer, campaign(1, 2))
    assert reader.free_ids() == (7, 103)


def test_what_versions_changed_of_a_campaign_is_its_history(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    first = put(writer, campaign(5, 1), campaign(6))
    writer.edit([rename(6, "other")], seen=1, by="ada")
    third = writer.edit([Edit.of_banner(5, banner(2))], seen=2, by="grace")
    fourth = writer.edit([rename(5, "Sale"), Edit.without_banner(5, 1)], seen=3, by="ada")
    third, first = (replace(each, in_force=False) for each in (third, first))
    changes = reader.history(5)
    assert [change.made for change in changes] == [fourth, third, first]
    assert [change.differences for change in changes] == [
        (
            Difference(5, None, campaign(5), campaign(5, name="Sale")),
            Difference(5, 1, banner(1), None),
        ),
        (Difference(5, 2, None, banner(2)),),
        (Difference(5, None, None, campaign(5)), Difference(5, 1, None, banner(1))),
    ]
    assert [change.made for change in reader.history(5, most=1)] == [fourth]


def test_versions_are_listed_in_parts(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    for number in range(1, 5):
        put(writer, campaign(number))
    found = [each.version.number for each in reader.versions(first=1, most=2)]
    assert found == [3, 2]


def test_who_made_a_version_is_kept_as_one_short_line(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    made = writer.replace([campaign(5)], by="a\x1b[31m" + "x" * 200, what="Im\nported")
    assert made is not None
    assert made.by == "a\\x1b[31m" + "x" * 91
    assert made.what == "Im\\nported: 1 campaign added."
    assert reader.versions() == [made]
