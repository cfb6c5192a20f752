"""Samples with every fault that event files can have."""
