"""Slow references, written from the documented rules and not from the code."""
