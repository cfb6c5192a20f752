"""Closes slots: turns the records of a slot's views into its three event files."""
