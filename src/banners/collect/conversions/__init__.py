"""Takes conversions from those who may report them."""
