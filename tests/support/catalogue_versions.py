"""Makes and reads versions of the catalogue in a database."""

from datetime import UTC, datetime

from banners.catalogue.versions import Edit, MadeVersion
from banners.core.catalogue import CatalogueCampaign
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogues import campaign

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def put(writer: DatabaseCatalogueWriter, *campaigns: CatalogueCampaign) -> MadeVersion:
    made = writer.replace(campaigns, by="ada", what="Imported")
    assert made is not None
    return made


def content(reader: DatabaseCatalogue, number: int | None = None) -> list[CatalogueCampaign]:
    version = reader.version(number).version if number else reader.in_force()
    assert version is not None
    return list(reader.campaigns(version))


def rename(campaign_id: int, name: str) -> Edit:
    return Edit.of_campaign(campaign(campaign_id, name=name))
