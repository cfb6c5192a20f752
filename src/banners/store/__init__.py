"""Generations in a SQL database: one writer, and the reader that serves from it."""
