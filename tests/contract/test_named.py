"""One suite over every database: names of the catalogue in force, for reports and lists."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.engine import Engine

from banners.reports.named import banner_names
from banners.store.read import named
from banners.store.read.reports import DatabaseReports
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogues import campaign


def write(database: Engine, *names: str) -> None:
    """Make a catalogue of campaigns 1, 2 and so on with these names, each with one banner."""
    writer = DatabaseCatalogueWriter(database, now=lambda: datetime.now(UTC), wait_seconds=10)
    campaigns = [campaign(each, each, name=name) for each, name in enumerate(names, start=1)]
    writer.replace(campaigns, by="ada", what="Imported")


def test_without_a_catalogue_nothing_has_a_name(other: Engine) -> None:
    names = DatabaseReports(other).names
    assert (names.campaign(1), names.names([1]), names.matching("sale")) == (None, {}, frozenset())
    assert banner_names(None) == {}


def test_names_are_those_of_the_version_in_force(database: Engine, other: Engine) -> None:
    names = DatabaseReports(other).names
    write(database, "Autumn sale", "Hats")
    assert names.names([1, 2, 3]) == {1: "Autumn sale", 2: "Hats"}
    write(database, "Winter sale")
    assert names.names([1, 2, 3]) == {1: "Winter sale"}
    assert names.campaign(1) == campaign(1, 1, name="Winter sale")
    assert banner_names(names.campaign(1)) == {1: "Banner no. 1"}
    assert names.campaign(2) is None


@pytest.mark.parametrize(
    ("text", "ids"), [("SALE", {1, 3}), ("no. 2", {2}), ("", {1, 2, 3}), ("zebra", set())]
)
def test_a_text_finds_names_in_any_case(
    database: Engine, other: Engine, text: str, ids: set[int]
) -> None:
    write(database, "Autumn sale", "Hats", "Winter sale")
    assert DatabaseReports(other).names.matching(text) == ids


def test_a_search_finds_a_limited_number(
    database: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named, "MOST_MATCHES", 2)
    write(database, "Autumn sale", "Spring sale", "Winter sale")
    assert DatabaseReports(other).names.matching("sale") == {1, 2}
