"""Turns event files into the performance and the lineup of every campaign."""
