"""Strategies for hypothesis: rows, files and quarters of events."""
