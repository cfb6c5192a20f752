"""Reads from MySQL or MariaDB."""

from sqlalchemy.engine import URL, Engine

from banners.store.dialects.dialect import Query, Rows


def is_missing(_url: URL) -> bool:
    """Return False: only the server knows."""
    return False


def read(database: Engine, query: Query) -> Rows:
    """Run a query within a transaction, which sees one state of the database."""
    with database.connect() as connection:
        return query(connection)
