"""Bounds of reported conversions, which the API describes and collecting checks."""

MOST_CONVERSIONS = 1_000
"""Maximum number of conversions in one request."""

LONGEST_OWN_ID = 64
"""Maximum number of characters of a sender's own id of a conversion."""
