"""Event files in, the performance and lineup of every campaign out."""
