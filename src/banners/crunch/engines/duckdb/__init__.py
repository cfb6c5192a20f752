"""The engine for one machine: DuckDB, in this process."""
