"""Generations in a SQL database: what writes them, and what reads them."""
