"""Everything that reads from the database."""
