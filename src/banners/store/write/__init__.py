"""Everything that writes to the database."""
