"""Reads what is published, through tiers: memory, then Redis, then the database."""
