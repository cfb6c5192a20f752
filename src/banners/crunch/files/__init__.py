"""Finds, checks and reads event files."""
