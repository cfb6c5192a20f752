"""Simulated visitors for the demo: they look at pages, click and buy by hidden preferences."""
